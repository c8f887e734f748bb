"""Answers to a study's own questions, over all arms together, for the results page.

Arms are combined, so that a blinded page can show the answers. Free text is only counted; a results
bundle can include it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from analysis.results.cells import Sheet, number
from analysis.results.sheets import Panel
from analysis.rows.collected import CollectedRows
from trials.study.plan import QuestionPlan

TITLE = "Answers to the study's questions"
COLUMNS = ["Question", "Answer", "People"]
Given = dict[tuple[str, str], list[Any]]


def answers_panels(rows: CollectedRows) -> list[Panel]:
    """Return a table of the answers, one row per choice or question; empty without questions.

    ``rows`` must include free text, which is counted but not shown.
    """
    asked = rows.questions()
    if not asked:
        return []
    given: Given = {}
    for _, page, name, _, answer, amount, _ in rows.answers():
        said = answer if amount is None else amount
        given.setdefault((str(page), str(name)), []).append(said)
    caption = "Participants of all conditions and of every status who answered"
    cells = [
        row for place, question in asked.items() for row in _rows_of(question, given.get(place, []))
    ]
    return [Panel(TITLE, Sheet(caption, COLUMNS, cells))]


def _rows_of(question: QuestionPlan, given: Sequence[Any]) -> Iterator[list[str]]:
    """Yield a question's rows: its choices, or a summary of its numbers or texts."""
    words = question.text.strip() or question.name
    if question.answer == "choice":
        n = Counter(given)
        for choice in question.choices:
            yield [words, choice, str(n[choice])]
        return
    said = "–"
    if given and question.answer == "number":
        said = f"median {number(median(given))} ({number(min(given))} to {number(max(given))})"
    elif given:
        said = "free text: in a results bundle that includes it"
    yield [words, said, str(len(given))]
