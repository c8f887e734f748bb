"""Simulated people: how they judge, and how they walk the real pages."""
