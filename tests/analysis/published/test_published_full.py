"""A full-size synthetic file of the ImageNet schema, against loops over its rows."""

import json
import re
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.analysis.published_rows import (
    AIS,
    JUDGED,
    METHOD_KEYS,
    METHODS,
    TEAM_KEYS,
    Row,
    pool_rows,
    rows,
    run,
    tidy,
    write,
)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], list[Row], Path]:
    """A file of the ImageNet schema with 360 participants, a pool, and the folder."""
    folder = tmp_path_factory.mktemp("full")
    table, pool = rows("ImageNet", n_each=60, seed=5), pool_rows(2500, seed=6)
    write(folder / "responses.csv", table)
    write(folder / "pool.csv", pool)
    arguments = ("--exclude", "balanced_accuracy<=55", "--exclude-id", 6_000_000)
    run(folder / "out", folder / "responses.csv", "--pool", folder / "pool.csv", *arguments)
    return table, pool, folder / "out"


def flag(row: Row, column: str) -> bool:
    return row[column] == 1


def percent(values: list[bool]) -> float:
    return 100 * fmean(values)


def split(trials: list[Row]) -> tuple[list[bool], list[bool]]:
    """Return the correctness of trials where the AI is wrong, and where it is right."""
    wrong, right = (
        [flag(t, "Correctness") for t in trials if flag(t, "ClassifierCorrectness") is kind]
        for kind in (False, True)
    )
    return wrong, right


def by_person(table: list[Row], method: str) -> dict[object, list[Row]]:
    mine = [row for row in table if row["Method"] == method]
    people = {row["UID"]: [item for item in mine if item["UID"] == row["UID"]] for row in mine}
    balanced = {uid: fmean(map(percent, split(trials))) for uid, trials in people.items()}
    return {u: t for u, t in people.items() if balanced[u] > 55 + 1e-9 and u != 6_000_000}


@pytest.mark.parametrize("method", METHODS)
def test_a_full_imagenet_file_is_analysed_as_a_loop_does(method: str, full: Any) -> None:
    table, _, out = full
    ours = json.loads((out / "results.json").read_text())["methods"][method]
    people = by_person(table, method)
    halves = [split(trials) for trials in people.values()]
    wrong, right = [h for each, _ in halves for h in each], [h for _, each in halves for h in each]
    expected = {
        "n_users_raw": 60,
        "n_users": len(people),
        "accuracy_mean": fmean(percent(w + r) for w, r in halves),
        "balanced_accuracy_mean": fmean(fmean([percent(w), percent(r)]) for w, r in halves),
        "accuracy_ai_wrong_mean": fmean(percent(w) for w, _ in halves),
        "over_reliance": 100 - percent(wrong),
        "under_reliance": 100 - percent(right),
        "n_accepted": wrong.count(False) + right.count(True),
    }
    assert {key: ours[key] for key in expected} == pytest.approx(expected)
    assert (set(ours), set(ours["team"])) == (METHOD_KEYS, TEAM_KEYS | {"complementarity"})


@pytest.mark.parametrize("method", METHODS)
def test_difficulty_of_a_full_file_is_that_of_a_loop(method: str, full: Any) -> None:
    table, _, out = full
    ours = json.loads((out / "results.json").read_text())["methods"][method]
    people = by_person(table, method).values()
    for level in ("Easy", "Medium", "Hard"):
        parts = [split([t for t in trials if t["DifficultyLevel"] == level]) for trials in people]
        cells = [percent(cell) for part in parts for cell in part if cell]
        assert ours["accuracy_by_difficulty"][level] == pytest.approx(fmean(cells))


@pytest.mark.parametrize("method", METHODS)
def test_the_team_of_a_full_file_is_that_of_a_loop(method: str, full: Any) -> None:
    table, pool, out = full
    ours = json.loads((out / "results.json").read_text())["methods"][method]["team"]
    ai = AIS[JUDGED[method]].lower()
    hundredths = [round(100 * float(str(row[f"{ai}_conf"]))) for row in pool]
    right = [flag(row, f"{ai}_correct") for row in pool]
    t = round(100 * ours["threshold"])
    above = [y for y, c in zip(right, hundredths, strict=True) if c >= t]
    trials = [item for person in by_person(table, method).values() for item in person]
    rest = [x for x in trials if round(100 * float(str(x["ConfidenceScore"]))) < t]
    human = percent([flag(x, "Correctness") for x in rest])
    share = len(above) / len(pool)
    assert ours["team"] == pytest.approx(share * percent(above) + (1 - share) * human)


def test_every_table_says_n_and_is_there_with_and_without_exclusions(full: Any) -> None:
    _, _, out = full
    for name in ("accuracy", "cells", "difficulty", "tests", "times", "team", "team_curve"):
        table = tidy(out / f"{name}.csv")
        assert {row["sample"] for row in table} == {"all", "kept"}, name
        assert {"n_participants", "n_a"} & set(table[0]), name
    people = tidy(out / "participants.csv")
    excluded = [row["excluded_by"] for row in people if row["excluded_by"]]
    assert len(people) == 360
    assert "named" in set(excluded[0].split("; "))


def test_no_id_of_the_file_is_in_any_output(full: Any) -> None:
    table, _, out = full
    words = set(re.findall(r"\w+", "".join(path.read_text() for path in out.iterdir())))
    assert not words & {str(row["UID"]) for row in table}
