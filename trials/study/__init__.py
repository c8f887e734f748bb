"""The study document, its plan, and what is drawn from it. Pure: no Django models."""
