"""Networks, their weights, and how a weights file is recognised."""
