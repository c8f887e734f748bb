"""What is odd in a file is said, and nothing is said of a file in order."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pandas import DataFrame

from analysis.published.checks import stage_times
from analysis.published.responses import Published, read_responses
from tests.analysis.published_rows import Row, rows, write

Spoil = Callable[[list[Row]], None]


def read(tmp_path: Path, table: list[Row]) -> Published:
    return read_responses(write(tmp_path / "r.csv", table), b"salt")


def test_a_file_in_order_is_left_without_a_word(tmp_path: Path) -> None:
    assert read(tmp_path, rows("ImageNet")).oddities == ()


def relabel(table: list[Row]) -> None:
    for row in table[:4]:
        row["DifficultyLevel"] = "hard"


def doubt(table: list[Row]) -> None:
    table[0]["ResNet-Conf"] = 2


def contradict(table: list[Row]) -> None:
    for row in table[:5]:
        row["ClassifierCorrectness"] = 1 - int(str(row["ClassifierCorrectness"]))
        row["DifficultyLevel"] = {"Easy": "Hard", "Hard": "Easy"}.get(
            str(row["DifficultyLevel"]), "Medium"
        )


def garble(table: list[Row]) -> None:
    for row in table:
        row["Real GTs"] = "['wren', "
        row["ClassifierCorrectness"] = 0
        row["DifficultyLevel"] = "Medium"
        row["ConfidenceScore"] = row["ResNet-Conf"] = row["KNN-Conf"] = 0.5
        row["EMD-Conf"] = row["CHM-Conf"] = 0.5
        row["ResNet-Prediction"] = row["KNN-Prediction"] = "wren"
        row["EMD-Prediction"] = row["CHM-Prediction"] = "wren"


def inflate(table: list[Row]) -> None:
    for row in table[:60]:
        row["User Accuracy"] = 0.99


def repeat(table: list[Row]) -> None:
    table[1]["Query"] = table[2]["Query"] = table[0]["Query"]


def shorten(table: list[Row]) -> None:
    del table[29]
    n_right = sum(int(str(row["Correctness"])) for row in table[:29])
    for row in table[:29]:
        row["User Accuracy"] = n_right / 29


@pytest.mark.parametrize(
    ("spoil", "words", "n", "done"),
    [
        (relabel, "DifficultyLevel does not follow", 4, "They are computed again"),
        (doubt, "ConfidenceScore is not", 1, "ConfidenceScore is used"),
        (contradict, "ClassifierCorrectness does not follow", 5, "ClassifierCorrectness is used"),
        (inflate, "stored accuracy is not that", 2, "They are computed again"),
        (repeat, "second answer to the same photo", 2, "Counted without a change"),
        (shorten, "number of trials is not the usual 30", 1, "Counted without a change"),
    ],
)
def test_an_oddity_is_said_with_its_number(
    spoil: Spoil, words: str, n: int, done: str, tmp_path: Path
) -> None:
    table = rows("ImageNet")
    spoil(table)
    (oddity,) = read(tmp_path, table).oddities
    assert words in oddity.what
    assert (oddity.n_affected, done in oddity.done) == (n, True)


def test_a_list_of_labels_that_cannot_be_read_is_one_label(tmp_path: Path) -> None:
    table = rows("ImageNet")
    garble(table)
    assert read(tmp_path, table).oddities == ()


def test_a_computed_difficulty_takes_the_place_of_a_stored_one(tmp_path: Path) -> None:
    expected = [row["DifficultyLevel"] for row in rows("ImageNet")]
    table = rows("ImageNet")
    relabel(table)
    assert read(tmp_path, table).responses["difficulty"].tolist() == expected


def test_trial_sets_that_nobody_judged_are_named(tmp_path: Path) -> None:
    table = rows("ImageNet", n_each=8)
    kept = [r for r in table if r["Method"] == "kNN" or r["Counter balance"] == 1]
    (oddity,) = read(tmp_path, kept).oddities
    assert oddity.n_affected == 35
    assert "ResNet-50 2, ResNet-50 3, " in oddity.what
    assert oddity.what.endswith(", ....")


def test_votes_of_an_ai_that_nobody_saw_are_mended_by_their_size(tmp_path: Path) -> None:
    table = [row for row in rows("CUB") if row["Method"] == "ResNet-50"]
    assert len(read(tmp_path, table).oddities) == 3
    for row in table:
        row["KNN-Conf"] = 0.5
    assert len(read(tmp_path, table).oddities) == 2


def sessions(ratios: list[float]) -> DataFrame:
    ends = [100_000 + 1000 * n for n in range(len(ratios))]
    others = [end * ratio for end, ratio in zip(ends, ratios, strict=True)]
    columns = {"condition": "kNN", "end_task_ms": ends, "other_rows_ms": others}
    return DataFrame(columns, index=range(len(ratios)))


def test_times_are_averaged_where_the_column_is_the_test_stage() -> None:
    row = stage_times(sessions([1.0, 1.01, 1.004])).iloc[0]
    assert (row["mean_s"], row["sd_s"], row["median_s"], row["reason"]) == (101, 1, 101, "")


def test_times_are_refused_where_the_column_is_another_stage() -> None:
    row = stage_times(sessions([1.99, 1.99, 1.0])).iloc[0]
    assert row[["mean_s", "sd_s", "median_s"]].isna().all()
    assert row["reason"].startswith("for 2 of 3 participants it is the time before the test, for 0")
    assert row["done"].startswith("Refused")


def test_a_few_other_times_are_left_out() -> None:
    row = stage_times(sessions([2.0, 2.7, *[1.0] * 18])).iloc[0]
    assert (row["n_test_stage"], row["n_other"]) == (18, 2)
    assert row["mean_s"] == pytest.approx(sum(range(102, 120)) / 18)
    assert "for 1 of 20 participants it is the time before the test, for 1 an" in row["reason"]


def test_a_time_of_zero_is_of_no_stage() -> None:
    table = sessions([1.0])
    table["end_task_ms"] = 0
    assert stage_times(table)["n_other"].tolist() == [1]
