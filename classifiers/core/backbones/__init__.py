"""Networks, their weights, and the recognition of weights files."""
