"""The project's own attacks: what must stay impossible, whoever tries."""
