"""Simulated people: how they judge, and how they go through the real pages."""
