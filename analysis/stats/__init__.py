"""Estimators, intervals and tests: arrays in, numbers out. Pure NumPy, SciPy and pandas."""
