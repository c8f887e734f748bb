"""Signs of careless or machine-made answers, from plain rows."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_plan
from trials.quality import FLAGS, Answer, Check, Conduct, flags
from trials.simulation.robots import reaction_ms
from trials.study.plan import QualityPlan

QUALITY = make_plan().quality


def quality(**changes: Any) -> QualityPlan:
    return make_plan(quality=changes).quality


def names(conduct: Conduct, plan: QualityPlan = QUALITY) -> list[str]:
    return [flag.name for flag in flags(conduct, plan)]


def person(n: int = 30, seed: int = 1, **changes: Any) -> list[Answer]:
    """Return the answers of someone careful."""
    rng = random.Random(seed)
    return [
        Answer(**({"said": n % 3 == 0, "rt_ms": reaction_ms(rng), "away_ms": 0} | changes))
        for n in range(n)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_a_careful_person_has_no_flag(seed: int) -> None:
    checks = [Check(True, True), Check(False, False), Check(True)]
    assert names(Conduct(person(seed=seed), checks, {"blur": 3, "zoom": 2})) == []


def test_who_answered_nothing_has_no_flag() -> None:
    assert names(Conduct()) == []


def test_the_time_away_is_no_time_to_answer() -> None:
    assert Answer(True, 5000, 4000).cleaned_ms == 1000
    assert Answer(True, 5000).cleaned_ms == 5000
    assert Answer(True, 100, 4000).cleaned_ms == 0
    assert Answer(True).cleaned_ms is None


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_cleaned_time_is_never_negative_or_longer(rt: int, away: int) -> None:
    cleaned = Answer(True, rt, away).cleaned_ms
    assert cleaned is not None
    assert 0 <= cleaned <= rt


@pytest.mark.parametrize(
    ("rt", "away", "is_fast"), [(299, 0, True), (300, 0, False), (900, 601, True)]
)
def test_an_answer_below_the_limit_is_too_fast(rt: int, away: int, is_fast: bool) -> None:
    conduct = Conduct([*person(), Answer(True, rt, away)])
    assert ("too_fast" in names(conduct)) == is_fast


def test_a_missing_time_is_not_a_fast_one() -> None:
    assert names(Conduct(person(rt_ms=None, away_ms=None))) == []


@pytest.mark.parametrize(("away", "is_away"), [(29_999, False), (30_000, True)])
def test_being_away_is_flagged_from_the_limit_on(away: int, is_away: bool) -> None:
    conduct = Conduct([*person(), Answer(True, 60_000, away)])
    assert ("away" in names(conduct)) == is_away


def test_with_a_limit_of_zero_any_time_away_counts_and_none_does_not() -> None:
    plan = quality(max_away_ms=0)
    assert names(Conduct(person()), plan) == []
    assert names(Conduct([*person(), Answer(True, 2000, 1)]), plan) == ["away"]


@pytest.mark.parametrize(("n", "is_run"), [(11, False), (12, True)])
def test_a_run_of_the_same_answer_is_flagged_from_its_length_on(n: int, is_run: bool) -> None:
    run = [Answer(True, 2000 + 400 * (k % 7)) for k in range(n)]
    conduct = Conduct([Answer(False, 1500), *run, Answer(False, 3500)])
    assert names(conduct) == (["identical_run"] if is_run else [])


@pytest.mark.parametrize(("allowed", "is_flagged"), [(0, True), (1, True), (2, False)])
def test_more_failed_checks_than_allowed_are_flagged(allowed: int, is_flagged: bool) -> None:
    plan = quality(n_attention=4, max_failed_attention=allowed)
    checks = [Check(True, False), Check(False, True), Check(True, True), Check(False)]
    assert (names(Conduct(person(), checks), plan) == ["failed_attention"]) == is_flagged


@pytest.mark.parametrize("kind", ["honeypot", "webdriver", "paste"])
def test_what_the_browser_told_is_a_flag_of_its_own(kind: str) -> None:
    assert names(Conduct(person(), events={kind: 2})) == [kind]


def test_a_repeat_is_a_flag() -> None:
    assert names(Conduct(person(), is_repeat=True)) == ["repeat"]


@pytest.mark.parametrize(
    ("times", "is_inhuman"),
    [
        ([2000 + 10 * n for n in range(8)], True),  # a delay, give or take a little
        ([2000] * 7, False),  # too few to say
        ([240, 180, 90, 200, 120, 230, 100, 210], True),
        ([1000, 2500, 1800, 4000, 900, 3000, 2200, 1500], False),
    ],
)
def test_times_that_no_person_has_are_flagged(times: list[int], is_inhuman: bool) -> None:
    answers = [Answer(n % 2 == 0, ms) for n, ms in enumerate(times)]
    assert ("inhuman_timing" in names(Conduct(answers))) == is_inhuman


@pytest.mark.parametrize(("shown", "is_untrue"), [(500, True), (1_000, False), (None, False)])
def test_a_time_longer_than_the_page_was_open_is_flagged(
    shown: int | None, is_untrue: bool
) -> None:
    conduct = Conduct([Answer(True, 2400, 0, shown)])
    assert (names(conduct) == ["inhuman_timing"]) == is_untrue


def test_a_flag_says_in_words_what_was_seen() -> None:
    found = flags(Conduct([Answer(True, 100), Answer(False, 40_000, 35_000)]), QUALITY)
    assert [item.detail for item in found] == [
        "1 of 2 answers in less than 300 ms",
        "out of the window in 1 trials, at most for 35 s",
    ]


def test_every_flag_is_listed_by_its_name() -> None:
    alike = [Answer(said=True, rt_ms=100, away_ms=0)] * 40
    absent = [Answer(said=True, rt_ms=900_000, away_ms=600_000)]
    events = {"honeypot": 1, "webdriver": 1, "paste": 1}
    conduct = Conduct([*alike, *absent], [Check(asks_yes=True, is_yes=False)] * 9, events, True)
    timed = Conduct(alike)
    assert {*names(conduct), *names(timed)} == set(FLAGS)
