"""Power against closed forms, SciPy's tests and counting; the command as it is used."""

from __future__ import annotations

from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower

from analysis.management.commands import power as command
from analysis.power import power
from analysis.power.many_tests import mann_whitney_p, welch_p
from analysis.power.power import (
    Power,
    PowerRefused,
    Scenario,
    closed_form,
    corrected,
    differing,
    participants_needed,
    power_at,
    rejections,
    with_participant_sd,
)
from analysis.power.simulated import Layout, correct_counts
from tests.analysis import people, published_rows
from trials.simulation.behaviour import Behaviour

RNG = np.random.default_rng(0)
A, B = RNG.integers(10, 25, (40, 21)), RNG.integers(11, 27, (40, 17))
CUB = with_participant_sd(Behaviour(0.9, 0.6), 8, Layout())


def pair(points: float, **options: Any) -> Scenario:
    return Scenario((differing(CUB, "accuracy", points), CUB), **options)


def test_mann_whitney_by_counting_is_scipys() -> None:
    theirs = stats.mannwhitneyu(A, B, axis=1, method="asymptotic").pvalue
    assert mann_whitney_p(A, B) == pytest.approx(theirs)
    assert mann_whitney_p(A[:, :1] * 0 + 7, A[:, :3] * 0 + 7).tolist() == [1] * 40


def test_welch_of_many_studies_is_scipys() -> None:
    assert welch_p(A, B) == pytest.approx(stats.ttest_ind(A, B, axis=1, equal_var=False).pvalue)
    assert welch_p(A[:1] * 0, B[:1] * 0).tolist() == [1]


@pytest.mark.parametrize("method", ["holm", "bonferroni"])
def test_corrections_over_more_tests_than_given_are_statsmodels(method: Any) -> None:
    p = RNG.random((30, 4)) ** 3
    padded = [multipletests([*row, 1, 1, 1], method=method)[1][:4] for row in p]
    assert corrected(p, method, 7) == pytest.approx(np.array(padded))
    assert corrected(p, "none", 7) is p


@pytest.mark.parametrize(("points", "n"), [(5, 41), (4, 64), (3, 113), (2, 254)])
def test_the_closed_form_is_the_one_for_an_sd_of_8_points(points: float, n: int) -> None:
    ours = closed_form((8, 8), points, alpha=0.05, power=0.8)
    exact = TTestIndPower().solve_power(points / 8, alpha=0.05, power=0.8)
    assert ours == pytest.approx(exact, abs=0.3)
    assert ours == pytest.approx(n, rel=0.01)


@pytest.mark.parametrize(("test", "efficiency"), [("welch", 1), ("mann_whitney", 3 / np.pi)])
@pytest.mark.parametrize("points", [5, 3])
def test_simulation_agrees_with_the_closed_form(test: Any, efficiency: float, points: int) -> None:
    scenario = pair(points, test=test, correction="none")
    found = participants_needed(scenario, 0.8, n_studies=1000, seed=1)
    sds = [behaviour.participant_sd(15, 15) for behaviour in scenario.behaviours]
    expected = closed_form((sds[0], sds[1]), points, alpha=0.05, power=0.8) / efficiency
    reach = (found.n_high - found.n_low) / 2
    # Mann-Whitney's efficiency is that of continuous values; ties move it by a few percent.
    assert abs(found.n_needed - expected) < 1.6 * reach + 0.03 * expected
    assert 0 < reach < 0.06 * expected


def test_a_corrected_test_needs_more_people_and_holm_fewer_than_bonferroni() -> None:
    behaviours = (differing(CUB, "accuracy", 4), CUB, CUB, CUB)
    needed = {
        correction: participants_needed(
            Scenario(behaviours, correction=correction), 0.8, n_studies=400
        ).n_needed
        for correction in ("none", "holm", "bonferroni")
    }
    assert needed["none"] < needed["holm"] < needed["bonferroni"]


def test_tests_that_show_nothing_make_holm_bonferroni() -> None:
    holm, bonferroni = (pair(4, correction=c, n_tests=15) for c in ("holm", "bonferroni"))
    assert power_at(holm, 100, 500, seed=2) == power_at(bonferroni, 100, 500, seed=2)


def test_the_number_reaches_the_power_it_was_found_for() -> None:
    images = Behaviour(0.92, 0.6, sd_skill=0.3, sd_image=1.2)
    behaviours = (differing(images, "accuracy_ai_wrong", 8), images)
    scenario = Scenario(behaviours, measure="accuracy_ai_wrong")
    found = participants_needed(scenario, 0.9, n_studies=800, seed=3)
    _, low, high = power_at(scenario, found.n_needed, 3000, seed=99)
    assert low - 0.015 < 0.9 < high + 0.015


def test_images_of_their_own_make_conditions_differ_without_a_cause() -> None:
    images = Behaviour(0.8, 0.5, sd_skill=0.3, sd_image=1.5)
    shares = {}
    for is_shared in (True, False):
        layout = Layout(n_test=20, n_sets=2, is_shared=is_shared)
        scenario = Scenario((images, images), layout, correction="none")
        shares[is_shared] = rejections(scenario, 60, 600, np.random.default_rng(4)).mean()
    assert shares[True] < 0.08
    assert shares[False] > 0.3


def test_a_planted_difference_is_the_one_asked_for() -> None:
    base = Behaviour(0.9, 0.6, sd_skill=0.4, sd_bias=0.3, sd_image=1)
    for measure in ("accuracy", "accuracy_ai_correct", "accuracy_ai_wrong"):
        better, before = differing(base, measure, 3).measures(), base.measures()
        assert better[measure] - before[measure] == pytest.approx(3)
    assert better["accuracy_ai_correct"] == pytest.approx(before["accuracy_ai_correct"])


def test_the_wanted_spread_of_accuracies_is_reached_with_the_same_means() -> None:
    base = Behaviour.planted(0.9, 0.6, sd_image=1, sd_bias=0.2)
    wide = with_participant_sd(base, 11, Layout())
    assert wide.participant_sd(15, 15) == pytest.approx(11, abs=1e-3)
    assert wide.measures() == pytest.approx(base.measures())


@pytest.mark.parametrize("sd_image", [0, 1.2])
def test_counts_have_the_means_and_the_spread_that_are_planted(sd_image: float) -> None:
    behaviour = Behaviour(0.9, 0.6, sd_skill=0.5, sd_bias=0.3, sd_image=sd_image, careless=0.1)
    layout = Layout(n_test=10, n_sets=50)
    counts = correct_counts([behaviour], layout, 50, 200, np.random.default_rng(5))[:, 0]
    planted = behaviour.measures()
    shares = 100 * counts.mean(axis=(0, 1)) / 5
    assert shares[0] == pytest.approx(planted["accuracy_ai_correct"], abs=0.8)
    assert shares[1] == pytest.approx(planted["accuracy_ai_wrong"], abs=0.8)
    spread = (10 * counts.sum(axis=-1)).std()
    assert spread == pytest.approx(behaviour.participant_sd(5, 5), rel=0.03)


def test_the_same_seed_plans_the_same_study() -> None:
    first, second, other = (
        participants_needed(pair(5), 0.8, n_studies=300, seed=s) for s in (1, 1, 2)
    )
    assert first.curve.equals(second.curve)
    assert not first.curve.equals(other.curve)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: differing(CUB, "accuracy", 40), "40 points from accuracy 65.0 %"),
        (lambda: with_participant_sd(CUB, 2, Layout()), "chance and bias over 30 trials give 7.4"),
        (lambda: participants_needed(pair(0), 0.8), "expected one other than 0"),
        (lambda: participants_needed(pair(0.01), 0.8), "0.01 points would need about"),
        (lambda: participants_needed(pair(0.1), 0.8, n_studies=200), "would need about"),
        (lambda: Layout(n_test=1), "expected one set or more, of at least two images"),
    ],
)
def test_studies_that_cannot_be_planned_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_power_that_is_never_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "MOST", 50)
    with pytest.raises(PowerRefused, match="not reached with 50 participants per condition"):
        participants_needed(pair(4), 0.8, n_studies=200)


def plan(**options: Any) -> str:
    printed = StringIO()
    call_command("power", difference=6, studies=200, stdout=printed, **options)
    return printed.getvalue()


def test_the_command_prints_the_number_and_writes_the_curve(tmp_path: Path) -> None:
    text = plan(sd_accuracy=9, conditions=3, out=tmp_path / "new")
    assert "accuracy 71.0 %" in text
    assert "SD of participants 9.0" in text
    assert "holm over 3 tests" in text
    names = {file.name for file in (tmp_path / "new").iterdir()}
    assert names == {"power.csv", "power.png", "power.svg", "power.pdf"}
    curve = pd.read_csv(tmp_path / "new/power.csv")
    assert list(curve) == ["n", "n_studies", "power", "low", "high"]
    assert (curve["low"] < curve["power"]).all()
    assert str(round(curve["power"][0], 3)) in text


def test_a_plan_may_rest_on_a_published_file(tmp_path: Path) -> None:
    file = published_rows.write(tmp_path / "r.csv", published_rows.rows("CUB", n_each=8))
    text = plan(published=file, base="kNN")
    assert "all 1,440 answers of 48 participants" in text
    assert "per condition for a power of 0.8" in text
    assert "spreads of the published study" in text
    with pytest.raises(CommandError, match="No condition 'none'"):
        plan(published=file, base="none")


@pytest.mark.django_db
def test_a_plan_may_rest_on_a_study() -> None:
    study = people.make_study()
    with pytest.raises(CommandError, match="no responses"):
        plan(study="birds")
    for name in ("ResNet-50", "kNN"):
        for right, wrong in combinations(["11110", "11000", "10101"], 2):
            people.person(study, name, right, wrong)
    people.person(study, "kNN", "11111", "11111", status="active")
    text = plan(study="birds")
    assert "all 60 answers of 6 participants" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"power": 1.0}, "--power 1.0: expected a share between 0 and 1"),
        ({"conditions": 1}, "--conditions 1: expected 2 or more"),
        ({"published": "r.csv", "sd_skill": 1.0}, "--sd-skill with --published"),
        ({"sd_accuracy": 8.0, "sd_skill": 1.0}, "--sd-accuracy with --sd-skill"),
        ({"accept_right": 1.5}, "accept_right 1.5: expected a chance"),
        ({"out": __file__}, "found a file, expected a folder"),
    ],
)
def test_the_command_refuses_with_a_reason(options: dict[str, Any], message: str) -> None:
    if "out" in options:
        options = {"out": Path(options["out"])}
    with pytest.raises(CommandError, match=message):
        plan(**options)


def test_a_plan_that_is_stopped_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopped(*args: Any, **options: Any) -> Power:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "participants_needed", stopped)
    with pytest.raises(CommandError, match="Stopped; nothing was written"):
        plan(out=tmp_path)
    assert not list(tmp_path.iterdir())
