"""Environment variables, each read with a check that names the variable."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured


def env_bool(name: str, default: bool) -> bool:
    """Read a yes/no variable; anything that is neither is refused by name."""
    text = os.environ.get(name, str(default)).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name}={text!r}: expected one of true, false, yes, no, 1, 0.")


def env_count(name: str, default: int) -> int:
    """Read a whole number from 0; anything else is refused by name."""
    text = os.environ.get(name, str(default)).strip()
    if text.isascii() and text.isdecimal():
        return int(text)
    raise ImproperlyConfigured(f"{name}={text!r}: expected a whole number from 0.")


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """Read one of some words; the first is the default, and any other word is refused by name."""
    text = os.environ.get(name, choices[0]).strip().lower()
    if text in choices:
        return text
    raise ImproperlyConfigured(f"{name}={text!r}: expected one of {', '.join(choices)}.")


def env_list(name: str, default: str = "") -> list[str]:
    """Read a comma-separated variable."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]
