"""What is wrong with the answers to a page of questions. Pure: no Django, no models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from trials.study.plan import QuestionPlan

MAX_LENGTH = 5000


def problems(asked: Iterable[QuestionPlan], given: Mapping[str, str]) -> dict[str, str]:
    """Return for each question that is not answered well what to do, in a person's words."""
    found = {each.name: _problem(each, given.get(each.name, "").strip()) for each in asked}
    return {name: words for name, words in found.items() if words}


def _problem(question: QuestionPlan, value: str) -> str:
    if not value:
        return "Please answer this question." if question.is_required else ""
    if question.answer == "number" and not _is_number(value):
        return f"“{value[:40]}” is no number. Please write digits, such as 42 or 3.5."
    if question.answer == "choice" and not _is_among(value, question.choices):
        return "Please choose one of the answers."
    if len(value) > MAX_LENGTH:
        return f"This has {len(value):,} characters; please use at most {MAX_LENGTH:,}."
    return ""


def _is_among(value: str, choices: Iterable[str]) -> bool:
    """Whether a browser chose one of them; how blanks and lines end is the browser's affair."""
    return value.split() in [each.split() for each in choices]


def _is_number(value: str) -> bool:
    try:
        return value.isascii() and math.isfinite(float(value))
    except ValueError:
        return False
