"""The plans that do not stop early, converged and exact, against POT and the marginals.

Tests that ask POT import it, for it takes a second that each test process would spend.
"""

import numpy as np
import pytest
import torch

from classifiers.core.emd import transport
from classifiers.core.emd.emd import emd_scores
from tests.core.oracles import marginals_loop, random_maps, toy_maps


@pytest.mark.parametrize("maps", [toy_maps(4, 6, 3), random_maps(5, 64)], ids=["toy", "random"])
@pytest.mark.parametrize("epsilon", [0.05, 0.2])
def test_a_converged_plan_is_that_of_pot(maps: torch.Tensor, epsilon: float) -> None:
    import ot

    maps = maps.double()
    result = emd_scores(maps[0], maps[1:], stop="converged", epsilon=epsilon)
    for plan, similarity in zip(result.plan.numpy(), result.similarity.numpy(), strict=True):
        u, v = plan.sum(1), plan.sum(0)
        expected = ot.sinkhorn(u, v, 1 - similarity, epsilon, stopThr=1e-12, numItermax=9000)
        np.testing.assert_allclose(plan, expected, atol=1e-8)


@pytest.mark.parametrize("stop", ["converged", "exact"])
def test_plans_without_a_rule_to_stop_early_have_both_marginals(stop: str) -> None:
    maps = random_maps(5, 64)
    plans = emd_scores(maps[0], maps[1:], stop=stop).plan
    for plan, each in zip(plans, maps[1:], strict=True):
        u, v = marginals_loop(maps[0].flatten(1).T, each.flatten(1).T)
        np.testing.assert_allclose(plan.sum(1), u, atol=2e-8)
        np.testing.assert_allclose(plan.sum(0), v, atol=2e-8)


def test_an_exact_plan_costs_what_pot_says_and_no_other_plan_costs_less() -> None:
    import ot

    maps = random_maps(5, 64).double()
    exact = emd_scores(maps[0], maps[1:], stop="exact")
    cost = 1 - exact.similarity
    for plan, each in zip(exact.plan.numpy(), cost.numpy(), strict=True):
        assert (plan * each).sum() == pytest.approx(ot.emd2(plan.sum(1), plan.sum(0), each))
    converged = emd_scores(maps[0], maps[1:], stop="converged").plan
    assert ((exact.plan * cost).sum((1, 2)) < (converged * cost).sum((1, 2))).all()
    assert torch.as_tensor(exact.iterations).tolist() == [0] * 4


def test_a_small_epsilon_brings_the_converged_score_near_the_exact_one() -> None:
    maps = random_maps(3, 64).double()
    exact = emd_scores(maps[0], maps[1:], stop="exact")
    near = emd_scores(maps[0], maps[1:], stop="converged", epsilon=0.005)
    assert (near.plan - exact.plan).abs().sum() < 0.5


def test_an_epsilon_that_float64_cannot_hold_is_refused_with_the_remedy() -> None:
    maps = random_maps(2, 32)
    with pytest.raises(ValueError, match=r"0\.004.*at least 0\.005\. stop='exact'"):
        emd_scores(maps[0], maps[1:], stop="converged", epsilon=0.004)


def test_a_plan_that_does_not_converge_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONVERGED_MAX_ITERATIONS", 2)
    maps = random_maps(3, 64)
    with pytest.warns(RuntimeWarning, match=r"in 2 iterations for 2 of 2 pairs\. Raise epsilon"):
        emd_scores(maps[0], maps[1:], stop="converged")
