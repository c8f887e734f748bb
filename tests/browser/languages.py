"""What a page in another language than English shows."""

from __future__ import annotations

import re

from trials.study.design import Kind

# The direction of a language, its number with a percent sign, and a question without article.
LANGUAGES = {
    "de": ("ltr", r"\d+\u00a0%", r"Zeigt das Foto \w+ tree\?"),
    "ar": ("rtl", r"\d+\u200e?%\u200e?", r"هل هذه \u2068\w+ tree\u2069؟"),
}


LOOK = """
const text = selector => (document.querySelector(selector) || {}).textContent || "";
return [document.documentElement.lang, getComputedStyle(document.body).direction,
        text(".statement__percent"), text(".answer__question")];
"""


def check_language(shown: list[str], language: str, kind: str) -> None:
    """Compare what ``LOOK`` sees on a page with what the language wants."""
    direction, percent, question = LANGUAGES[language]
    assert shown[:2] == [language, direction]
    if kind == Kind.TRIAL:
        assert re.fullmatch(percent, shown[2])
        assert re.fullmatch(question, shown[3])
