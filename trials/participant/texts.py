"""Researchers' own words as safe HTML: paragraphs, lists, bold, and the study's numbers.

Everything is escaped: no content of a text or a name can become markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from trials.participant.languages import name_shown
from trials.study.plan import StudyPlan

Values = Mapping[str, object]

_TOKEN = re.compile(r"\*\*(?P<bold>.+?)\*\*|\{(?P<name>\w+)\}")
_EMPTY_LINE = re.compile(r"\n\s*\n")


def placeholders(plan: StudyPlan, persona: str) -> dict[str, object]:
    """Return the values of a text's ``{words}``; a missing stage has 0 photos."""
    return {
        "persona": name_shown(persona),
        "minutes": plan.minutes,
        "n_training": plan.training.n if plan.training else 0,
        "n_validation": plan.validation.n if plan.validation else 0,
        "pass_mark": plan.validation.pass_mark if plan.validation else 0,
        "n_test": plan.n_test,
    }


def render(text: str, values: Values) -> SafeString:
    """Return HTML of a text.

    Empty lines separate paragraphs, lines that begin with ``- `` are a list, ``**bold**`` is bold,
    ``{name}`` is replaced by its value; an unknown name is shown as it is written.
    """
    blocks = _EMPTY_LINE.split(text.replace("\r\n", "\n").strip())
    return _joined("\n", (part for block in blocks for part in _block(block, values)))


def _block(block: str, values: Values) -> Iterator[SafeString]:
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    for is_list, group in groupby(lines, key=lambda line: line.startswith("- ")):
        if is_list:
            items = ((inline(line[2:].strip(), values),) for line in group)
            yield format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", items))
        else:
            lines_of_it = (inline(line, values) for line in group)
            yield format_html("<p>{}</p>", _joined(SafeString("<br>"), lines_of_it))


def inline(text: str, values: Values) -> SafeString:
    """Return HTML of a sentence: bold and values as in ``render``, without paragraphs."""
    return _joined("", _pieces(text, values))


def _pieces(text: str, values: Values) -> Iterator[object]:
    """Yield the text in one pass, so that a value that looks like markup stays a value."""
    end = 0
    for found in _TOKEN.finditer(text):
        yield text[end : found.start()]
        if found["bold"]:
            yield format_html("<strong>{}</strong>", inline(found["bold"], values))
        else:
            yield values.get(found["name"], found[0])
        end = found.end()
    yield text[end:]


def _joined(separator: str, parts: Iterator[object]) -> SafeString:
    return format_html_join(separator, "{}", ((part,) for part in parts))
