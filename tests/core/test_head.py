"""The softmax head against SciPy, and the vote."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from classifiers.core.head import LinearHead, class_activation, head_train
from classifiers.core.vote import majority_vote
from tests.core.oracles import head_objective, random_maps
from tests.core.toys import toy_features

Data = tuple[Tensor, Tensor]


@pytest.fixture
def data() -> Data:
    vectors = toy_features(40).vectors[:, :5].double()
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-12), torch.arange(40) % 3


def test_a_separable_problem_is_solved() -> None:
    labels = torch.arange(60) % 4
    vectors = torch.nn.functional.normalize(torch.eye(4)[labels] + 0.1 * torch.rand(60, 4), dim=1)
    found, probabilities = head_train(vectors, labels, 4).predict(vectors)
    assert torch.equal(found, labels)
    assert float(probabilities.max(1).values.min()) > 0.9


def test_the_optimum_is_the_one_scipy_finds(data: Data) -> None:
    from scipy.optimize import minimize  # takes its time, and only here

    x, labels = data[0].numpy(), data[1].numpy()
    centred = x - x.mean(0)
    best = minimize(head_objective, np.zeros(18), (centred, labels, 0.01), tol=1e-9).x.reshape(3, 6)
    head = head_train(*data, n_classes=3, weight_decay=0.01)
    np.testing.assert_allclose(head.weight, best[:, :-1], atol=1e-5)
    np.testing.assert_allclose(head.bias, best[:, -1] - best[:, :-1] @ x.mean(0), atol=1e-5)


def test_whoever_watches_is_called_at_every_evaluation(data: Data) -> None:
    seen: list[int] = []
    head_train(*data, n_classes=3, on_step=lambda: seen.append(1))
    assert len(seen) > 3


def test_the_seed_does_not_move_the_optimum(data: Data) -> None:
    one, two = (head_train(*data, n_classes=3, seed=seed, weight_decay=0.01) for seed in (0, 1))
    torch.testing.assert_close(one.weight, two.weight, atol=1e-5, rtol=0)
    torch.testing.assert_close(one.predict(data[0])[1], two.predict(data[0])[1], atol=1e-6, rtol=0)


def test_the_same_seed_gives_the_same_bits(data: Data) -> None:
    one, two = (head_train(*data, n_classes=3, seed=5, weight_decay=0.01) for _ in range(2))
    assert torch.equal(one.weight, two.weight)
    assert torch.equal(one.bias, two.bias)


def test_training_works_where_gradients_are_switched_off(data: Data) -> None:
    with torch.no_grad():
        assert head_train(*data, n_classes=3, weight_decay=0.01).weight.shape == (3, 5)


def test_probabilities_sum_to_one(data: Data) -> None:
    labels, probabilities = head_train(*data, n_classes=3, weight_decay=0.01).predict(
        data[0].float()
    )
    torch.testing.assert_close(probabilities.sum(1), torch.ones(40, dtype=torch.float64))
    assert torch.equal(labels, probabilities.argmax(1))


def test_a_head_that_has_not_converged_warns_with_the_remedy(data: Data) -> None:
    with pytest.warns(RuntimeWarning, match="after 2 iterations.*Raise max_iterations"):
        head_train(*data, n_classes=3, max_iterations=2)


@pytest.mark.parametrize("shape", [(0, 5), (39, 5), (40,)])
def test_vectors_without_labels_are_refused(data: Data, shape: tuple[int, ...]) -> None:
    labels = data[1] if shape[0] else data[1][:0]
    with pytest.raises(ValueError, match=r"expected \(N, C\) and \(N,\)"):
        head_train(torch.zeros(shape), labels, 3)


@pytest.mark.parametrize("offset", [-1, 1])
def test_labels_outside_the_classes_are_refused(data: Data, offset: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 2"):
        head_train(data[0], data[1] + offset, 3)


@pytest.mark.parametrize("weight_decay", [0, -1])
def test_a_head_without_penalty_is_refused(data: Data, weight_decay: float) -> None:
    with pytest.raises(ValueError, match="expected a positive number"):
        head_train(*data, n_classes=3, weight_decay=weight_decay)


def test_nothing_is_said_when_the_head_converges(data: Data) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        head_train(*data, n_classes=3, weight_decay=0.01)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [([3, 1, 1], (1, 2)), ([5, 2, 5, 2], (2, 2)), ([9], (9, 1)), ([2, 0, 1], (0, 1))],
)
def test_the_majority_wins_and_ties_go_to_the_smallest_class(
    labels: list[int], expected: tuple[int, int]
) -> None:
    assert majority_vote(labels) == expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_the_vote_is_the_first_maximum_of_a_dense_count(labels: list[int]) -> None:
    counts = np.bincount(labels, minlength=6)
    assert majority_vote(labels) == (int(counts.argmax()), int(counts.max()))


def test_nobody_cannot_vote() -> None:
    with pytest.raises(ValueError, match="No voters"):
        majority_vote([])


@pytest.mark.parametrize("is_own", [False, True])
def test_the_mean_of_a_class_activation_map_and_the_bias_are_the_logit(is_own: bool) -> None:
    maps = random_maps(1, 6, seed=4)[0].double()
    seed = None if is_own else 0
    head = LinearHead(torch.arange(18.0).reshape(3, 6).double().sin(), torch.ones(3).double(), seed)
    pooled = maps.mean((1, 2))
    pooled = pooled if is_own else pooled / pooled.norm()
    for label in range(3):
        found = class_activation(head, maps, label)
        logit = head.weight[label] @ pooled + head.bias[label]
        assert float(found.mean() + head.bias[label]) == pytest.approx(float(logit))
        by_hand = sum(head.weight[label, c] * maps[c, 2, 5] for c in range(6))
        scale = 1 if is_own else maps.mean((1, 2)).norm()
        assert float(found[2, 5]) == pytest.approx(float(by_hand / scale))
