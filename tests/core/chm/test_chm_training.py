"""Training the CHM learner, and the learner that is shipped."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pixels
from torch import Tensor

from classifiers.core.backbones.backbones import LoadedBackbone
from classifiers.core.chm.baselines import rules_score
from classifiers.core.chm.chmnet import CHMLearner, learner_of
from classifiers.core.chm.keypoints import fixed_grid, node_coordinates
from classifiers.core.chm.pairs import _resized_waves
from classifiers.core.chm.training import (
    EMBEDDED,
    Settings,
    Training,
    TrainingRefused,
    hough_start,
    learner_score,
    node_loss,
)
from classifiers.core.chm.warped_pairs import (
    Pair,
    PairPlan,
    PairStream,
    normalised,
    photo_read,
    stacked,
)
from classifiers.core.images import ImageRefused, load_rgb, matcher_crop
from tests.core.quick_learner import QuickLearner

CHANNELS = 32
SETTINGS = Settings(batch=1, monitor_every=2)
CELL = 2 / 15


def toy_pair(number: int) -> Pair:
    """Random features and their shift by whole cells, with its truth."""
    rng = np.random.default_rng(number)
    right, down = (int(integer) for integer in rng.integers(-3, 4, 2))
    source = torch.tensor(rng.standard_normal((CHANNELS, 15, 15))).half()
    shift = torch.tensor([[right * CELL], [down * CELL]])
    nodes, points = node_coordinates().T + shift, normalised(fixed_grid()) + shift
    masks = [(item.abs() <= 1).all(0) for item in (nodes, points)]
    return Pair(source, source.roll((down, right), (1, 2)), nodes, masks[0], points, masks[1])


class ToyPairs:
    def batch(self, numbers: Sequence[int]) -> Pair:
        return stacked([toy_pair(number) for number in numbers])


@pytest.fixture
def monitor() -> Pair:
    return ToyPairs().batch([1000])


def new_training(
    monitor: Pair,
    settings: Settings = SETTINGS,
    photos: str = "toy",
    kind: type[CHMLearner] = QuickLearner,
) -> Training:
    learner = kind(CHANNELS)
    hough_start(learner, ToyPairs().batch(range(4)).source, seed=0)
    return Training(learner, ToyPairs(), monitor, settings, {"photos": photos})


def weights(training: Training) -> list[Tensor]:
    return [item.detach().clone() for item in training.learner.state_dict().values()]


def test_a_few_steps_lower_the_loss(monitor: Pair) -> None:
    training = new_training(monitor, kind=CHMLearner)
    before = node_loss(training.learner, monitor).item()
    assert [step.number for step in training.steps(2)] == [1, 2]
    assert node_loss(training.learner, monitor).item() < 0.95 * before


def test_a_learner_that_was_used_can_still_be_trained(monitor: Pair) -> None:
    _resized_waves.cache_clear()
    learner = CHMLearner(CHANNELS)
    encoded = learner.encode(monitor.source.float())
    learner.correlate(encoded, encoded)
    node_loss(learner, monitor).backward()  # type: ignore[no-untyped-call]
    assert learner.conv2ds[0].weight.grad is not None


def test_the_start_matches_before_any_training(monitor: Pair) -> None:
    assert learner_score(new_training(monitor, kind=CHMLearner).learner, monitor).pck_10 > 0.5
    assert learner_score(CHMLearner(CHANNELS), monitor).mean_px > 50  # all points go to the middle


def test_the_starting_kernels_sum_to_what_the_softmax_needs(monitor: Pair) -> None:
    learner = new_training(monitor).learner
    six, four = learner.chm6d.by_group(), learner.chm4d.weight
    assert torch.cat(six).sum().item() == pytest.approx(24)
    assert four.sum().item() == pytest.approx(12)


def test_an_interrupted_training_ends_with_the_same_weights(monitor: Pair, tmp_path: Path) -> None:
    straight, first, second = (new_training(monitor) for _ in range(3))
    list(straight.steps(5))
    list(islice(first.steps(5), 3))  # as Ctrl-C would
    first.save(tmp_path / "state")
    second.resume(tmp_path / "state")
    assert [step.number for step in second.steps(5)] == [4, 5]
    assert all(map(torch.equal, weights(second), weights(straight)))
    assert second.history == straight.history
    assert all(map(torch.equal, second.best.values(), straight.best.values()))


def test_an_interruption_amid_a_step_keeps_the_whole_steps(
    monitor: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, straight = new_training(monitor), new_training(monitor)
    for step in training.steps(9):
        if step.number == 2:
            break
    monkeypatch.setattr(training, "_look", lambda _: pytest.fail("interrupted"))
    with pytest.raises(pytest.fail.Exception):
        list(training.steps(4))
    training.save(tmp_path / "state")
    again = new_training(monitor)
    again.resume(tmp_path / "state")
    list(straight.steps(3))
    assert again.n_done == 3
    assert all(map(torch.equal, weights(again), weights(straight)))


def test_steps_that_are_done_are_not_done_again(monitor: Pair) -> None:
    training = new_training(monitor)
    list(training.steps(2))
    assert list(training.steps(2)) == []


@pytest.mark.parametrize("change", [{"seed": 1}, {"photos": "other"}])
def test_another_training_s_state_is_refused(
    monitor: Pair, tmp_path: Path, change: dict[str, object]
) -> None:
    new_training(monitor).save(tmp_path / "state")
    settings = replace(SETTINGS, seed=int(str(change.get("seed", 0))))
    other = new_training(monitor, settings, str(change.get("photos", "toy")))
    with pytest.raises(TrainingRefused, match=r"holds a training with .*asked for"):
        other.resume(tmp_path / "state")


def test_the_best_monitored_weights_are_the_result(
    monitor: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = new_training(monitor)
    scores = iter([learner_score(training.learner, monitor)] * 2)
    good = replace(next(scores), mean_px=1.0)
    monkeypatch.setattr(
        "classifiers.core.chm.training.learner_score",
        lambda *_: good if training.n_done == 1 else next(scores),
    )
    list(training.steps(2))
    best = weights(training)
    scores = iter([replace(good, mean_px=2.0)])
    list(training.steps(4))
    assert all(map(torch.equal, training.best.values(), best))
    assert [item["step"] for item in training.history] == [2, 4]


# Pairs of photos


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    for number in range(3):
        coarse = Pixels.fromarray(rng.integers(0, 256, (8, 12, 3), dtype=np.uint8))
        coarse.resize((300, 200)).save(tmp_path / f"{number}.png")
    return [str(tmp_path / f"{number}.png") for number in range(3)]


@pytest.mark.parametrize("view", PairPlan().views)
def test_a_photo_is_what_a_matcher_sees(photos: list[str], view: str) -> None:
    pixels = photo_read(photos[0], view)
    seen = np.asarray(matcher_crop(load_rgb(photos[0]), view))
    assert pixels.shape == (3, 240, 240)
    assert np.array_equal(pixels.permute(1, 2, 0), seen)


def test_a_file_that_is_no_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("no")
    with pytest.raises(ImageRefused, match=r"no\.png: Not an image"):
        photo_read(tmp_path / "no.png", "crop")


def test_a_pair_depends_on_seed_stream_and_number_alone(
    lite0: LoadedBackbone, photos: list[str]
) -> None:
    stream = PairStream(lite0, photos, seed=0)
    again = PairStream(lite0, photos, seed=0).batch([1, 4])
    assert all(map(torch.equal, stacked([stream[1], stream[4]]), again))
    for other in (stream[2], replace(stream, seed=1)[1], replace(stream, stream=1)[1]):
        assert not torch.equal(other.nodes, again.nodes[0])


def test_maps_are_those_of_stride_16(lite0: LoadedBackbone, photos: list[str]) -> None:
    pair = PairStream(lite0, photos, seed=0)[0]
    assert pair.source.shape == pair.target.shape == (112, 15, 15)
    assert pair.source.dtype == torch.float16
    assert float(pair.source.min()) < 0  # a linear output


def test_cross_pairs_take_another_photo(lite0: LoadedBackbone, photos: list[str]) -> None:
    own = PairStream(lite0, photos, 0, plan=PairPlan(("weak",)))
    cross = replace(own, plan=PairPlan(("weak",), cross_share=1.0))
    pairs = [stacked([stream[i] for i in range(4)]) for stream in (own, cross)]
    errors = [rules_score(pair)["best cell"].mean_px for pair in pairs]
    assert errors[0] < 0.7 * errors[1]


# The shipped learner


QUERIES = {  # of the demo, so never trained on
    "mono": ("cell0011.png", "cell0462.png", "cell0944.png"),
    "poly": ("cell0064.png", "cell0573.png", "cell1800.png"),
}


def cell_pairs(backbone: LoadedBackbone, kind: str, n: int, *, cross_share: float) -> Pair:
    spec = importlib.util.find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        pytest.skip("elpv_dataset is not installed; make test installs it")
    images = Path(spec.origin).parent / "data" / "images"
    photos = [str(images / name) for name in QUERIES[kind]]
    plan = PairPlan(("medium",), cross_share, ("border",), ("paper",))
    return PairStream(backbone, photos, seed=0, stream=9, plan=plan).batch(range(n))


@pytest.mark.parametrize(("kind", "mean_px"), [("mono", 8.16), ("poly", 5.07)])
def test_the_shipped_learner_matches_cells_it_never_saw(
    lite0: LoadedBackbone, kind: str, mean_px: float
) -> None:
    pairs = cell_pairs(lite0, kind, 8, cross_share=0.0)
    found, rules = learner_score(shipped(), pairs), rules_score(pairs)
    assert found.mean_px == pytest.approx(mean_px, abs=0.3)
    assert 1 - found.pck_10 < 0.3 * (1 - rules["best cell"].pck_10)
    assert found.pck_05 > 0.65


@pytest.mark.parametrize("kind", QUERIES)
def test_the_shipped_learner_matches_different_cells(lite0: LoadedBackbone, kind: str) -> None:
    pairs = cell_pairs(lite0, kind, 4, cross_share=1.0)
    found, rules = learner_score(shipped(), pairs).pck_10, rules_score(pairs)
    assert found > max(rules["best cell"].pck_10, rules["identity"].pck_10)


def shipped() -> CHMLearner:
    return learner_of(torch.load(EMBEDDED, weights_only=True))


def test_the_shipped_weights_load_strictly_and_are_small() -> None:
    state = torch.load(EMBEDDED, weights_only=True)
    assert EMBEDDED.stat().st_size < 360_000
    CHMLearner(112).load_state_dict(state, strict=True)
    assert all(item.isfinite().all() and item.dtype == torch.float32 for item in state.values())
    assert EMBEDDED.with_suffix(".md").is_file()
