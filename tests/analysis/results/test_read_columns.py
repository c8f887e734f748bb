"""The results page reads only what its tables use, and its tables are the same."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from pandas.testing import assert_frame_equal

from analysis.codebook.codebook import RESPONSES, Columns
from analysis.results import study_tables as page
from analysis.rows.frame import StudyRows
from analysis.rows.lookups import columns_with_values
from analysis.stats.analysis_sets import READ
from analysis.tables.tidy import frame_of
from tests.analysis.people import person, study_of_four
from tests.factories import make_plan
from tests.trials.test_ready_made import played
from trials.models import Study
from trials.study.plan import StudyPlan

MASKED = {"name": "grid", "classifier": "chm-corr", "view": "interactive"}


def read_of(plan: StudyPlan) -> Columns:
    """Return the columns that the page reads of a study."""
    return columns_with_values(plan, [column for column in RESPONSES if column.name in READ])


def names_of(plan: StudyPlan) -> set[str]:
    """Return the names of the columns that the page reads of a study."""
    return {column.name for column in read_of(plan)}


def peak_of(work: Callable[[], object]) -> int:
    """Return the most bytes that Python and NumPy hold for some work at once."""
    tracemalloc.start()
    try:
        result = work()
        return tracemalloc.get_traced_memory()[1] if result is not None else 0
    finally:
        tracemalloc.stop()


def cells(columns: Columns, row: int) -> tuple[object, ...]:
    """Return a row of values such as the database gives."""
    values: dict[str, object] = {
        "string": f"text {row % 50}", "integer": 1000 + row, "number": row / 7,
        "boolean": row % 2 == 0, "datetime": datetime(2026, 3, 1, 9, row % 60, tzinfo=UTC),
    }  # fmt: skip
    return tuple(values[column.type] for column in columns)


@pytest.mark.django_db
@pytest.mark.one_database
@pytest.mark.parametrize("name", ["judge-advisor", "crossover", "choose", "short"])
def test_the_tables_are_those_of_all_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, tables = played(name)
    monkeypatch.setattr(page, "columns_with_values", lambda *_: RESPONSES)
    expected = page.study_tables(Study.objects.get(), is_simulated=True)
    assert list(tables) == list(expected)
    for each, table in expected.items():
        assert_frame_equal(tables[each], table)


def test_a_study_of_yes_and_no_reads_less_than_half_of_the_columns() -> None:
    assert 2 * len(read_of(make_plan())) < len(RESPONSES)


@pytest.mark.django_db
def test_the_query_joins_no_table_of_a_column_that_is_not_read(
    django_assert_num_queries: Callable[..., object],
) -> None:
    study = study_of_four()
    person(study, "kNN", "1", "0")
    with django_assert_num_queries(2) as asked:  # type: ignore[attr-defined]
        assert list(StudyRows(study).responses(read_of(study.plan)))
    assert "interaction" not in asked.captured_queries[-1]["sql"]
    assert "priorknowledge" not in asked.captured_queries[-1]["sql"]


def test_columns_that_a_study_has_are_read() -> None:
    plain = names_of(make_plan())
    asked = make_plan(task={"first": True, "confidence": {"levels": 5}})
    masked = make_plan(conditions=[MASKED])
    assert {"mask", "shown_label"} <= names_of(masked) - plain
    assert {"confidence", "first_confidence", "first_answer"} <= names_of(asked) - plain
    assert "prior_knowledge" in names_of(make_plan(trial={"has_prior_knowledge": True})) - plain


def test_an_answer_of_the_page_takes_half_of_the_memory_of_an_exported_one() -> None:
    of_page, of_file = (
        peak_of(partial(frame_of, columns, [cells(columns, row) for row in range(4_000)]))
        for columns in (read_of(make_plan()), RESPONSES)
    )
    assert of_page < 0.5 * of_file
