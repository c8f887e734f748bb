"""Backbones as data, and how each finds its weights."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from classifiers.core.backbones.backbones import (
    BACKBONES,
    Backbone,
    LoadedBackbone,
    backbone_load,
    backbone_spec,
    imagenet_wnids,
    own_head,
)
from classifiers.core.backbones.efficientnet_lite import EfficientNetLite0
from classifiers.core.backbones.known_weights import PUBLISHED
from classifiers.core.backbones.resnet import ResNet50
from classifiers.core.backbones.vision import torchvision
from classifiers.core.backbones.weights import register, registered
from classifiers.core.chm import checkpoint
from classifiers.core.chm.checkpoint import CHMNET_BRANCHES, chmnet_load
from classifiers.core.features import extract
from tests.core.checkpoints import built, cheap_state, write

RESNET50, INAT = "resnet50-imagenet1k-v1", "resnet50-inaturalist2017"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Register one small file of each layout; the ResNet-50's checksum counts as published."""
    path = tmp_path_factory.mktemp("registered")
    with pytest.MonkeyPatch.context() as patch:
        for name, each in list(PUBLISHED.items()):
            file = write(path / f"{name}.pth", each.layout())
            if each.sha256:
                sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
                patch.setitem(PUBLISHED, name, replace(each, sha256=sha256))
            register(file, path / "weights")
    return path / "weights"


@pytest.fixture(scope="module")
def inat(folder: Path) -> LoadedBackbone:
    return backbone_load(INAT, folder=folder)


@pytest.fixture(scope="module")
def resnet50(folder: Path) -> LoadedBackbone:
    return backbone_load(RESNET50, folder=folder)


def test_the_published_checksum_begins_as_the_files_name_says() -> None:
    spec = BACKBONES[RESNET50]
    assert spec.weights_sha256.startswith("0676ba61")
    assert len(spec.weights_sha256) == 64
    assert torchvision.models.ResNet50_Weights.IMAGENET1K_V1.url == spec.source


@pytest.mark.parametrize("spec", [BACKBONES[RESNET50], BACKBONES[INAT]], ids=lambda each: each.name)
def test_resnets_are_normalised_as_torchvision_does(spec: Backbone) -> None:
    ours = torchvision.models.ResNet50_Weights.IMAGENET1K_V1.transforms()
    assert spec.mean == pytest.approx([255 * each for each in ours.mean])
    assert spec.std == pytest.approx([255 * each for each in ours.std])
    assert ([spec.pixels], [spec.shorter_side]) == (ours.crop_size, ours.resize_size)


def test_a_backbones_weights_are_the_registered_file(
    folder: Path, resnet50: LoadedBackbone
) -> None:
    expected = cheap_state(PUBLISHED[RESNET50].layout())["layer4.2.conv3.weight"]
    network = cast(ResNet50, resnet50.network)
    assert torch.equal(network.state_dict()["layer4.2.conv3.weight"], expected)
    assert not network.training
    assert resnet50.spec.weights_sha256 == registered(RESNET50, folder).sha256


def test_an_entry_has_the_checksum_of_the_registered_file(
    folder: Path, inat: LoadedBackbone
) -> None:
    assert BACKBONES[INAT].weights_sha256 == ""
    assert backbone_spec(INAT, folder=folder) == inat.spec
    assert backbone_spec(INAT, folder=folder).weights_sha256 == registered(INAT, folder).sha256


def test_the_inaturalist_blocks_find_their_place(inat: LoadedBackbone) -> None:
    network = cast(nn.Module, inat.network)
    published = cheap_state(PUBLISHED[INAT].layout())
    expected = published["module.backbone.rb_block.bn1.running_mean"]
    assert torch.equal(network.state_dict()["layer4.3.bn1.running_mean"], expected)


def test_half_precision_is_loaded_as_single(tmp_path: Path) -> None:
    state = cheap_state(PUBLISHED[INAT].layout(), torch.float16)
    torch.save(state, tmp_path / "half.pth")
    register(tmp_path / "half.pth", tmp_path)
    network = cast(nn.Module, backbone_load(INAT, folder=tmp_path).network)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_a_registered_backbone_extracts_maps_that_are_never_negative() -> None:
    network = built(ResNet50)
    backbone = LoadedBackbone(BACKBONES[RESNET50], network, torch.device("cpu"))
    crops = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    maps = extract(backbone, crops).maps
    assert maps.shape == (1, 2048, 7, 7)
    assert 0 == float(maps.min()) < float(maps.max())


def test_the_source_and_the_target_network_are_the_halves_of_one_file(folder: Path) -> None:
    chmnet = chmnet_load(folder=folder)
    value = cheap_state(PUBLISHED["chmnet-psi"].layout())["backbone.layer3.22.bn3.bias"]
    for branch in chmnet[:2]:
        bias = cast(nn.Module, branch.network).state_dict()["layer3.22.bn3.bias"]
        assert torch.equal(bias, value[:1024])
        assert branch.spec.weights_sha256 == registered("chmnet-psi", folder).sha256
    assert len(chmnet.learner) == 10


def test_other_kernels_load_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "assemble", lambda *given: None)  # seconds, for branches
    learner = chmnet_load("chmnet-full", folder=folder).learner
    assert learner["chm6d.param"].shape == (1, 1, 3, 3, 5, 5, 5, 5)


def test_chmnets_networks_see_the_central_square_of_240_pixels() -> None:
    assert [(item.pixels, item.shorter_side) for item in CHMNET_BRANCHES.values()] == [
        (240, 240),
        (240, 240),
    ]


def test_an_unknown_chmnet_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'psi'; known: chmnet-psi, chmnet-iso, chmnet-full"):
        chmnet_load("psi")


def test_an_unregistered_backbone_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python manage.py add_weights BBN.iNaturalist"):
        backbone_load(INAT, folder=tmp_path)


def test_a_registered_file_that_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / f"{INAT}.json", tmp_path)
    (tmp_path / f"{INAT}.pth").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"sha256 d9298a10.*as it was registered"):
        backbone_load(INAT, folder=tmp_path)


def test_own_heads_map_pooled_features_to_imagenets_logits(lite0: LoadedBackbone) -> None:
    head = own_head(lite0)
    assert head is not None
    weight, bias = head
    network, x = cast(EfficientNetLite0, lite0.network), torch.rand(1, 3, 64, 64)
    assert (weight.shape, bias.shape, bias.requires_grad) == ((1000, 1280), (1000,), False)
    torch.testing.assert_close(network.pooled(x) @ weight.T + bias, network(x))


def test_only_imagenets_backbones_have_a_head(
    resnet50: LoadedBackbone, inat: LoadedBackbone
) -> None:
    head = own_head(resnet50)
    assert head is not None
    assert [tuple(item.shape) for item in head] == [(1000, 2048), (1000,)]
    assert own_head(inat) is None


def test_imagenets_classes_are_in_their_usual_order() -> None:
    wnids = imagenet_wnids()
    assert len(set(wnids)) == 1000
    assert list(wnids) == sorted(wnids)
    names = torchvision.models.ResNet50_Weights.IMAGENET1K_V1.meta["categories"]
    assert (wnids[0], names[0]) == ("n01440764", "tench")
    assert (wnids[859], names[859]) == ("n04442312", "toaster")


def test_maps_of_stride_16_are_15_cells_wide_and_have_both_signs(lite0: LoadedBackbone) -> None:
    network = cast(EfficientNetLite0, lite0.network)
    maps = network.stride16(torch.rand(2, 3, 240, 240))
    assert maps.shape == (2, 112, 15, 15)
    assert float(maps.min()) < 0 < float(maps.max())


def test_maps_of_stride_16_are_what_the_sixth_stage_gets(lite0: LoadedBackbone) -> None:
    network, x, seen = cast(EfficientNetLite0, lite0.network), torch.rand(1, 3, 64, 64), []
    stage6 = network._blocks[11]
    handle = stage6.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    network.maps(x)
    handle.remove()
    assert torch.equal(seen[0], network.stride16(x))
