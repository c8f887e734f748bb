"""Each result has one place in the page of metrics, with assumptions and cautions."""

import re
from collections import Counter
from pathlib import Path

import pytest

from analysis.codebook.anchors import (
    ANCHORS,
    CHECKS,
    FIGURES,
    TABLE_NAMES,
    anchor_of,
    figure_anchor,
)
from analysis.codebook.interaction_columns import INTERACTION_TABLES
from analysis.codebook.looks_columns import LOOKS_TABLES
from analysis.codebook.table_columns import TABLES
from analysis.codebook.task_columns import TASK_MEASURE_NAMES, TASK_TABLES
from analysis.codebook.team_columns import DEFER_TABLES
from analysis.figures.figure_texts import ALL_NAMES
from analysis.stats.measures import MEASURES

PAGE = (Path(__file__).parents[3] / "docs/metrics.md").read_text(encoding="utf-8")
WRITTEN = Counter(re.findall(r'<a id="([^"]+)"></a>', PAGE))
# The anchors of a section stand above its heading; here they stand below it.
BELOW = re.sub(r'((?:<a id="[^"]+"></a>)+)\n\n(##+ [^\n]*)', r"\2\n\1", PAGE)
SECTIONS = re.split(r"\n(?=##+ )", BELOW)


def test_every_anchor_is_in_the_page_once() -> None:
    assert [name for name in ANCHORS.values() if WRITTEN[name] != 1] == []


def test_every_anchor_of_the_page_is_declared() -> None:
    assert set(WRITTEN) - set(ANCHORS.values()) == {CHECKS}
    assert WRITTEN[CHECKS] == 1


def test_every_table_and_every_measure_has_an_anchor() -> None:
    made = {*TABLES, *TASK_TABLES, *INTERACTION_TABLES, *DEFER_TABLES, *LOOKS_TABLES}
    assert made == set(TABLE_NAMES)
    assert {f"measures.{name}" for name in MEASURES} <= set(ANCHORS)
    assert {f"task_measures.{name}" for name in TASK_MEASURE_NAMES} <= set(ANCHORS)


def test_every_figure_has_an_anchor() -> None:
    assert set(FIGURES) == set(ALL_NAMES)
    assert figure_anchor("accuracy") == "measures-accuracy"


def test_a_key_without_an_anchor_leads_to_its_table() -> None:
    assert anchor_of("times", "median") == "table-times"
    with pytest.raises(KeyError):
        anchor_of("unknown")


@pytest.mark.parametrize("anchor", sorted(set(ANCHORS.values()) - {"interval", "analysed"}))
def test_the_section_of_an_anchor_states_assumptions_and_cautions(anchor: str) -> None:
    (section,) = (text for text in SECTIONS if f'<a id="{anchor}"></a>' in text)
    assert "**Assumptions" in section
    assert re.search(r"(do|what)\s+not\s+(to\s+)?conclude", section, re.IGNORECASE)
