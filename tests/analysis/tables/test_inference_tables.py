"""The declared tests, against SciPy."""

import numpy as np
import pytest
from pandas import DataFrame
from scipy import stats

from analysis.stats.analysis_sets import Sample, samples_of
from analysis.stats.measures import MEASURES
from analysis.stats.twoway import arm_of, difference_of
from analysis.tables.inference_tables import crossed_of, differences_table, pair_tests_table
from tests.analysis.simulated import declared, row_of, rows_of, simulate

FRAMES = simulate(30, seed=5)


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Everyone."""
    return samples_of(FRAMES.responses, FRAMES.people, declared())[0]


@pytest.fixture(scope="module")
def table(sample: Sample) -> DataFrame:
    """The tests of all pairs."""
    return pair_tests_table(sample, declared())


def test_every_pair_has_its_difference_and_its_mann_whitney_test(
    sample: Sample, table: DataFrame
) -> None:
    for row in rows_of(table):
        a, b = (sample.values(row[side], "accuracy") for side in ("a", "b"))
        u, p = stats.mannwhitneyu(a, b)
        expected = [30, 30, a.mean() - b.mean(), u, p, 2 * u / 900 - 1]
        ours = [row[name] for name in ("n_a", "n_b", "difference", "u", "p", "cliffs_delta")]
        assert ours == pytest.approx(expected)
    assert len(table) == 10


def test_the_interval_of_a_difference_is_close_to_that_of_scipy(
    sample: Sample, table: DataFrame
) -> None:
    for row in rows_of(table):
        a, b = (sample.values(row[side], "accuracy") for side in ("a", "b"))
        theirs = stats.bootstrap(
            (a, b),
            lambda x, y, axis: x.mean(axis) - y.mean(axis),
            method="percentile",
            n_resamples=2000,
            rng=1,
        ).confidence_interval
        assert (row["low"], row["high"]) == pytest.approx((theirs.low, theirs.high), abs=1)


def test_people_and_photos_together_are_those_of_the_answers(
    sample: Sample, table: DataFrame
) -> None:
    arms = {k: arm_of(each, "accuracy") for k, each in crossed_of(sample, declared()).items()}
    for row in rows_of(table):
        found = difference_of(arms[row["a"]], arms[row["b"]])
        assert row["twoway_difference"] == pytest.approx(row["difference"])
        assert (row["twoway_low"], row["twoway_high"]) == (found.low, found.high)
        assert row["twoway_p"] == found.p <= row["twoway_p_holm"]


def test_twins_share_their_photos_and_the_table_says_so(table: DataFrame) -> None:
    assert row_of(table, a="EMD-NN", b="EMD-Corr")["shares_photos"]
    assert row_of(table, a="Unaided", b="kNN")["shares_photos"]


def test_every_measure_of_every_pair_has_its_difference(sample: Sample) -> None:
    table = differences_table(sample, declared())
    assert len(table) == 10 * len(MEASURES)
    row = row_of(table, a="kNN", b="EMD-NN", measure="over_reliance")
    a, b = (sample.values(name, "over_reliance") for name in ("kNN", "EMD-NN"))
    assert row["difference"] == pytest.approx(a.mean() - b.mean())
    assert row["low"] < row["difference"] < row["high"]
    wrong = row_of(table, a="kNN", b="EMD-NN", measure="accuracy_ai_wrong")
    assert (wrong["difference"], wrong["p"]) == pytest.approx((-row["difference"], row["p"]))


def test_holm_corrects_for_the_declared_family_alone(sample: Sample) -> None:
    family = (("kNN", "EMD-NN"), ("EMD-Corr", "EMD-NN"))
    table = pair_tests_table(sample, declared(family=family))
    assert list(zip(table["a"], table["b"], strict=True)) == list(family)
    assert table["p_holm"].min() == pytest.approx(min(1, 2 * table["p"].min()))


def test_reliance_is_not_compared_with_people_who_saw_no_ai(sample: Sample) -> None:
    table = pair_tests_table(sample, declared(measure="over_reliance"))
    numbers = ["difference", "low", "high", "twoway_low", "twoway_high", "twoway_p", "p", "p_holm"]
    is_unaided = table["a"] == "Unaided"
    assert table.loc[is_unaided, numbers].isna().all(axis=None)
    assert set(table.loc[is_unaided, "n_a"]) == {0}
    assert table.loc[~is_unaided, numbers].notna().all(axis=None)


def test_one_person_or_nobody_has_no_interval() -> None:
    few = FRAMES.people[FRAMES.people["participant_id"].isin(["p000030", "p000060", "p000061"])]
    answers = FRAMES.responses[FRAMES.responses["participant_id"].isin(few["participant_id"])]
    table = pair_tests_table(samples_of(answers, few, declared())[0], declared())
    intervals = ["low", "high", "twoway_low", "twoway_high"]
    assert table[intervals].isna().all(axis=None)
    assert np.isfinite(row_of(table, a="kNN", b="EMD-NN")["difference"])
    empty = row_of(table, a="Unaided", b="EMD-Corr")
    assert (empty["n_a"], empty["n_b"]) == (0, 0)


def test_twins_answer_the_same_images(sample: Sample) -> None:
    crossed = crossed_of(sample, declared())
    images = {name: set(each.image) for name, each in crossed.items()}
    assert images["EMD-NN"] == images["EMD-Corr"]
    assert set().union(*images.values()) == set(range(sample.answers["item_id"].nunique()))
    assert crossed["kNN"].person.max() == 29
