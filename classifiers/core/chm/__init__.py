"""Convolutional Hough matching: CHM-Corr, its learner and the learner's training."""
