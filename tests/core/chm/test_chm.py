"""CHM-Corr's scores, against loops over cells and the published example of mirrored axes."""

import pytest
import torch
from torch import Tensor

from classifiers.core.chm.chm import chm_scores
from classifiers.core.chm.keypoints import target_cells
from classifiers.core.emd.patch_maps import PatchMaps
from tests.core.oracles import marginals_loop, random_maps


def random_points(n: int, seed: int = 0) -> Tensor:
    return 2 * torch.rand(n, 2, 49, generator=torch.Generator().manual_seed(seed)) - 1


def same_points(n: int = 1) -> Tensor:
    """Send each key point to the centre of its own cell."""
    at = (torch.arange(7) + 0.5) * 2 / 7 - 1
    return torch.stack([at.repeat_interleave(7), at.repeat(7)]).expand(n, 2, 49)


def scores_loop(
    query: Tensor,
    gallery: Tensor,
    points: Tensor,
    mask: Tensor | None = None,
    paper: bool = False,
) -> list[float]:
    """Return the scores of each gallery image, cell by cell."""
    scores = []
    for image, moved in zip(gallery, points, strict=True):
        _, weights = marginals_loop(query.flatten(1).T, image.flatten(1).T)
        scaled = (weights - weights.min()) / (weights.max() - weights.min())
        counts = (scaled >= 0.55).reshape(7, 7) if mask is None else mask
        values = []
        for row in range(7):
            for column in range(7):
                point = 7 * row + column if paper else 7 * column + row
                x, y = ((7 * (moved[:, point] + 1) / 2).long().clamp(0, 6)).tolist()
                there = image[:, x, y] if paper else image[:, y, x]
                cosine = torch.cosine_similarity(query[:, row, column], there, dim=0)
                values.append(float(cosine) * float(counts[row, column]))
        best = sorted(values, reverse=True)
        scores.append(sum(best[:5]) / 5 if mask is None else sum(values) / 49)
    return scores


@pytest.mark.parametrize("paper", [False, True])
@pytest.mark.parametrize("has_mask", [False, True])
def test_scores_are_the_loop_over_cells(paper: bool, has_mask: bool) -> None:
    maps, points = random_maps(6, 32), random_points(5)
    mask = torch.rand(7, 7, generator=torch.Generator().manual_seed(1)) < 0.3 if has_mask else None
    seen = chm_scores(maps[0], maps[1:], points, mask=mask, paper=paper).scores
    expected = scores_loop(maps[0], maps[1:], points, mask, paper)
    assert seen.tolist() == pytest.approx(expected, abs=1e-6)


def test_paper_mirrors_the_axes_as_published() -> None:
    # Points (18, 18) and (18, 52) of 240 pixels go to (84, 18) and (84, 52): two cells right.
    points = same_points().clone()
    points[:, 0] += 2 * 2 / 7
    maps = torch.zeros(2, 49, 7, 7)
    maps[0].view(49, 49).fill_diagonal_(1)  # each query cell has a channel of its own
    for paper, partner in ((False, (0, 2)), (True, (2, 0))):
        maps[1].zero_()
        maps[1, 0, *partner] = 1  # only there does a gallery patch look like query cell (0, 0)
        result = chm_scores(maps[0], maps[1:], points, paper=paper)
        assert result.similarity[0, 0] == 1
        assert divmod(int(result.cells[0, 0]), 7) == (0, 2)  # what is drawn is the true one


def test_an_image_corresponds_to_itself() -> None:
    query = random_maps(1, 16)[0]
    result = chm_scores(query, query[None], same_points())
    assert result.cells[0].tolist() == list(range(49))
    torch.testing.assert_close(result.similarity, torch.ones(1, 49))
    torch.testing.assert_close(result.scores, torch.ones(1))


def test_company_and_form_of_the_gallery_do_not_matter() -> None:
    maps, points = random_maps(5, 16), random_points(4)
    together = chm_scores(maps[0], maps[1:], points).scores
    prepared = chm_scores(maps[0], PatchMaps.of(maps[1:]), points).scores
    alone = [chm_scores(maps[0], maps[i : i + 1], points[i - 1 : i]).scores for i in range(1, 5)]
    torch.testing.assert_close(together, prepared)
    torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_flat_maps_count_nowhere(fill: float) -> None:
    maps = torch.full((2, 8, 7, 7), fill)
    result = chm_scores(maps[0], maps[1:], same_points())
    assert result.scores.tolist() == [0]
    assert result.pairs(0, 5) == []
    assert result.similarity.isfinite().all()


def test_fewer_cells_than_patches_leave_zeros_in_the_mean() -> None:
    query = torch.zeros(1, 7, 7)
    query[0, 0, :2] = 1
    result = chm_scores(query, query[None], same_points(), n_patches=5)
    assert result.scores.tolist() == pytest.approx([2 / 5])
    assert [pair[0] for pair in result.pairs(0, 5)] == [0, 1]


def test_pairs_are_the_best_cells_of_the_mask() -> None:
    maps, points = random_maps(2, 32), random_points(1)
    result = chm_scores(maps[0], maps[1:], points)
    pairs = result.pairs(0, 5)
    values = (result.similarity * result.mask)[0]
    assert [pair[2] for pair in pairs] == values.topk(5).values.tolist()
    columns, rows = target_cells(points)[0]
    for cell, partner, _, _ in pairs:
        point = 7 * (cell % 7) + cell // 7
        assert partner == 7 * int(rows[point]) + int(columns[point])


def test_a_mask_draws_all_of_its_cells() -> None:
    maps, mask = random_maps(2, 8), torch.zeros(7, 7, dtype=torch.bool)
    mask[2, 3:6] = True
    result = chm_scores(maps[0], maps[1:], random_points(1), mask=mask)
    assert sorted(pair[0] for pair in result.pairs(0, 49)) == [17, 18, 19]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gallery": torch.zeros(0, 4, 7, 7)}, r"gallery maps \(0, 4, 7, 7\)"),
        ({"gallery": torch.zeros(1, 5, 7, 7)}, "with the same C"),
        ({"transferred": torch.zeros(2, 2, 49)}, r"transferred points \(2, 2, 49\); expected"),
        ({"n_patches": 50}, "n_patches is 50; expected 1 to 49"),
        ({"mask": torch.zeros(49)}, r"Mask \(49,\); expected \(7, 7\)"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    given = {
        "query": torch.zeros(4, 7, 7),
        "gallery": torch.zeros(1, 4, 7, 7),
        "transferred": torch.zeros(1, 2, 49),
    }
    with pytest.raises(ValueError, match=message):
        chm_scores(**{**given, **change})  # type: ignore[arg-type]
