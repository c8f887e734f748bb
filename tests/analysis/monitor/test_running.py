"""The counts of a running study, against people made by hand and against oracles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from analysis.monitor import summary
from analysis.monitor.summary import Person
from tests.factories import make_plan
from trials.study import script_stages
from trials.study.design import script

SCRIPT = script(make_plan())  # 2 pages, 2x2 training, 1+4 validation, 1+6 test, debrief
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def person(step: int = 0, status: str = "active", **changes: Any) -> Person:
    minutes = changes.pop("minutes", None)
    end = START + timedelta(minutes=minutes) if minutes else None
    known: dict[str, Any] = {"number": 1, "condition": "kNN", "trial_set": 1, "is_held": True}
    return Person(**known | changes, status=status, step=step, consented_at=START, finished_at=end)


def test_a_screen_is_told_by_its_place_and_name() -> None:
    words = [summary.screen_words(SCRIPT, place) for place in (0, 2, 3, 6, 12, 18, 99)]
    assert words == [
        "1 of 19: introduction",
        "3 of 19: training 1",
        "4 of 19: training 1, feedback",
        "7 of 19: before validation",
        "13 of 19: test 1",
        "19 of 19: debrief",
        "19 of 19: debrief",
    ]


def test_every_screen_is_in_one_part() -> None:
    parts = script_stages.stages_of(SCRIPT)
    assert [name for name, _ in parts] == [
        "introduction", "instructions", "training", "validation", "test", "debrief",
    ]  # fmt: skip
    assert [place for _, span in parts for place in span] == list(range(len(SCRIPT)))


def test_who_did_not_complete_is_counted_where_they_stand() -> None:
    people = [
        person(0),
        person(3, is_held=False),
        person(4, "returned"),
        person(11, "failed_validation"),  # what is stored when the last answer fails it
        person(18, "completed"),
    ]
    rows = {item.stage: item for item in summary.drop_out(people, SCRIPT)}
    assert rows["introduction"] == summary.StageCount("introduction", 5, 1, 0, 0)
    assert rows["training"] == summary.StageCount("training", 4, 0, 1, 1)
    assert rows["validation"] == summary.StageCount("validation", 2, 0, 0, 1)
    assert rows["test"] == summary.StageCount("test", 1, 0, 0, 0)
    assert rows["debrief"] == summary.StageCount("debrief", 1, 0, 0, 0)


def test_the_gate_counts_only_those_for_whom_it_is_decided() -> None:
    people = [person(8), person(10, "failed_validation"), person(11), person(18, "completed")]
    found = summary.gate(people, SCRIPT)
    assert (found.n_passed, found.n_failed) == (2, 1)
    assert found.percent == pytest.approx(200 / 3)
    assert summary.gate([person(8)], SCRIPT).percent is None


@pytest.mark.parametrize(
    ("status", "step", "passed"),
    [
        ("active", 10, None),
        ("active", 11, True),
        ("failed_validation", 11, False),
        ("withdrawn", 10, None),
        ("withdrawn", 11, None),  # they may have failed before they withdrew
        ("withdrawn", 12, True),
        ("timed_out", 14, True),
    ],
)
def test_who_passed_is_told_by_the_step_alone(status: str, step: int, passed: bool | None) -> None:
    assert script_stages.validation_end(SCRIPT) == 11
    assert script_stages.has_passed(status, step, 11) is passed
    assert script_stages.has_passed(status, step, None) is None


@pytest.mark.parametrize("minutes", [[7.0], [5.0, 9.0], [3.0, 4.5, 8.0, 30.0, 11.0]])
def test_quartiles_of_the_time_are_numpys(minutes: list[float]) -> None:
    people = [person(18, "completed", minutes=minute) for minute in minutes]
    found = summary.times([*people, person(18, "timed_out", minutes=99)])
    assert found is not None
    expected = np.percentile(minutes, [25, 50, 75])
    assert [found.first, found.median, found.third] == pytest.approx(expected)
    assert found.n == len(minutes)


def test_nobodys_time_is_none() -> None:
    assert summary.times([person()]) is None


@pytest.mark.parametrize(
    ("amount", "currency", "per_hour", "is_too_little"),
    [(1.0, "GBP", 6.0, False), (0.99, "GBP", 5.94, True), (0.5, "USD", 3.0, False)],
)
def test_pay_by_the_hour_is_held_against_the_least(
    amount: float, currency: str, per_hour: float, is_too_little: bool
) -> None:
    taken = summary.times([person(18, "completed", minutes=10)])
    pay = summary.pay_of(amount, currency, taken)
    assert pay.per_hour == pytest.approx(per_hour)
    assert pay.is_too_little == is_too_little


def test_without_pay_or_time_there_is_no_hourly_pay() -> None:
    taken = summary.times([person(18, "completed", minutes=10)])
    assert summary.pay_of(0, "GBP", taken).per_hour is None
    assert not summary.pay_of(2, "GBP", None).is_too_little


def test_sets_count_who_holds_a_place() -> None:
    people = [person(18, "completed"), person(), person(trial_set=2), person(is_held=False)]
    counts = summary.set_counts(people)
    assert counts == {("kNN", 1, True): 1, ("kNN", 1, False): 1, ("kNN", 2, False): 1}


def test_the_flow_adds_up_and_names_who_was_left_out() -> None:
    people = [
        person(18, "completed", exclusion="fell asleep", number=1),
        person(18, "completed", number=2),
        person(12, number=3),
        person(10, "failed_validation", number=4, condition="CHM"),
    ]
    flow = summary.flow(people, ["CHM", "kNN"], SCRIPT)
    counts = {
        count: list(row)
        for (count, reason, _), row in zip(flow.index, flow.to_numpy(), strict=True)
        if not reason
    }
    assert list(flow.columns) == ["CHM", "kNN"]
    assert counts["consented"] == [1, 3]
    assert counts["passed_validation"] == [0, 3]
    assert counts["completed"] == [0, 2]
    assert counts["left_out"] == [0, 1]
    assert not {"excluded", "analysed"} & set(counts)
    parts = flow.xs("left", level="count")["kNN"].groupby(level="reason").sum()
    assert parts["test"] == 1
    assert parts.drop("").sum() == counts["left"][1] == 1


def test_a_flow_without_people_is_all_zero() -> None:
    assert summary.flow([], ["CHM", "kNN"], SCRIPT).to_numpy().sum() == 0
