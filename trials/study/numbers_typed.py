"""Numbers as people type them: digits of any script, a decimal point or a comma.

Pure. Phones offer only a comma or only a point, by the person's country.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from trials.study.messages import ToPerson, marked

_SIGNS: Final = {"−": "-", "－": "-", "＋": "+", "，": ",", "٫": ",", "．": "."}
_NUMBER: Final = re.compile(r"([-+]?)([0-9]{0,30})(?:[.,]([0-9]{0,30}))?")


class NoNumber(ToPerson):
    """The text is not a number, or is ambiguous; the message tells the person what to do."""


def number_read(typed: str) -> str:
    """Return a typed number in canonical form: digits, a point, no superfluous zeros.

    Raises ``NoNumber``. ``1,234`` is refused too: it means 1234 in some countries and 1.234 in
    others.
    """
    match = _NUMBER.fullmatch("".join(map(_plain, typed.strip())))
    sign, whole, decimals = match.groups(default="") if match else ("", "", "")
    if not whole + decimals:
        raise NoNumber(
            marked("“%(typed)s” is no number. Please write digits, such as 42 or 3.5."),
            typed=typed[:40],
        )
    if len(decimals) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0":
        raise NoNumber(
            marked(
                "“%(typed)s” can be read as %(large)s or as %(small)s. Please write %(whole)s, or "
                "%(decimal)s."
            ),
            typed=typed,
            large=f"{whole}{decimals}",
            small=f"{whole}.{decimals}",
            whole=f"{sign}{whole}{decimals}",
            decimal=f"{sign}{whole}.{decimals}0",
        )
    text = whole.lstrip("0") or "0"
    if decimals := decimals.rstrip("0"):
        text = f"{text}.{decimals}"
    return f"-{text}" if sign == "-" and text != "0" else text


def _plain(character: str) -> str:
    """Return a digit of any script, or a sign of any width, as ASCII."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return _SIGNS.get(character, character)
