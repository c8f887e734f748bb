"""Convolutional Hough matching: CHM-Corr, its learner and the training of it."""
