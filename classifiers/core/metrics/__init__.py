"""How good a classifier is: accuracy, calibration, multi-label truth."""
