"""The mixed model against brute force, statsmodels and what was planted."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from pandas import DataFrame
from scipy.optimize import approx_fprime, minimize
from scipy.special import expit
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

from analysis.stats import mixed
from analysis.stats.laplace import Fit, Floats, Likelihood, Problem, maximise
from analysis.stats.mixed import NUMBERS, mixed_model, mixed_table

BETA = np.array([-0.3, 1.2, 0.4, 1.8])


def study(
    n_people: int = 24,
    n_images: int = 30,
    n_trials: int = 10,
    sds: tuple[float, float] = (0.7, 1.0),
    seed: int = 0,
) -> DataFrame:
    """Return responses of two conditions; the AI is right on every other image."""
    rng = np.random.default_rng(seed)
    people, images = (rng.normal(0, sd, n) for sd, n in zip(sds, (n_people, n_images), strict=True))
    p = np.repeat(np.arange(n_people), n_trials)
    i = np.concatenate([rng.permutation(n_images)[:n_trials] for _ in range(n_people)])
    chance = expit(BETA[2 * (p % 2) + i % 2] + people[p] + images[i])
    return DataFrame(
        {
            "participant_id": [f"p{n:03d}" for n in p],
            "condition": np.where(p % 2, "kNN", "ResNet-50"),
            "image": [f"{n}.jpg" for n in i],
            "is_ai_correct": i % 2 == 1,
            "is_correct": rng.random(p.size) < chance,
        }
    )


def problem(frame: DataFrame) -> Problem:
    return mixed._problem(mixed._sample(frame, None, 0))


def dense_laplace(p: Problem, beta: Floats, sds: Floats) -> float:
    """Minus the Laplace log likelihood, with whole matrices and a general minimiser."""
    small, large = np.eye(p.n_small)[p.small] * sds[0], np.eye(p.n_large)[p.large] * sds[1]
    a = np.hstack([small, large])

    def penalised(v: Floats) -> float:
        return float(np.logaddexp(0, -p.sign * (beta[p.cell] + a @ v)).sum() + v @ v / 2)

    v = minimize(penalised, np.zeros(a.shape[1]), method="BFGS", options={"gtol": 1e-7}).x
    weight = expit(beta[p.cell] + a @ v)
    hessian = np.eye(a.shape[1]) + a.T @ ((weight * (1 - weight))[:, None] * a)
    return penalised(v) + float(np.linalg.slogdet(hessian)[1]) / 2


@pytest.mark.parametrize(("n_people", "n_images"), [(5, 9), (9, 5)])
def test_the_likelihood_is_that_of_whole_matrices(n_people: int, n_images: int) -> None:
    p = problem(study(n_people, n_images, n_trials=5))
    likelihood, sds = Likelihood(p), np.array([0.6, 1.3])
    value, _ = likelihood(np.append(BETA, np.log(sds)))
    assert value == pytest.approx(dense_laplace(p, BETA, sds), abs=1e-5)


def test_the_gradient_is_that_of_differences() -> None:
    likelihood, point = Likelihood(problem(study(9, 12))), np.append(BETA, [-0.5, 0.1])
    numeric = approx_fprime(point, lambda x: likelihood(x)[0], 1e-6)
    assert likelihood(point)[1] == pytest.approx(numeric, abs=1e-4)


def test_with_one_random_effect_the_likelihood_is_nearly_the_integral() -> None:
    """Gauss-Hermite over each person, 60 answers each: Laplace errs by order 1/60 a person."""
    frame = study(8, 60, n_trials=60, sds=(0.8, 0))
    p = problem(frame)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    person = p.large if p.is_swapped else p.small
    terms = -np.logaddexp(0, -p.sign[:, None] * (BETA[p.cell][:, None] + 0.8 * nodes))
    each = [np.exp(terms[person == g].sum(axis=0)) @ weights for g in range(8)]
    exact = -np.log(np.array(each) / weights.sum()).sum()
    log_sds = [-math.inf, math.log(0.8)] if p.is_swapped else [math.log(0.8), -math.inf]
    assert Likelihood(p)(np.append(BETA, log_sds))[0] == pytest.approx(exact, abs=8 * 0.005)


def test_without_random_effects_it_is_logistic_regression() -> None:
    """Everybody and every image has the same share correct: less than chance alone would give."""
    n = np.arange(240)
    frame = DataFrame(
        {
            "participant_id": (n // 20).astype(str), "image": (n % 20).astype(str),
            "condition": np.where(n // 20 % 2, "b", "a"), "is_ai_correct": n % 2 == 1,
            "is_correct": (n % 20 // 2 + n // 20 // 2) % 5 < 2 + n % 2,
        }
    )  # fmt: skip
    fitted = mixed_model(frame)
    design = np.eye(4)[2 * (n // 20 % 2) + n % 2]
    oracle = sm.Logit(frame["is_correct"].astype(float), design).fit(disp=False)
    assert fitted.sds == (0, 0)
    assert fitted.cells.to_numpy().ravel() == pytest.approx(oracle.params.to_numpy(), abs=1e-4)
    assert fitted.table["se"][0] == pytest.approx(oracle.bse.iloc[0], rel=1e-3)
    assert "SD of images is estimated as 0" in fitted.specification


def test_planted_values_come_back() -> None:
    table = mixed_table(study(300, 200, n_trials=30, seed=5)).set_index("term")
    planted = {
        "Intercept": BETA[0], "is_ai_correct": BETA[1] - BETA[0], "participant": 0.7, "image": 1.0,
        "condition[kNN]:is_ai_correct": BETA[3] - BETA[2] - BETA[1] + BETA[0],
        "kNN - ResNet-50 | AI wrong": BETA[2] - BETA[0],
        "kNN - ResNet-50 | AI correct": BETA[3] - BETA[1],
        "kNN - ResNet-50 | both alike": (BETA[2] - BETA[0] + BETA[3] - BETA[1]) / 2,
    }  # fmt: skip
    for term, value in planted.items():
        row = table.loc[term]
        assert row["low"] - row["se"] < value < row["high"] + row["se"], term


def test_a_variational_fit_agrees_but_is_too_sure_of_itself() -> None:
    """Its mean field leaves out how effects vary together with people and images."""
    frame = study(80, 60, n_trials=20, seed=1)
    p, ours = problem(frame), mixed_model(frame)
    groups = np.hstack([np.eye(p.n_small)[p.small], np.eye(p.n_large)[p.large]])
    which, y = np.repeat([0, 1], [p.n_small, p.n_large]), (p.sign > 0).astype(float)
    theirs = BinomialBayesMixedGLM(y, np.eye(4)[p.cell], groups, which, vcp_p=3).fit_vb()
    assert ours.cells.to_numpy().ravel() == pytest.approx(theirs.fe_mean, abs=0.05)
    assert sorted(ours.sds) == pytest.approx(sorted(np.exp(theirs.vcp_mean)), rel=0.05)
    assert theirs.fe_sd[0] < 0.7 * ours.table["se"][0]


def test_shuffled_rows_and_other_names_change_nothing() -> None:
    frame = study()
    other = frame.sample(frac=1, random_state=1).assign(item_id=lambda x: "i" + x["image"])
    first, second = mixed_table(frame), mixed_model(other, conditions=["ResNet-50", "kNN"]).table
    numbers = list(NUMBERS)
    assert first["term"].tolist() == second["term"].tolist()
    assert first[numbers].to_numpy() == pytest.approx(
        second[numbers].to_numpy(), abs=1e-4, nan_ok=True
    )


def test_another_reference_turns_the_contrasts_round() -> None:
    frame = study()
    one = mixed_model(frame, conditions=["ResNet-50", "kNN"]).table.set_index("term")
    two = mixed_model(frame, conditions=["kNN", "ResNet-50"]).table.set_index("term")
    forth, back = one.loc["kNN - ResNet-50 | AI wrong"], two.loc["ResNet-50 - kNN | AI wrong"]
    assert forth["estimate"] == pytest.approx(-back["estimate"], abs=1e-4)
    assert forth["p"] == pytest.approx(back["p"], abs=1e-4)


def test_p_and_interval_are_those_of_wald() -> None:
    table = mixed_table(study())
    fixed = table[table["kind"] != "random"]
    assert ((fixed["low"] > 0) | (fixed["high"] < 0)).tolist() == (fixed["p"] < 0.05).tolist()
    assert fixed["odds_ratio"].to_numpy() == pytest.approx(np.exp(fixed["estimate"]))


def test_a_cell_that_is_all_correct_is_reported_and_not_fitted() -> None:
    frame = study()
    is_sure = (frame["condition"] == "kNN") & frame["is_ai_correct"]
    fitted = mixed_model(frame.assign(is_correct=frame["is_correct"] | is_sure))
    n = int(is_sure.sum())
    assert f"In kNN, AI correct, {n} of {n} of the responses are correct" in fitted.problem
    assert fitted.problem in fitted.specification
    assert fitted.table["estimate"].isna().all()
    assert fitted.table["term"].tolist() == mixed_table(study())["term"].tolist()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (study().iloc[:0], "There are no responses"),
        (study()[lambda x: x["is_ai_correct"]], "AI wrong, none of the responses"),
        (study().assign(participant_id="p1"), "one participant or one image"),
    ],
)
def test_what_cannot_be_fitted_is_said(frame: DataFrame, message: str) -> None:
    fitted = mixed_model(frame)
    assert message in fitted.problem
    assert fitted.table["estimate"].isna().all()


def test_a_fit_that_does_not_converge_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(p: Problem) -> Fit:
        fit = maximise(p)
        values = {name: getattr(fit, name) for name in fit.__slots__}
        return Fit(**values | {"is_converged": False, "message": "a slope is left."})

    monkeypatch.setattr(mixed, "maximise", failing)
    fitted = mixed_model(study())
    assert "did not converge: a slope is left" in fitted.specification
    assert "Converged after" not in fitted.specification


def test_what_did_not_converge_has_no_numbers() -> None:
    """Each of 12 images is judged alike by all 40 people: the SD of images has no end."""
    n = np.arange(480)
    frame = DataFrame(
        {
            "participant_id": (n // 12).astype(str), "image": (n % 12).astype(str),
            "condition": np.where(n // 12 % 2, "b", "a"), "is_ai_correct": n % 2 == 1,
            "is_correct": n % 12 // 2 % 2 == 1,
        }
    )  # fmt: skip
    fitted = mixed_model(frame)
    assert "did not converge" in fitted.problem
    assert (
        fitted.table["term"].tolist()
        == mixed_table(study(), conditions=["a", "b"])["term"].tolist()
    )
    assert fitted.table[list(NUMBERS)].isna().all(axis=None)
    assert fitted.cells.isna().all(axis=None)
    assert np.isnan(fitted.sds).all()


def test_the_table_says_what_it_was_fitted_to(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = ["n_responses", "n_participants", "n_images"]
    assert mixed_table(study())[counted].drop_duplicates().values.tolist() == [[240, 24, 30]]
    monkeypatch.setattr(mixed, "MAX_ROWS", 205)
    (few,) = mixed_table(study())[counted].drop_duplicates().values.tolist()
    assert few[:2] == [200, 20]


def test_a_huge_study_is_fitted_to_whole_participants_drawn_by_the_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mixed, "MAX_ROWS", 205)
    fitted = mixed_model(study())
    assert "200 of 240 responses: whole participants drawn by seed 0" in fitted.specification
    assert "20 participants" in fitted.specification
    assert fitted.table.equals(mixed_model(study()).table)
    assert not fitted.table.equals(mixed_model(study(), seed=1).table)


def test_one_condition_has_no_contrasts() -> None:
    frame = study()
    table = mixed_table(frame[frame["condition"] == "kNN"])
    assert table["term"].tolist() == ["Intercept", "is_ai_correct", "participant", "image"]
    assert table["estimate"].notna().all()


def test_people_in_several_conditions_have_an_effect_in_each() -> None:
    within = study(n_people=24).assign(participant_id=lambda rows: [
        f"p{int(who[1:]) // 2:03d}" for who in rows["participant_id"]
    ])  # fmt: skip
    apart = within.assign(participant_id=within["participant_id"] + within["condition"])
    own, other = mixed_table(within), mixed_table(apart)
    assert own[list(NUMBERS)].equals(other[list(NUMBERS)])
    assert (own["n_participants"].iloc[0], other["n_participants"].iloc[0]) == (12, 24)
    assert "participant : condition" in own["term"].tolist()
    assert "(1 | participant : condition)" in own.attrs["specification"]
    assert "too wide rather than too narrow" in own.attrs["specification"]
