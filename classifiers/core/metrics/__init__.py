"""Measures of a classifier: accuracy, calibration, multi-label truth."""
