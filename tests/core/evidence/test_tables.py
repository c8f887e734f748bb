"""Tables of predictions and scores: every wrong row is refused by its line."""

from __future__ import annotations

import pytest

from classifiers.core.evidence import tables
from classifiers.core.evidence.tables import predictions_read, scores_read
from tests.core.evidence.outside import known, photo, predicted

HEAD = "image,label,confidence,n_votes,n_voters"
ONE = photo(0).source
ROWS = {
    "no.jpg,jay,0.5,,": "not in the dataset",
    f"{photo(0, 'gallery').source},jay,0.5,,": "a gallery photo",
    f"{ONE},eagle,0.5,,": "label is 'eagle'",
    f"{ONE},dull,0.5,,": "a label that one category alone has",
    f"{ONE},jay,1.5,,": "confidence is '1.5'",
    f"{ONE},jay,nan,,": "confidence is 'nan'",
    f"{ONE},jay,-0,": "4 cells; expected 5",
    f"{ONE},jay,50%,,": "confidence is '50%'",
    f"{ONE},jay,1e999,,": "confidence is '1e999'",
    f"{ONE},jay,0.5,3,": "whole numbers",
    f"{ONE},jay,0.5,3,2": "at most as many votes",
    f"{ONE},jay,0.5,0,0": "whole numbers",
    f"{ONE},jay,0.9,1,2": "expected the share of the votes",
    f"{ONE},jay,0.5,,,": "6 cells",
    f'{ONE},"jay,0.5,,': "no CSV",
    f"{ONE}\0,jay,0.5,,": "not in the dataset",
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_a_wrong_row_is_refused_by_its_line(row: str) -> None:
    found = predictions_read(f"{HEAD}\n{photo(1).source},wren,0.5,,\n{row}\n".encode(), known())
    assert [each.line for each in found.refused] == [3]
    assert ROWS[row] in found.refused[0].reason
    assert list(found.rows) == [photo(1).sha256]


def test_a_photo_by_path_and_by_sha256_is_the_same_photo() -> None:
    content = f"{HEAD}\n{ONE},jay,0.5,,\n{photo(0).sha256},jay,0.5,,\n"
    found = predictions_read(content.encode(), known())
    assert "again, as in line 2" in found.refused[0].reason


def test_confidences_are_all_there_or_all_empty() -> None:
    some = f"image,label,confidence\n{ONE},Blue jay,\n{photo(1).source},jay,"
    assert predictions_read(some.encode(), known()).refused == []
    assert predictions_read((some + "0.5").encode(), known()).refused[0].line == 2


@pytest.mark.parametrize(
    "content", [b"", b"image,label\n", b"image,label,confidence,truth\n", b"image,image,label\n",
                b"image,label,confidence\n", b"\xff\xfe"],
)  # fmt: skip
def test_a_table_without_its_columns_or_rows_is_refused_in_line_1(content: bytes) -> None:
    found = predictions_read(content, known())
    assert ([each.line for each in found.refused], found.rows) == ([1], {})


def test_scores_are_kept_by_photo_and_category_and_wrong_ones_refused() -> None:
    rows = [f"{ONE},Blue jay,0.7", f"{ONE},wren,-2", f"{ONE},jay,0.1", f"{ONE},wren,inf",
            f"{photo(1).source},jay,1", "no.jpg,jay,1", f"{ONE},eagle,1"]  # fmt: skip
    content = "image,label,score\n" + "\n".join(rows)
    found = scores_read(content.encode(), known(), predicted(1))
    assert found.scores == {photo(0).sha256: {"jay": 0.7, "wren": -2.0}}
    assert [each.line for each in found.refused] == [4, 5, 6, 7, 8]
    assert "without a row in predictions.csv" in found.refused[2].reason


def test_a_table_with_too_many_rows_is_refused_where_they_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "MAX_SCORES", 1)
    content = f"image,label,score\n\n{ONE},jay,0.5\n".encode()
    found = tables.scores_read(content, known(), predicted(1))
    assert (found.scores, [each.line for each in found.refused]) == ({}, [3])
    assert found.refused[0].reason == "more than 1 rows; expected at most so many"
