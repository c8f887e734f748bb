"""The CHM learner, against the original's outputs, hand-made toys and the plain formulation."""

from functools import cache

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from classifiers.core.chm.chmnet import CHMLearner, fixed_grid, learner_of, transfer_keypoints
from classifiers.core.chm.hough import KERNELS
from tests.core.conftest import Golden
from tests.core.oracles_chm import (
    conv6d,
    correlations,
    kernel_6d,
    learner_plain,
    toy_learner,
    toy_pair,
)

GOLDEN = "chm_learner_original_c64.npz"


@cache  # with the spectra that it keeps of its kernels
def random_learner(kernel: str = "psi") -> CHMLearner:
    """Return the learner that tests share; one that changes it takes ``own_learner``."""
    return own_learner(kernel)


def own_learner(kernel: str = "psi") -> CHMLearner:
    torch.manual_seed(0)
    learner = CHMLearner(8, kernel)
    for weights in (*learner.chm6d.parameters(), *learner.chm4d.parameters()):
        weights.data *= 100
    return learner.eval()


def random_features(n: int) -> Tensor:
    return torch.randn(n, 8, 15, 15, generator=torch.Generator().manual_seed(n))


def near(*published: float) -> object:
    """The published digits; the original's own rounding is in the last one."""
    return pytest.approx(published, abs=3e-6, rel=0)


@pytest.fixture(scope="module")
def toy() -> tuple[Tensor, Tensor]:
    """What the plain formulation gives for the toy, and what the learner gives."""
    learner, (source, target) = toy_learner(), toy_pair()
    with torch.no_grad():
        return learner_plain(learner, source, target), learner(source[None], target[None])[0]


def original(golden: Golden) -> tuple[dict[str, Tensor], CHMLearner]:
    arrays = {name: torch.from_numpy(each) for name, each in golden(GOLDEN).items()}
    state = {name[6:]: each for name, each in arrays.items() if name.startswith("param/")}
    return arrays, learner_of(state)


def test_rows_are_those_of_the_original(golden: Golden) -> None:
    arrays, learner = original(golden)
    correlation = learner(arrays["source"], arrays["target"])
    rows = correlation[:, arrays["corr_row_ids"]]
    torch.testing.assert_close(rows, arrays["corr_rows"], atol=1e-4, rtol=0)
    torch.testing.assert_close(correlation.mean((1, 2)), arrays["corr_mean"], atol=1e-4, rtol=0)


def test_transferred_points_are_those_of_the_original(golden: Golden) -> None:
    # Each row of this file has two best targets that differ by a rounding error, so that only
    # the original's own order of arithmetic finds its maxima: the plain formulation has it.
    arrays, learner = original(golden)
    pairs = zip(arrays["source"], arrays["target"], strict=True)
    correlation = torch.stack([learner_plain(learner, *pair) for pair in pairs])
    moved = transfer_keypoints(20 * correlation, fixed_grid())
    expected = arrays["transferred_from_corr_times_20"].float()
    torch.testing.assert_close(moved, expected, atol=1e-5, rtol=0)


def test_the_toy_has_the_published_correlations() -> None:
    learner, (source, target) = toy_learner(), toy_pair()
    with torch.no_grad():
        x = correlations(learner, source, target)
        y = conv6d(x, kernel_6d(learner)) + learner.chm6d.bias
    seen = x.mean(), x.max(), x[0, 1, 3, 4, 5, 6], x[2, 2, 7, 7, 7, 7]
    assert [float(item) for item in seen] == near(0.209345, 0.999693, 0.097022, 0.717383)
    also = y.mean(), y[1, 1, 7, 7, 7, 7], y[0, 2, 0, 0, 14, 14]
    assert [float(item) for item in also] == near(2.792186, 6.676029, 0.012497)


def test_the_toy_has_the_published_output(toy: tuple[Tensor, Tensor]) -> None:
    plain, seen_by_learner = toy
    seen = plain.mean(), plain.max(), plain[0, 0], plain[465, 465], plain[123, 456]
    expected = near(15.512747, 21.088268, 0.139487, 21.069099, 20.657250)
    assert [float(item) for item in seen] == expected
    assert divmod(int(plain.argmax()), 900) == (558, 200)
    torch.testing.assert_close(seen_by_learner, plain, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("factor", "published"),
    [  # x of five points, then y
        (1, ".460890 .167206 .473504 .514964 .380619 "
         "-.481066 -.437227 -.474166 -.467186 -.386681"),
        (20, ".551145 .194343 .548550 .582307 .463194 "
         "-.567308 -.500587 -.542618 -.516478 -.467047"),
    ],
)  # fmt: skip
def test_the_toy_has_the_published_points(
    toy: tuple[Tensor, Tensor], factor: int, published: str
) -> None:
    moved = transfer_keypoints(factor * toy[0][None], fixed_grid())[0][:, [0, 1, 7, 24, 48]]
    expected = torch.tensor([float(value) for value in published.split()])  # every x, then y
    torch.testing.assert_close(moved.flatten(), expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_gives_the_plain_formulation(kernel: str) -> None:
    # Three pairs: two share a transform, the last one has it for itself.
    learner, source, target = random_learner(kernel), random_features(3), random_features(3) - 0.5
    pair = {"psi": 2, "iso": 0, "full": 1}[kernel]
    with torch.no_grad():
        seen = learner(source, target)[pair]
    expected = learner_plain(learner, source[pair], target[pair])
    torch.testing.assert_close(seen, expected, atol=1e-4, rtol=1e-5)


def test_one_source_serves_many_targets() -> None:
    learner, source, targets = random_learner(), random_features(1), random_features(3)
    with torch.no_grad():
        expected = learner(source.expand(3, -1, -1, -1), targets)
        kept, source_kept = learner.encode(targets), learner.encode(source)
    for given in (source_kept[0], source_kept.expand(3, -1, -1, -1)):
        torch.testing.assert_close(learner.correlate(given, kept), expected, atol=1e-5, rtol=1e-5)


def test_correlate_is_the_learner_on_encoded_pairs() -> None:
    learner, source, targets = random_learner(), random_features(3), random_features(3) + 0.1
    with torch.no_grad():
        expected = learner(source, targets)
        seen = learner.correlate(learner.encode(source), learner.encode(targets))
    # Several threads may add in another order.
    torch.testing.assert_close(seen, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_transfer_streams_the_same_points(n_threads: int) -> None:
    learner, before = random_learner(), torch.get_num_threads()
    with torch.no_grad():
        source, targets = learner.encode(random_features(1))[0], learner.encode(random_features(3))
    expected = transfer_keypoints(learner.correlate(source, targets), fixed_grid())
    torch.set_num_threads(n_threads)
    try:
        seen = learner.transfer(source, targets, fixed_grid())
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=0)


def test_company_does_not_change_a_pair() -> None:
    learner = random_learner()
    with torch.no_grad():
        source, targets = learner.encode(random_features(1))[0], learner.encode(random_features(3))
    together = learner.correlate(source, targets)
    alone = torch.cat([learner.correlate(source, target[None]) for target in targets])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_changed_weights_change_the_output() -> None:
    learner, features = own_learner(), random_features(1)
    with torch.no_grad():
        kept = learner.encode(features)
        before = learner.correlate(kept[0], kept)
        learner.chm4d.weight.mul_(2)
    assert not torch.equal(learner.correlate(kept[0], kept), before)


@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_flat_features_give_numbers(fill: float) -> None:
    learner = random_learner()
    with torch.no_grad():
        correlation = learner(torch.full((1, 8, 15, 15), fill), random_features(1))
    assert correlation.isfinite().all()
    assert transfer_keypoints(correlation, fixed_grid()).isfinite().all()


def test_the_learner_can_be_trained() -> None:
    learner = own_learner()
    learner(random_features(2), random_features(2)).mean().backward()
    for name, each in learner.named_parameters():
        assert each.grad is not None, name
        assert each.grad.isfinite().all(), name
        assert each.grad.abs().sum() > 0, name


def test_the_gradient_is_the_slope() -> None:
    learner, source, target = own_learner(), random_features(1), random_features(1) + 0.1
    learner(source, target).mean().backward()
    weights = learner.chm4d.weight
    assert weights.grad is not None
    means, step = [], 0.005
    with torch.no_grad():
        for sign in (1, -1):
            weights.add_(sign * step * weights.grad.sign())
            means.append(float(learner(source, target).double().mean()))
            weights.sub_(sign * step * weights.grad.sign())
    slope = (means[0] - means[1]) / (2 * step)
    assert slope == pytest.approx(float(weights.grad.abs().sum()), rel=0.02)


@pytest.mark.parametrize(("kernel", "n"), [("psi", 277), ("iso", 62), ("full", 5625 + 625 + 2)])
def test_the_hough_layers_have_the_published_number_of_weights(kernel: str, n: int) -> None:
    learner = CHMLearner(8, kernel)
    layers = (learner.chm6d, learner.chm4d)
    assert sum(parameter.numel() for layer in layers for parameter in layer.parameters()) == n


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_state_dict_tells_its_learner(kernel: str) -> None:
    learner = random_learner(kernel)
    loaded = learner_of(learner.state_dict())
    assert (loaded.kernel, loaded.feat_dim) == (kernel, 8)
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_the_published_names_are_the_learners() -> None:
    state = CHMLearner(16).state_dict()
    assert sorted(state) == sorted(
        [f"conv2ds.{s}.weight" for s in range(3)]
        + [f"chm6d.param.{g}" for g in range(4)]
        + ["chm6d.bias", "chm4d.weight", "chm4d.bias"]
    )


def test_a_foreign_state_dict_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['fc.weight'\]...; expected those of a CHM learner"):
        learner_of({"fc.weight": torch.zeros(2)})
    broken = random_learner().state_dict()
    broken["chm4d.bias"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"(?s)Not the weights of a CHM learner.*chm4d.bias"):
        learner_of(broken)


@pytest.mark.parametrize("feat_dim", [0, 2, 30])
def test_channels_must_divide_by_four(feat_dim: int) -> None:
    with pytest.raises(ValueError, match=f"feat_dim is {feat_dim}; expected a positive multiple"):
        CHMLearner(feat_dim)


def test_features_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 8, 14, 14\); expected \(B, 8, 15, 15\)"):
        random_learner().encode(torch.zeros(1, 8, 14, 14))


@pytest.mark.parametrize("targets", [torch.zeros(0, 3, 225, 2), torch.zeros(1, 3, 225, 4)])
def test_encoded_features_that_do_not_fit_are_refused(targets: Tensor) -> None:
    with pytest.raises(ValueError, match=r"Source \(3, 225, 2\), targets"):
        random_learner().correlate(torch.zeros(3, 225, 2), targets)


def test_encoded_scales_are_resized_unit_vectors() -> None:
    learner, features = random_learner(), random_features(1)
    with torch.no_grad():
        kept = learner.encode(features)[0, 1]  # (225, 2), the scale that is not resized
        expected = F.normalize(learner.conv2ds[1](features)[0].flatten(1), dim=0).T
    torch.testing.assert_close(kept, expected)
