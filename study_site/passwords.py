"""What a password of the staff needs besides its length."""

from __future__ import annotations

from django.core.exceptions import ValidationError

LEAST = 5


class DistinctCharacters:
    """Refuses a password of a few characters over and over, such as ``aaaaaaaa``."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ``ValidationError`` for too few different characters."""
        n = len(set(password))
        if n < LEAST:
            raise ValidationError(
                f"The password has {n} different characters; it needs at least {LEAST}.",
                code="password_too_uniform",
            )

    def get_help_text(self) -> str:
        """Say what is expected."""
        return f"Your password must have at least {LEAST} different characters."
