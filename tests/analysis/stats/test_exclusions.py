"""Rules that exclude participants."""

import math

import pytest
from pandas import DataFrame, Series

from analysis.stats.exclusions import (
    RULED,
    STUDY_MEASURES,
    Rule,
    RuleRefused,
    exclusion_table,
    rules_apply,
)
from trials.study.document import problems_of

PEOPLE = DataFrame(
    {
        "condition": ["A", "A", "A", "B"],
        "accuracy": [50.0, 100 * (11 / 20 + 1e-16), 80, math.nan],
        "n_trials": [30, 30, 12, 30],
    }
)
NOBODY = Series(False, index=PEOPLE.index)


@pytest.mark.parametrize(
    ("text", "excluded"),
    [
        ("accuracy<=50", [0]),
        ("accuracy<50", []),
        ("accuracy <= 55", [0, 1]),  # 55.00000000000001 is 55
        ("accuracy>55", [2]),
        ("accuracy>=55.0", [1, 2]),
        ("n_trials<30", [2]),
    ],
)
def test_a_rule_excludes_whom_its_words_say(text: str, excluded: list[int]) -> None:
    assert PEOPLE.index[Rule.parse(text).holds(PEOPLE)].tolist() == excluded


@pytest.mark.parametrize("text", ["is_repeat", "is_repeat>0", "is_repeat>=1", " is_repeat "])
def test_a_fact_needs_no_number(text: str) -> None:
    people = DataFrame({"is_repeat": [True, False]})
    assert Rule.parse(text).holds(people).tolist() == [True, False]
    assert Rule.parse(str(Rule.parse(text))) == Rule.parse(text)


def test_the_schema_accepts_rules_about_exactly_what_a_study_measures() -> None:
    accepted = [
        name
        for name in {*RULED, "age", "condition"}
        if not problems_of({"title": "T", "seed": 1, "exclusions": [f"{name}>1"]})
    ]
    assert sorted(accepted) == sorted(STUDY_MEASURES)
    (problem,) = problems_of({"title": "T", "seed": 1, "exclusions": ["session_number>1"]})
    assert "found 'session_number>1', expected a measure" in str(problem)
    assert all(name in problem.expected for name in STUDY_MEASURES)


@pytest.mark.parametrize("text", ["accuracy", "accuracy=50", "50<accuracy", "accuracy<=half", ""])
def test_a_rule_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RuleRefused, match=r"expected a measure, one of <= < >= > and a number"):
        Rule.parse(text)


def test_a_rule_about_an_unknown_measure_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RuleRefused, match=r"no measure 'speed'; expected one of accuracy, "):
        Rule.parse("speed<=3")


def test_everyone_hears_all_the_rules_that_exclude_them() -> None:
    rules = [Rule.parse("accuracy<=50"), Rule.parse("n_trials>=30")]
    said = rules_apply(PEOPLE, rules, Series([True, False, False, False]))
    both = "named; accuracy<=50; n_trials>=30"
    assert said.tolist() == [both, "n_trials>=30", "", "n_trials>=30"]


def test_the_table_counts_a_person_under_every_rule_but_keeps_them_once() -> None:
    rules = [Rule.parse("accuracy<=50"), Rule.parse("n_trials<=30")]
    people = PEOPLE.assign(excluded_by=rules_apply(PEOPLE, rules, NOBODY))
    table = exclusion_table(people, rules[:1])
    assert table["n_excluded"].tolist() == [1, 0]
    assert table["n_kept"].tolist() == [0, 0]
    assert table["rule"].unique().tolist() == ["accuracy<=50"]


def test_no_rule_excludes_nobody() -> None:
    people = PEOPLE.assign(excluded_by=rules_apply(PEOPLE, [], NOBODY))
    assert exclusion_table(people, []).empty
    named = people.assign(excluded_by=["named", "", "", ""])
    assert exclusion_table(named, [])["n_excluded"].tolist() == [1, 0]
    by_hand = people.assign(excluded_by=["by hand", "", "", ""])
    assert exclusion_table(by_hand, [])["rule"].tolist() == ["by hand"] * 2


def test_a_condition_that_nobody_is_in_has_its_row_when_asked_for() -> None:
    rules = [Rule.parse("accuracy<=50")]
    people = PEOPLE.assign(excluded_by=rules_apply(PEOPLE, rules, NOBODY))
    table = exclusion_table(people, rules, ["C", "A"])
    assert table[["n_participants", "n_excluded", "n_kept"]].to_numpy().tolist() == [
        [0, 0, 0],
        [3, 1, 2],
    ]


def test_a_rule_about_what_the_data_do_not_have_is_refused_with_what_they_have() -> None:
    message = r"'median_rt_ms<300': these data have no median_rt_ms; expected one of accuracy, n_tr"
    with pytest.raises(RuleRefused, match=message):
        Rule.parse("median_rt_ms<300").holds(PEOPLE)
