"""Standard errors of few people: REML in closed form, Student's t test, a brute-force maximum."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import DataFrame
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import t as student
from scipy.stats import ttest_ind

from analysis.power.simulated import Layout, simulated_responses
from analysis.stats.detection import detection_model
from analysis.stats.detection_data import fitted_answers
from analysis.stats.detection_fit import Rows, _Objective, maximise_detection
from analysis.stats.laplace import Floats, NotFitted
from analysis.stats.laplace_blocks import GroupLikelihood
from analysis.stats.restricted import restricted_covariance
from tests.analysis.stats.detection_worlds import BIASED
from tests.analysis.stats.test_detection import POINT, small
from trials.simulation.behaviour import Behaviour


def normal(n: int) -> float:
    """Return by how much the variance of means grows: n people in two arms, normal values."""
    size = np.full(2, n / 2)

    def minus_log(point: Floats) -> float:
        beta, sd = point[:2], point[2]
        return float(n * np.log(sd) + (n + size @ beta**2) / (2 * sd**2))  # ML: β̂ = 0, σ̂ = 1

    point = np.array([0.0, 0.0, 1.0])
    covariance = np.diag([2 / n, 2 / n, 1 / (2 * n)])
    found = restricted_covariance(
        minus_log, lambda at: np.diag(size / at[2] ** 2), point, covariance, np.zeros(1)
    )
    assert found[2, 2] == covariance[2, 2]
    return float(found[0, 0] / covariance[0, 0])


@pytest.mark.parametrize(("n", "off"), [(10, 0.05), (20, 0.01), (60, 0.001), (2000, 1e-6)])
def test_variances_of_a_linear_model_have_the_divisor_of_reml(n: int, off: float) -> None:
    assert normal(n) == pytest.approx(n / (n - 2), abs=off)


def test_the_information_is_that_of_whole_matrices() -> None:
    a, point = small(), POINT
    beta, (l11, l21, l22, sigma, tau) = point[:4], point[4:]
    likelihood = GroupLikelihood(a)
    found = likelihood.information(point)
    v = likelihood._v
    of_person = np.array([[l11, 0], [l21, l22]])[a.kind]
    photo = a.pair_photo[a.pair]
    eta = beta[a.cell] + (of_person * v.person.reshape(-1, 2)[a.person]).sum(axis=1)
    chance = expit(eta + sigma * v.photo[photo] + tau * v.pair[a.pair])
    alike = [np.equal.outer(codes, codes) for codes in (a.person, photo, a.pair)]
    spread = alike[0] * (of_person @ of_person.T) + alike[1] * sigma**2 + alike[2] * tau**2
    x = np.eye(4)[a.cell]
    whole = x.T @ np.linalg.solve(np.diag(1 / (chance * (1 - chance))) + spread, x)
    assert found == pytest.approx(whole, abs=1e-8)


def study(n: int, *, layout: Layout | None = None, who: Behaviour = BIASED) -> DataFrame:
    layout = layout or Layout(n_sets=5)
    return simulated_responses({"a": who, "b": who}, n_participants=n, layout=layout, seed=3)


def rows_of(frame: DataFrame) -> Rows:
    return fitted_answers(frame, ("a", "b"), 0).rows


def test_with_many_answers_the_test_is_student_s_over_people() -> None:
    """200 answers a person: log odds of a person are known, and Student's t test is exact."""
    who = Behaviour(0.7, 0.4, sd_skill=0.6, sd_bias=0.8)
    frame = study(10, layout=Layout(n_test=200, n_sets=1), who=who)
    table = detection_model(frame, conditions=("a", "b"), pairs=(("a", "b"),)).table
    ours = table[table["kind"] == "contrast"].set_index("quantity")
    accepted = frame["is_correct"] == frame["is_ai_correct"]
    by = [frame["condition"].astype("str"), frame["participant_id"], frame["is_ai_correct"]]
    odds = logit(accepted.groupby(by).mean()).unstack()
    for name, values in (
        ("sensitivity", odds[True] - odds[False]),
        ("criterion", -(odds[True] + odds[False]) / 2),
    ):
        theirs = ttest_ind(values["a"], values["b"])
        assert ours["se"][name] == pytest.approx(
            (values["a"].mean() - values["b"].mean()) / theirs.statistic, rel=0.02
        )
        assert ours["p"][name] == pytest.approx(
            2 * student.sf(abs(ours["estimate"] / ours["se"])[name], theirs.df)
        )


def test_the_step_goes_where_the_restricted_likelihood_is_largest() -> None:
    """Against a general minimiser over coefficients and spreads together."""
    rows = rows_of(study(10))
    fit = maximise_detection(rows)
    k, point = 4, np.concatenate([fit.beta, fit.spreads])
    objective = _Objective(rows, fit.is_penalised)
    free = np.flatnonzero(np.diag(fit.covariance) > 0)

    def at(x: Floats) -> Floats:
        there = point.copy()
        there[free] += x
        return there

    def restricted(x: Floats) -> float:
        information = objective.information(at(x))
        return objective(at(x))[0] + float(np.linalg.slogdet(information)[1]) / 2

    size = np.sqrt(np.diag(fit.covariance)[free])
    found = minimize(
        lambda x: restricted(x * size), np.zeros(free.size), method="BFGS", options={"gtol": 0.03}
    )
    grown = np.linalg.inv(objective.information(at(found.x * size)))
    grown -= np.linalg.inv(objective.information(point))
    step = (fit.restricted - fit.covariance)[:k, :k]
    assert np.diag(step) == pytest.approx(np.diag(grown), rel=0.1)


def test_few_people_widen_intervals_and_many_hardly_do() -> None:
    layout = Layout(n_test=16, n_sets=5)
    few, many = (maximise_detection(rows_of(study(n, layout=layout))) for n in (10, 80))
    wider = [np.diag(fit.restricted)[:4] / np.diag(fit.covariance)[:4] for fit in (few, many)]
    assert (wider[0] > 1.05).all()
    assert ((wider[1] > 1) & (wider[1] < 1.04)).all()


def test_estimates_are_those_of_maximum_likelihood() -> None:
    frame = study(10)
    found = detection_model(frame, conditions=("a", "b"), pairs=())
    assert found.fit is not None
    own = found.table.set_index(["a", "quantity"])["estimate"]
    wrong, right = found.fit.beta[:2]
    assert own["a", "sensitivity"] == pytest.approx(right - wrong)
    assert found.fit.covariance[4:, 4:] == pytest.approx(found.fit.restricted[4:, 4:])


def test_without_a_spread_the_covariance_stays() -> None:
    covariance = np.diag([1.0, 1.0, 0.0])
    same = restricted_covariance(
        lambda _: 0.0, lambda _: np.eye(2), np.zeros(3), covariance, np.zeros(1)
    )
    assert same is covariance


def test_a_step_that_does_not_raise_the_likelihood_is_not_taken() -> None:
    point, covariance = np.array([0.0, 0.0, 1.0]), np.diag([0.2, 0.2, 0.05])

    def cliff(there: Floats) -> float:
        if there[2] > 1.03:
            raise NotFitted("far away")
        return float(1e3 * abs(there[2] - 1))

    same = restricted_covariance(
        cliff, lambda at: np.eye(2) / at[2] ** 2, point, covariance, np.zeros(1)
    )
    assert same is covariance
