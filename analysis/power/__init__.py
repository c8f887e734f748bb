"""Sample size: simulated studies, tested as the real one will be. Pure."""
