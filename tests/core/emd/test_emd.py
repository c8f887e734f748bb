"""EMD-Corr against the original's outputs, hand-made toys, and a plain loop."""

import warnings
from collections.abc import Iterable

import numpy as np
import pytest
import torch

from classifiers.core.catalogue import STOPS
from classifiers.core.emd.emd import emd_scores, patch_pairs, scored_pairs
from tests.core.conftest import Golden
from tests.core.oracles import emd_loop, emd_original, random_maps, toy_maps

GOLDEN = ["emd_original_c64.npz", "emd_original_c256_n10.npz"]


def digits(values: Iterable[float], n: int = 6) -> list[str]:
    return [f"{value:.{n}f}" for value in values]


@pytest.mark.parametrize("name", GOLDEN)
def test_scores_and_ranking_are_those_of_the_original(golden: Golden, name: str) -> None:
    original = golden(name)
    maps = torch.from_numpy(original["features"])
    scores = emd_scores(maps[0], maps[1:]).scores.numpy()
    expected = original["scores"][1:]  # slot 0 is the query against itself
    np.testing.assert_allclose(scores, expected, atol=1e-5, rtol=0)
    assert np.argsort(-scores, kind="stable").tolist() == np.argsort(-expected).tolist()


@pytest.mark.parametrize("name", GOLDEN)
def test_plans_are_those_of_the_original(golden: Golden, name: str) -> None:
    original = golden(name)
    maps = torch.from_numpy(original["features"])
    plan = emd_scores(maps[0], maps[1:]).plan.numpy()
    np.testing.assert_allclose(plan[original["plan_pairs"] - 1], original["plan"], atol=1e-5)


@pytest.mark.parametrize("name", GOLDEN)
def test_plan_columns_carry_the_originals_cross_correlation(golden: Golden, name: str) -> None:
    original = golden(name)
    maps = torch.from_numpy(original["features"])
    columns = emd_scores(maps[0], maps[1:]).plan.sum(1).numpy()
    weights = original["cc_query"][1:].reshape(len(columns), -1)
    weights /= weights.sum(1, keepdims=True) + 1e-5
    np.testing.assert_allclose(columns, weights, atol=1e-6)


def test_three_by_three_toy_gives_the_published_digits() -> None:
    maps = toy_maps(4, 6, 3)
    result = emd_scores(maps[0], maps[1:])
    assert digits(result.scores) == ["0.312443", "0.387140", "0.437074"]
    assert result.iterations == 2
    assert digits(result.plan[0].sum()[None]) == ["0.999990"]


def test_three_by_three_toy_has_the_published_marginals() -> None:
    maps = toy_maps(4, 6, 3)
    plan = emd_scores(maps[0], maps[1:]).plan[0]
    rows = ".061050 .091275 .080406 .088974 .145266 .110053 .157388 .165138 .100440"
    query = [
        ".116601",
        ".101725",
        ".096701",
        ".078481",
        ".097722",
        ".107870",
        ".113867",
        ".103192",
        ".154656",
    ]
    weights = np.array(query, dtype=float)
    assert digits(plan.sum(1)) == [f"0{part}" for part in rows.split()]
    expected = weights / (weights.sum() + 1e-5)
    np.testing.assert_allclose(plan.sum(0).numpy(), expected, atol=1e-6)


def test_three_by_three_toy_has_the_published_flows() -> None:
    maps = toy_maps(4, 6, 3)
    result = emd_scores(maps[0], maps[1:])
    pairs = scored_pairs(result.plan[0], result.similarity[0])
    assert (9 * pairs.gallery_cells + pairs.query_cells).tolist() == [64, 53, 41, 33, 61]
    expected = ["0.098084", "0.080640", "0.062102", "0.049667", "0.048719"]
    assert digits(pairs.flows) == expected


def test_coupled_toy_gives_the_published_digits() -> None:
    maps = toy_maps(6, 16, 7, power=8)
    result = emd_scores(maps[0], maps[1:])
    expected = ["0.083893", "0.164209", "0.085785", "0.085184", "0.168840"]
    assert digits(result.scores) == expected
    assert result.iterations == 7
    assert result.scores.argsort(descending=True).tolist() == [4, 1, 2, 3, 0]


def test_per_pair_toy_gives_the_published_digits_and_another_order() -> None:
    # In float64, for the fourth score lies within 4e-9 of where its last digit turns.
    maps = toy_maps(6, 16, 7, power=8).double()
    result = emd_scores(maps[0], maps[1:], stop="per_pair")
    expected = ["0.083893", "0.163114", "0.085785", "0.083504", "0.169696"]
    assert digits(result.scores) == expected
    assert torch.as_tensor(result.iterations).tolist() == [7, 8, 7, 5, 15]
    assert result.scores.argsort(descending=True).tolist() == [4, 1, 2, 0, 3]


def test_coupled_toy_has_the_published_scored_pairs() -> None:
    maps = toy_maps(6, 16, 7, power=8)
    result = emd_scores(maps[0], maps[1:])
    pairs = scored_pairs(result.plan[0], result.similarity[0])
    cells = 49 * pairs.gallery_cells + pairs.query_cells
    assert cells.tolist() == [1031, 245, 635, 1513, 707]
    expected = ["0.022059", "0.020574", "0.020024", "0.018403", "0.018187"]
    assert digits(pairs.flows) == expected


def test_coupled_toy_has_the_published_drawn_pairs_largest_first() -> None:
    maps = toy_maps(6, 16, 7, power=8)
    result = emd_scores(maps[0], maps[1:])
    pairs = patch_pairs(result.plan[0], result.similarity[0])
    assert pairs.query_cells.tolist() == [2, 0, 47, 43, 21]
    assert pairs.gallery_cells.tolist() == [21, 5, 12, 30, 14]


def test_drawn_pairs_never_repeat_a_query_cell_where_scored_pairs_do() -> None:
    plan = torch.tensor([[0.4, 0.0, 0.1], [0.3, 0.05, 0.0], [0.1, 0.05, 0.0]])
    drawn, scored = patch_pairs(plan, plan, 3), scored_pairs(plan, plan, 3)
    assert (drawn.query_cells.tolist(), drawn.gallery_cells.tolist()) == ([0, 2, 1], [0, 0, 1])
    assert (scored.query_cells.tolist(), scored.gallery_cells.tolist()) == ([0, 0, 2], [0, 1, 0])
    assert next(iter(drawn)) == pytest.approx((0, 0, 0.4, 0.4))


def test_the_score_is_the_sum_over_the_scored_pairs() -> None:
    maps = random_maps(4, 32)
    result = emd_scores(maps[0], maps[1:], n_patches=7)
    for plan, similarity, score in zip(result.plan, result.similarity, result.scores, strict=True):
        pairs = scored_pairs(plan, similarity, 7)
        assert float(score) == pytest.approx((pairs.flows * pairs.similarities).sum(), rel=1e-5)


@pytest.mark.parametrize("stop", ["coupled", "per_pair"])
@pytest.mark.parametrize("channels", [8, 64])
def test_agrees_with_the_plain_loop(stop: str, channels: int) -> None:
    maps = random_maps(9, channels, seed=channels)
    result = emd_scores(maps[0], maps[1:], stop=stop)
    scores, iterations = emd_loop(maps[0], maps[1:], stop)
    np.testing.assert_allclose(result.scores, scores, rtol=1e-5)
    assert torch.as_tensor(result.iterations).flatten().tolist() == iterations


def test_per_pair_scores_do_not_depend_on_company() -> None:
    maps = random_maps(6, 256)
    together = emd_scores(maps[0], maps[1:], stop="per_pair").scores
    alone = [emd_scores(maps[0], item[None], stop="per_pair").scores for item in maps[1:]]
    np.testing.assert_allclose(together, torch.cat(alone), atol=1e-6)


def test_memory_layout_does_not_change_scores() -> None:
    maps = random_maps(6, 32)
    last = maps.contiguous(memory_format=torch.channels_last)
    scores = emd_scores(last[0], last[1:]).scores
    np.testing.assert_allclose(scores, emd_scores(maps[0], maps[1:]).scores, rtol=1e-6)


def test_an_image_moves_nothing_but_within_itself_when_patches_are_orthogonal() -> None:
    image = torch.eye(49).reshape(1, 49, 7, 7)
    result = emd_scores(image[0], image)
    assert torch.equal(result.plan[0].argmax(0), torch.arange(49))
    assert float(result.plan[0].trace()) == pytest.approx(1, abs=1e-4)


def test_too_few_iterations_warn_with_the_remedy() -> None:
    maps = toy_maps(6, 16, 7, power=8)
    with pytest.warns(RuntimeWarning, match=r"3 iterations for 5 of 5 pairs\. Raise max_iter"):
        emd_scores(maps[0], maps[1:], max_iterations=3)
    with pytest.warns(RuntimeWarning, match="for 1 of 5 pairs"):
        emd_scores(maps[0], maps[1:], max_iterations=10, stop="per_pair")


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("which", ["query", "gallery", "both"])
def test_an_empty_map_scores_zero_without_nan(stop: str, which: str) -> None:
    maps = random_maps(4, 16)
    query = maps[0] * (which == "gallery")
    gallery = maps[1:] * torch.tensor([which == "query", 1, 1]).reshape(3, 1, 1, 1)
    result = emd_scores(query, gallery, stop=stop)
    assert float(result.scores[0]) == 0
    assert torch.isfinite(result.plan).all()


@pytest.mark.parametrize("stop", ["coupled", "per_pair", "converged"])
def test_constant_maps_spread_the_flow_evenly(stop: str) -> None:
    maps = torch.ones(3, 32, 7, 7)
    plan = emd_scores(maps[0], maps[1:], stop=stop).plan
    np.testing.assert_allclose(plan, torch.full_like(plan, 1 / 49**2), rtol=1e-4)


def test_an_unknown_stop_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'never'; known: coupled, per_pair, converged, exact"):
        emd_scores(torch.ones(2, 7, 7), torch.ones(1, 2, 7, 7), stop="never")


@pytest.mark.parametrize("shape", [(1, 3, 7, 7), (0, 2, 7, 7), (2, 7, 7)])
def test_maps_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Query map \(2, 7, 7\)"):
        emd_scores(torch.ones(2, 7, 7), torch.ones(shape))


@pytest.mark.parametrize("n_patches", [0, 2402])
def test_more_pairs_than_there_are_is_refused(n_patches: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 2401"):
        emd_scores(torch.ones(2, 7, 7), torch.ones(1, 2, 7, 7), n_patches=n_patches)


def test_nothing_is_said_when_all_is_well() -> None:
    maps = random_maps(3, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        emd_scores(maps[0], maps[1:])


def test_three_by_three_toy_has_the_published_cross_correlation() -> None:
    maps = toy_maps(4, 6, 3)
    of_query = ".116601 .101725 .096701 .078481 .097722 .107870 .113867 .103192 .154656"
    of_gallery = ".076356 .104921 .098628 .108150 .126518 .099798 .139566 .103785 .113092"
    pair = emd_scores(maps[0], maps[1:], stop="converged").plan[0].double()
    total = sum(float(part) for part in of_query.split())
    for sums, printed in ((pair.sum(0), of_query), (pair.sum(1), of_gallery)):
        assert digits(sums * (total + 1e-5)) == [f"0{part}" for part in printed.split()]


def test_the_query_against_itself_gives_the_published_digits() -> None:
    # Slot 0 of the original: with the query in the gallery, its pair stops with the others.
    for toy, expected in ((toy_maps(4, 6, 3), "0.558758"), (toy_maps(6, 16, 7, 8), "0.250915")):
        assert digits(emd_scores(toy[0], toy).scores[:1]) == [expected]


def test_the_query_against_itself_stops_by_itself_as_published() -> None:
    maps = toy_maps(6, 16, 7, power=8)
    result = emd_scores(maps[0], maps[:1], stop="per_pair")
    assert digits(result.scores) == ["0.250913"]
    assert torch.as_tensor(result.iterations).tolist() == [2]


def test_the_benchs_loop_is_the_same_computation() -> None:
    maps = random_maps(4, 32)
    scores, _ = emd_loop(maps[0], maps[1:])
    np.testing.assert_allclose(emd_original(maps[0], maps[1:]), scores, atol=1e-6)
