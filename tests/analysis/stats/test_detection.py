"""The signal-detection model against R's lme4, whole matrices and what was planted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pandas import DataFrame
from scipy.optimize import approx_fprime, minimize
from scipy.special import expit
from scipy.stats import norm

from analysis.power.simulated import Layout, simulated_responses
from analysis.stats import detection_data
from analysis.stats.detection import QUANTITIES, Detection, detection_model
from analysis.stats.detection_fit import maximise_detection
from analysis.stats.laplace import Floats
from analysis.stats.laplace_blocks import GroupLikelihood
from analysis.stats.laplace_system import Answers, groups_of
from tests.analysis.calibration import is_plausible
from tests.analysis.stats.detection_fixtures import (
    FIRST,
    MADE,
    STORED,
    answers,
    by_r,
    rows_of,
    shared,
)
from tests.analysis.stats.detection_worlds import BIASED, false_findings

R = json.loads(STORED.read_text(encoding="utf-8"))
SPREADS = np.array([0.6, 0.3, 0.5, 0.7, 0.4])


def small(seed: int = 0, n: int = 40) -> Answers:
    """Return a few answers of six people to five photos in two arms."""
    rng = np.random.default_rng(seed)
    arm, kind, photo = (rng.integers(size, size=n) for size in (2, 2, 5))
    person = 2 * rng.integers(3, size=n) + arm
    return Answers.of(rng.random(n) < 0.6, arm, kind, person, photo, 2)


def dense(a: Answers, point: Floats) -> float:
    """Minus the Laplace log likelihood, with whole matrices and a general minimiser."""
    beta, (l11, l21, l22, sigma, tau) = point[: a.n_cells], point[a.n_cells :]
    of_person = np.array([[l11, 0], [l21, l22]])[a.kind]
    people = np.zeros((a.sign.size, 2 * a.n_people))
    for j in (0, 1):
        people[np.arange(a.sign.size), 2 * a.person + j] = of_person[:, j]
    photos = sigma * np.eye(a.n_photos)[a.pair_photo[a.pair]]
    matrix = np.hstack([people, photos, tau * np.eye(a.pair_photo.size)[a.pair]])

    def penalised(v: Floats) -> float:
        eta = beta[a.cell] + matrix @ v
        return float(np.logaddexp(0, -a.sign * eta).sum() + v @ v / 2)

    v = minimize(penalised, np.zeros(matrix.shape[1]), method="BFGS", options={"gtol": 1e-7}).x
    weight = expit(beta[a.cell] + matrix @ v)
    hessian = np.eye(v.size) + matrix.T @ ((weight * (1 - weight))[:, None] * matrix)
    return penalised(v) + float(np.linalg.slogdet(hessian)[1]) / 2


POINT = np.concatenate([[-0.2, 0.8, 0.3, 1.1], SPREADS])


@pytest.mark.parametrize("tau", [0.0, 0.4])
def test_the_likelihood_is_that_of_whole_matrices(tau: float) -> None:
    point = np.append(POINT[:-1], tau)
    value, _ = GroupLikelihood(small())(point)
    assert value == pytest.approx(dense(small(), point), abs=1e-5)


@pytest.mark.parametrize("most", [0, 60_000])
def test_the_gradient_is_that_of_differences(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held as sparse and as dense matrices, and in blocks of some photos."""
    monkeypatch.setattr("analysis.stats.laplace_blocks._DENSE", most)
    monkeypatch.setattr("analysis.stats.laplace_blocks._BLOCK", 100)
    likelihood = GroupLikelihood(small(n=80))
    numeric = approx_fprime(POINT, lambda x: likelihood(x)[0], 1e-6)
    assert likelihood(POINT)[1] == pytest.approx(numeric, abs=1e-4)


def test_groups_share_no_photo_and_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.stats.laplace_system._PEOPLE", 1)
    rows = rows_of("made_1")
    groups = groups_of(rows.person, rows.photo)
    assert len(groups) == 12  # two arms of six sets
    assert len({(each, *set(rows.photo[rows_])) for each, rows_ in enumerate(groups)}) == 12
    point = np.concatenate([POINT[:4], SPREADS])
    whole, _ = GroupLikelihood(rows.group(np.arange(rows.arm.size)))(point)
    parts = sum(GroupLikelihood(rows.group(each))(point)[0] for each in groups)
    assert parts == pytest.approx(whole)


@pytest.mark.parametrize("name", R)
def test_estimates_and_standard_errors_are_those_of_r(name: str) -> None:
    if name == "cub":
        pytest.skip("the six arms together take a minute; make bench compares them")
    if name not in MADE and not shared("CUB-Human-Study-Summary.csv").is_file():
        missing = "no published files beside this project"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    fit, theirs = maximise_detection(rows_of(name)), R[name]
    assert fit.message == ""
    se = np.array(theirs["se"])
    assert np.abs((fit.beta - theirs["beta"]) / se).max() < 0.02
    assert np.sqrt(np.diag(fit.covariance)[: se.size]) == pytest.approx(se, rel=0.02)
    assert fit.log_likelihood == pytest.approx(theirs["log_likelihood"], abs=0.01)


def test_r_finds_today_what_is_stored(tmp_path: Path) -> None:
    has_lme4 = (
        shutil.which("Rscript") is not None
        and not subprocess.run(
            ["Rscript", "--vanilla", "-e", "library(lme4)"], capture_output=True, check=False
        ).returncode
    )
    if not has_lme4:
        pytest.skip("no R with lme4: install r-cran-lme4 to run the referee's script")
    found = by_r("made_0", tmp_path)
    assert found["beta"] == pytest.approx(R["made_0"]["beta"], abs=1e-4)
    assert found["se"] == pytest.approx(R["made_0"]["se"], rel=1e-3)


def test_the_answers_are_still_those_that_r_saw() -> None:
    for name in MADE:
        assert len(answers(name)) == R[name]["n"]


def model(frame: DataFrame, pairs: tuple[tuple[str, str], ...] = (("a", "b"),)) -> Detection:
    return detection_model(frame, conditions=("a", "b"), pairs=pairs)


def made(n: int = 12) -> DataFrame:
    arms = {"a": FIRST, "b": FIRST}
    return simulated_responses(arms, n_participants=n, layout=Layout(n_sets=3), seed=4)


def numbers(found: Detection, kind: str = "contrast") -> DataFrame:
    rows = found.table[found.table["kind"] == kind]
    return rows.set_index("quantity") if kind == "contrast" else rows.set_index(["a", "quantity"])


def test_sensitivity_and_criterion_are_those_of_the_log_odds() -> None:
    found = model(made())
    assert found.fit is not None
    wrong, right = found.fit.beta[:2]
    own = numbers(found, "condition")["estimate"]
    assert own["a", "sensitivity"] == pytest.approx(right - wrong)
    assert own["a", "criterion"] == pytest.approx(-(right + wrong) / 2)
    for quantity in QUANTITIES:
        difference = own["a", quantity] - own["b", quantity]
        assert numbers(found)["estimate"][quantity] == pytest.approx(difference)


def test_accuracy_is_over_all_people_and_photos() -> None:
    """Against the mean over drawn effects; the standard error against the two-way one's size."""
    found = model(made())
    assert found.fit is not None
    l11, right_sd, _, sigma, tau = found.fit.sds()
    x = norm.ppf((np.arange(2000) + 0.5) / 2000)
    rates = [
        expit(beta + np.hypot(np.hypot(sd, sigma), tau) * x).mean()
        for beta, sd in zip(found.fit.beta[:2], (l11, right_sd), strict=True)
    ]
    own = numbers(found, "condition")["estimate"]
    assert own["a", "accuracy_ai_wrong"] == pytest.approx(100 * (1 - rates[0]), abs=0.05)
    assert own["a", "accuracy"] == pytest.approx(50 * (1 - rates[0] + rates[1]), abs=0.05)
    assert 1 < numbers(found)["se"]["accuracy"] < 5


def test_below_ten_people_an_arm_there_is_a_sentence_and_no_p() -> None:
    rows = numbers(model(made(n=9)))
    assert rows["p"].isna().all()
    assert set(rows["note"]) == {
        "a has 9 people: no p value below 10 an arm; b has 9 people: no p value below 10 an arm"
    }
    assert rows[["se", "low"]].notna().all(axis=None)
    assert numbers(model(made(n=10)))["p"].notna().all()


def test_a_cell_of_equal_answers_is_penalised_and_named_and_moves_no_other() -> None:
    frame = made()
    alike = (frame["condition"] == "b") & frame["is_ai_correct"]
    same = frame.assign(is_correct=frame["is_correct"] | alike)
    before, after = (numbers(model(item), "condition") for item in (frame, same))
    assert set(after.loc[["b"], "note"]) == {"penalised: in b all answers to a right AI are alike"}
    assert 3 < after["estimate"]["b", "sensitivity"] < 12
    for quantity in QUANTITIES:
        change = abs(after["estimate"]["a", quantity] - before["estimate"]["a", quantity])
        assert change < before["se"]["a", quantity] / 2
    assert set(after.loc[["a"], "note"]) == {""}


def test_an_arm_without_answers_has_rows_without_numbers() -> None:
    frame = made()
    found = model(frame[frame["condition"] == "a"])
    assert found.arms == ("a",)
    assert numbers(found)["estimate"].isna().all()
    assert set(numbers(found)["note"]) == {"b has no answers of both kinds"}
    nothing = model(frame.iloc[:0])
    assert "nothing was fitted" in nothing.problem
    assert nothing.table["estimate"].isna().all()


def test_of_many_people_some_are_drawn_and_the_words_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detection_data, "MAX_PEOPLE", 20)
    found = model(made(n=12))
    assert set(found.table["n_participants"]) == {20}
    assert "600 of 720 answers (at most 20 people, drawn by seed 0" in found.specification


def test_where_people_differ_in_bias_equal_arms_seldom_seem_to_differ() -> None:
    found, n = false_findings(12, n_people=20, n_sets=4)
    assert n == 12
    for quantity in QUANTITIES:
        assert is_plausible((found[quantity], n), 0.05, "greater")


def test_people_in_both_arms_are_counted_once_and_have_effects_in_each() -> None:
    frame = simulated_responses({"a": BIASED, "b": BIASED}, n_participants=12, seed=1)
    number = frame["participant_id"].str[1:].astype(int) % 12
    within = frame.assign(participant_id=[f"p{k}" for k in number])
    apart, together = (
        detection_model(each, conditions=("a", "b"), pairs=(("a", "b"),))
        for each in (frame, within)
    )
    assert together.table["estimate"].to_numpy() == pytest.approx(
        apart.table["estimate"].to_numpy(), nan_ok=True
    )
    assert set(together.table["n_participants"]) == {12}
    assert "People are in several arms" in together.specification
