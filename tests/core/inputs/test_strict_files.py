"""Tables and JSON: nothing is cut off, nothing wins in silence."""

from __future__ import annotations

import pytest

from classifiers.core.inputs.strict_files import CsvRefused, csv_rows, json_read


def rows(text: str, **options: bool) -> list[tuple[int, dict[str, str]]]:
    return list(csv_rows(text.splitlines(keepends=True), ("a", "b"), **options))


def test_rows_come_with_their_lines() -> None:
    found = rows('a,b\n1,"x\ny"\n\n2,"x, y"\n')
    assert found == [(3, {"a": "1", "b": "x\ny"}), (5, {"a": "2", "b": "x, y"})]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n1,2,3\n", r"line 3 has 3 cells, the first line 2; surplus: \['3'\]"),
        ("a,b\n1\n", "line 2 has 1 cells; expected 2"),
        ("a;b\n1;2\n", r"columns are \['a;b'\], without a, b.*separated by commas"),
        ("a,b,a\n", "column 'a' occurs twice"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ("", "without a, b"),
    ],
)
def test_a_table_that_was_meant_otherwise_is_refused_by_line(text: str, said: str) -> None:
    with pytest.raises(CsvRefused, match=said):
        rows(text)


def test_short_rows_are_taken_where_they_may_be() -> None:
    assert rows("a,b\n1\n", may_be_short=True) == [(2, {"a": "1", "b": ""})]


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2, "a": 3}', '[{"a": {"b": 1, "b": 1}}]', "[NaN]", "[" * 100_000, "{"]
)
def test_json_that_would_lose_something_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"occurs twice|no number|without end|Expecting"):
        json_read(text)


def test_json_is_what_it_says() -> None:
    assert json_read(b'{"a": [1, {"b": null}], "c": 0.5}') == {"a": [1, {"b": None}], "c": 0.5}
