"""What a participant is called in files, on the researchers' pages and in the log."""

from __future__ import annotations


def pseudonym(is_simulated: bool, number: int) -> str:
    """Return ``p0012`` for a person and ``r0012`` for a robot."""
    return f"{'r' if is_simulated else 'p'}{number:04d}"
