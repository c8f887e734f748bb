"""Whole numbers as options of commands; impossible ones are refused with a message."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """Return a function that reads an option's text as a whole number from ``least`` on."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ArgumentTypeError(f"found {text!r}, expected a whole number from {least} on")
        return number

    return read
