"""Weight sharing and the convolutions, against their definitions written as loops."""

import itertools

import pytest
import torch
from torch import Tensor

from classifiers.core.chm.hough import (
    KERNELS,
    SCALE_GROUPS,
    correlate_4d,
    correlate_6d,
    is_even,
    mixing,
    scale_kernels,
    sharing,
    spectrum,
)
from tests.core.oracles_chm import conv4d, conv6d

LENGTH = 8


def random_kernels(kernel: str) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    groups, size = SCALE_GROUPS[kernel], sharing(kernel).size
    return scale_kernels(kernel, [torch.randn(len(size), generator=generator) for _ in groups])


def complex_signal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))


def brute_4d(x: Tensor, kernel: Tensor) -> Tensor:
    """Correlate (n, n, n, n) with (5, 5, 5, 5) by a loop over taps."""
    n = x.shape[0]
    padded = torch.nn.functional.pad(x, (2,) * 8)
    y = torch.zeros_like(x)
    for i, j, k, m in itertools.product(range(5), repeat=4):
        y += kernel[i, j, k, m] * padded[i : i + n, j : j + n, k : k + n, m : m + n]
    return y


@pytest.mark.parametrize(("kernel", "n"), [("psi", 55), ("iso", 15), ("full", 625)])
def test_a_kernel_has_the_published_number_of_weights(kernel: str, n: int) -> None:
    shared = sharing(kernel)
    assert len(shared.size) == n
    assert int(shared.size.sum()) == len(shared.group) == 625


def test_psi_groups_come_in_the_published_order_with_the_published_sizes() -> None:
    sizes = sharing("psi").size.tolist()
    assert sizes[:8] == [4, 16, 16, 16, 8, 8, 16, 16]
    assert sizes[-8:] == [8, 16, 4, 4, 8, 8, 4, 1]


def test_a_shared_weight_is_the_sum_of_its_taps() -> None:
    weights = torch.arange(1.0, 56)
    taps, group = sharing("psi").spread(weights), sharing("psi").group
    sums = torch.zeros(55).index_add(0, group, taps)
    torch.testing.assert_close(sums, weights)


def test_shared_kernels_are_symmetric() -> None:
    kernel = random_kernels("psi")[0]
    assert torch.equal(kernel, kernel.permute(2, 3, 0, 1))  # source and target exchanged
    assert torch.equal(kernel, kernel.permute(1, 0, 3, 2))  # rows and columns exchanged
    assert is_even(kernel)
    assert not is_even(random_kernels("full"))


def test_an_unknown_kernel_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'round'; known: psi, iso, full"):
        sharing("round")


def test_the_plain_4d_convolution_is_the_sum_over_taps() -> None:
    x, kernel = complex_signal(6, 6, 6, 6).real, random_kernels("full")[0]
    torch.testing.assert_close(
        conv4d(x[None], kernel[None])[0, 0], brute_4d(x, kernel), atol=1e-4, rtol=0
    )


def test_the_plain_6d_convolution_is_the_sum_over_taps() -> None:
    x, kernels = (
        complex_signal(3, 3, 4, 4, 4, 4).real,
        random_kernels("full").reshape(3, 3, *[5] * 4),
    )
    expected = torch.zeros_like(x)
    for a, b, c, d in itertools.product(range(3), repeat=4):
        if abs(c - a) <= 1 and abs(d - b) <= 1:
            expected[a, b] += brute_4d(x[c, d], kernels[c - a + 1, d - b + 1])
    torch.testing.assert_close(conv6d(x, kernels), expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_two_pairs_share_a_4d_transform(kernel: str) -> None:
    x, taps = complex_signal(6, 6, 6, 6), random_kernels(kernel)[0]
    transfer = spectrum(taps, LENGTH).flatten()
    if is_even(taps):
        transfer = transfer.real[:, None].expand(-1, 2)
    y = correlate_4d(torch.fft.fftn(x, s=(LENGTH,) * 4), transfer, 6)
    torch.testing.assert_close(y.real, brute_4d(x.real, taps), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(y.imag, brute_4d(x.imag, taps), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_two_pairs_share_a_6d_transform(kernel: str) -> None:
    x, kernels = complex_signal(9, 6, 6, 6, 6), random_kernels(kernel)
    y = correlate_6d(x, mixing(kernel, kernels, LENGTH), LENGTH)
    groups = [[m in item for item in SCALE_GROUPS[kernel]].index(True) for m in range(9)]
    whole = kernels[groups].reshape(3, 3, 5, 5, 5, 5)
    for part, signal in enumerate((x.real, x.imag)):
        expected = conv6d(signal.reshape(3, 3, 6, 6, 6, 6), whole).reshape(9, -1)
        torch.testing.assert_close(y[..., part], expected, atol=1e-3, rtol=1e-4)


def test_the_symmetries_of_shared_kernels_leave_few_terms() -> None:
    counts = {
        kernel: len(mixing(kernel, random_kernels(kernel), LENGTH).terms) for kernel in KERNELS
    }
    assert counts["psi"] == 23
    assert counts["full"] == 49
