"""The AI alone and the team of a study, against loops over images and answers."""

import math
import random
from collections.abc import Callable
from statistics import fmean

import pandas as pd
import pytest
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample, SampleRefused, samples_of
from analysis.tables.team_tables import pools_of, team_curve_table, team_table, teams_of
from tests.analysis.simulated import CONDITIONS, declared, row_of, rows_of, simulate

FRAMES, DECLARED = simulate(12, seed=8), declared(tuning_share=0.4, seed=3)


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Everyone."""
    return samples_of(FRAMES.responses, FRAMES.people, DECLARED)[0]


@pytest.fixture(scope="module")
def table(sample: Sample) -> DataFrame:
    """One row a condition."""
    teams = teams_of(sample, DECLARED, pools_of(FRAMES.items, DECLARED))
    return team_table(sample, DECLARED, teams)


@pytest.fixture(scope="module")
def curve(sample: Sample) -> DataFrame:
    """One row a condition and threshold."""
    return team_curve_table(
        sample, DECLARED, teams_of(sample, DECLARED, pools_of(FRAMES.items, DECLARED))
    )


def percent(values: list[bool]) -> float:
    return 100 * fmean(values) if values else math.nan


def thousandths(rows: DataFrame) -> list[int]:
    """Return confidences as whole numbers: the simulated ones have at most three decimals."""
    return [round(1000 * value) for value in rows["ai_confidence"]]


@pytest.mark.parametrize("condition", CONDITIONS[1:], ids=lambda each: str(each.name))
def test_the_curve_is_counted_image_by_image_and_answer_by_answer(
    curve: DataFrame, condition: DeclaredCondition
) -> None:
    pool = FRAMES.items[FRAMES.items["classifier"] == condition.classifier]
    trials = FRAMES.responses[FRAMES.responses["condition"] == condition.name]
    images = list(zip(thousandths(pool), pool["is_ai_correct"], strict=True))
    answers = list(zip(thousandths(trials), trials["is_correct"], strict=True))
    for row in rows_of(curve[curve["condition"] == condition.name]):
        t = round(1000 * row["threshold"])
        sure = [y for c, y in images if c >= t]
        rest = [h for c, h in answers if c < t]
        share = len(sure) / len(images)
        assert (row["n_trials"], row["ai_share"]) == (len(rest), pytest.approx(100 * share))
        if rest and sure:
            team = share * percent(sure) + (1 - share) * percent(rest)
            assert row["team"] == pytest.approx(team)
            assert not row["team_low"] > team
            assert not row["team_high"] < team


def test_the_threshold_is_the_best_of_the_ais_tuning_images(table: DataFrame) -> None:
    pool = FRAMES.items[FRAMES.items["classifier"] == "knn"].sort_values("item_id")
    images = list(zip(pool["ai_votes"], pool["is_ai_correct"], strict=True))
    order = list(range(len(images)))
    random.Random(DECLARED.seed).shuffle(order)
    tuning, test = ([images[k] for k in part] for part in (order[:80], order[80:]))
    hits = [sum(y == (votes >= t) for votes, y in tuning) for t in range(21)]
    best = max(t for t in range(21) if hits[t] == max(hits))
    row = row_of(table, condition="kNN")
    assert (row["n_votes"], row["threshold"]) == (best, best / 20)
    assert row["ai_alone"] == percent([y == (votes >= best) for votes, y in test])
    assert row["ai_top1"] == percent([y for _, y in images])


def test_the_team_at_its_threshold_is_a_point_of_the_curve(
    table: DataFrame, curve: DataFrame
) -> None:
    for row in rows_of(table[table["condition"] != "Unaided"]):
        at = curve["threshold"] == row["threshold"]
        point = row_of(curve[at], condition=row["condition"])
        assert (row["team"], row["team_low"]) == (point["team"], point["team_low"])
        assert (row["ai_share"], row["n_trials_on_rest"]) == (point["ai_share"], point["n_trials"])


def test_an_ai_that_does_not_vote_has_a_threshold_without_votes(table: DataFrame) -> None:
    row = row_of(table, condition="ResNet-50")
    assert pd.isna(row["n_votes"])
    assert 0 <= row["threshold"] <= 1


def test_human_alone_is_of_people_who_did_not_see_the_ai_where_there_are_any(
    sample: Sample, table: DataFrame
) -> None:
    is_unaided = table["human_alone_kind"] == "unaided"
    assert list(table.loc[is_unaided, "condition"]) == ["Unaided", "kNN"]
    assert set(table.loc[is_unaided, "human_alone"]) == {
        sample.values("Unaided", "accuracy").mean()
    }
    for row in rows_of(table[~is_unaided]):
        assert row["human_alone"] == sample.values(row["condition"], "accuracy").mean()


def test_people_who_saw_no_ai_are_in_no_team(table: DataFrame, curve: DataFrame) -> None:
    names = ["team", "team_low", "team_prevalence_corrected", "corrected_high"]
    mine, points = (item[item["condition"] == "Unaided"] for item in (table, curve))
    assert mine[[*names, "human_accuracy_on_rest"]].isna().all(axis=None)
    assert mine[["ai_top1", "ai_alone", "threshold"]].notna().all(axis=None)
    assert points[["team", "human_accuracy"]].isna().all(axis=None)


def test_neither_the_order_of_rows_nor_any_answer_moves_the_threshold() -> None:
    pools = pools_of(FRAMES.items, DECLARED)
    shuffled = pools_of(FRAMES.items.sample(frac=1, random_state=1), DECLARED)
    for name, tuned in pools.items():
        assert (tuned.pool.units == shuffled[name].pool.units).all()
        assert (tuned.is_tuning == shuffled[name].is_tuning).all()
    assert (pools["knn"].is_tuning == pools["emd-corr"].is_tuning).all()


def test_without_a_pool_there_is_the_accuracy_of_people_and_no_team(sample: Sample) -> None:
    teams = teams_of(sample, DECLARED, pools_of(FRAMES.items.iloc[:1], DECLARED))
    table = team_table(sample, DECLARED, teams)
    assert teams == {}
    assert list(table["condition"]) == list(DECLARED.names)
    assert table["human_alone"].notna().all()
    assert team_curve_table(sample, DECLARED, teams).empty


def test_nobody_is_no_team_and_one_person_no_band() -> None:
    people = FRAMES.people[FRAMES.people["participant_id"] == "p000012"]  # of kNN
    answers = FRAMES.responses[FRAMES.responses["participant_id"] == "p000012"]
    alone = samples_of(answers, people, DECLARED)[0]
    teams = teams_of(alone, DECLARED, pools_of(FRAMES.items, DECLARED))
    table = team_table(alone, DECLARED, teams)
    assert list(table["n_participants"]) == [0, 1, 0, 0, 0]
    empty, one = (row_of(table, condition=name) for name in ("EMD-NN", "kNN"))
    assert all(math.isnan(empty[name]) for name in ("team", "team_low", "human_alone"))
    assert not math.isnan(one["team"])
    assert math.isnan(one["team_low"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda items: pd.concat([items, items.iloc[:1]]), r"knn answers an image twice"),
        (lambda items: items.assign(n_voters=[9, *[20] * (len(items) - 1)]), r"has 9, 20 voters"),
        (lambda items: items.assign(n_voters=10), r"votes; expected 0 to 10"),
    ],
)
def test_a_pool_that_contradicts_itself_is_refused(
    change: Callable[[DataFrame], DataFrame], message: str
) -> None:
    items = change(FRAMES.items[FRAMES.items["classifier"] == "knn"])
    with pytest.raises(SampleRefused, match=message):
        pools_of(items, Declared((DeclaredCondition("kNN", "knn"),)))


def test_an_ai_that_states_no_confidence_has_no_team_and_no_easy_photos() -> None:
    silent = {
        frame: getattr(FRAMES, frame).assign(
            ai_confidence=lambda rows: rows["ai_confidence"].where(rows["classifier"] != "softmax")
        )
        for frame in ("items", "responses")
    }
    assert "softmax" not in pools_of(silent["items"], DECLARED)
    answers = samples_of(silent["responses"], FRAMES.people, DECLARED)[0].answers
    assert (answers["difficulty"].isna() == answers["ai_confidence"].isna()).all()
    assert answers["difficulty"].isna().any()
