"""The catalogues of participants' texts: a .po and a .mo file for each language, and their tools.

``manage.py catalogues`` brings the .po files up to date with the sources and compiles them. It
needs Python only; programs for translators (Poedit, Weblate) edit the same .po files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.utils.translation import to_locale

FOLDER: Final = Path(__file__).parent


def file_of(language: str, ending: str = "po") -> Path:
    """Return the path of a language's catalogue, by its BCP 47 tag."""
    return FOLDER / to_locale(language.lower()) / "LC_MESSAGES" / f"django.{ending}"
