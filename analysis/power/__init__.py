"""Sample size by simulation: simulated studies get the tests of the real study. Pure."""
