"""ResNet trunks against torchvision, and the two networks inside CHMNet's checkpoint."""

import math

import pytest
import torch
from torch import Tensor, nn

from classifiers.core.backbones.inat_resnet import INatResNet, inat_layout, inat_state
from classifiers.core.backbones.known_weights import PUBLISHED
from classifiers.core.backbones.resnet import ResNet50, ResNet101Stage3
from classifiers.core.backbones.vision import torchvision
from classifiers.core.chm.checkpoint import CHMNetWeights, chmnet_split
from tests.core.checkpoints import built, cheap_state

X = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0)) * 4 - 2


@torch.inference_mode()
def output_of(network: nn.Module, layer: str) -> Tensor:
    """Run torchvision's own forward on X, and catch what the layer gives."""
    seen: list[Tensor] = []
    handle = network.get_submodule(layer).register_forward_hook(
        lambda module, inputs, output: seen.append(output)
    )
    network(X)
    handle.remove()
    return seen[0]


@pytest.fixture(scope="module")
def resnet50() -> nn.Module:
    network: nn.Module = built(torchvision.models.resnet50)
    return network


@torch.inference_mode()
def test_resnet50_gives_torchvisions_maps_and_logits(resnet50: nn.Module) -> None:
    ours = built(ResNet50, resnet50.state_dict())
    assert float(ours.maps(X).max()) > 0
    assert torch.equal(ours.maps(X), output_of(resnet50, "layer4"))
    torch.testing.assert_close(ours(X), resnet50(X))


@torch.inference_mode()
def test_the_trunk_of_three_stages_gives_torchvisions_layer_3() -> None:
    whole = built(torchvision.models.resnet101)
    trunk = {k: v for k, v in whole.state_dict().items() if not k.startswith(("layer4", "fc"))}
    assert torch.equal(built(ResNet101Stage3, trunk)(X), output_of(whole, "layer3"))


def test_chmnets_trunk_maps_240_pixels_to_15_cells() -> None:
    with torch.device("meta"):
        maps = ResNet101Stage3()(torch.empty(1, 3, 240, 240))
    assert maps.shape == (1, 1024, 15, 15)


@torch.inference_mode()
def test_the_inaturalist_network_has_a_fourth_block_in_series(resnet50: nn.Module) -> None:
    plain = {k: v for k, v in resnet50.state_dict().items() if not k.startswith("fc.")}
    fourth = {k.replace("4.2.", "4.3."): v for k, v in plain.items() if "layer4.2." in k}
    ours = built(INatResNet, plain | fourth)
    expected = ours.get_submodule("layer4.3")(output_of(resnet50, "layer4"))
    assert torch.equal(ours(X), expected)


def test_each_inaturalist_tensor_lands_where_it_should() -> None:
    published = cheap_state(inat_layout())
    ours = inat_state(published)
    for key, tensor in published.items():  # the authors' own chain of replacements
        new = key.replace("module.backbone.", "").replace("cb_block", "layer4.2")
        new = new.replace("rb_block", "layer4.3")
        assert new.startswith("module.classifier.") or torch.equal(ours[new], tensor)
    built(INatResNet, ours)  # strictly


def test_the_inaturalist_file_ends_in_two_parallel_blocks_and_5089_classes() -> None:
    layout = inat_layout()
    assert layout["module.backbone.cb_block.conv1.weight"] == (512, 2048, 1, 1)
    assert layout["module.backbone.rb_block.bn3.running_var"] == (2048,)
    assert layout["module.classifier.weight"] == (5089, 4096)
    assert not any("layer4.2" in key or "layer4.3" in key for key in layout)


@pytest.mark.parametrize(("kernel", "count"), [("psi", 636), ("iso", 635), ("full", 633)])
def test_a_chmnet_file_has_so_many_entries(kernel: str, count: int) -> None:
    assert len(PUBLISHED[f"chmnet-{kernel}"].layout()) == count


def test_chmnets_file_has_the_published_number_of_parameters() -> None:
    sizes = {
        key: math.prod(shape)
        for key, shape in PUBLISHED["chmnet-psi"].layout().items()
        if not key.endswith(("tracked", "running_mean", "running_var"))
    }
    backbone = sum(size for key, size in sizes.items() if key.startswith("backbone."))
    assert (backbone, sum(sizes.values()) - backbone) == (87_049_320, 7_078_165)


def doubled(module: nn.Module) -> nn.Module:
    """Return the layer for two networks side by side, as CHMNet's authors run them."""
    if isinstance(module, nn.Conv2d):
        c_in, c_out = 2 * module.in_channels, 2 * module.out_channels
        size, stride, padding = module.kernel_size, module.stride, module.padding
        return nn.Conv2d(c_in, c_out, size, stride, padding, groups=2, bias=False)  # type: ignore[arg-type]
    if isinstance(module, nn.BatchNorm2d):
        return nn.BatchNorm2d(2 * module.num_features)
    for name, child in module.named_children():
        module.add_module(name, doubled(child))
    return module


@torch.inference_mode()
def test_the_grouped_network_is_two_plain_ones() -> None:
    grouped = built(lambda: doubled(ResNet101Stage3()))
    whole = {f"backbone.{key}": each for key, each in grouped.state_dict().items()}
    source, target, _ = chmnet_split(whole)
    expected = grouped(torch.cat([X, -X], dim=1)).chunk(2, dim=1)
    for part, x, maps in zip((source, target), (X, -X), expected, strict=True):
        seen = built(ResNet101Stage3, part)(x)
        assert float((seen - maps).abs().max() / maps.abs().max()) < 1e-5


@pytest.fixture(scope="module")
def parts() -> CHMNetWeights:
    """What becomes of a file whose first convolution takes memory of its own."""
    layout = PUBLISHED["chmnet-psi"].layout()
    state = cheap_state(layout) | {"backbone.conv1.weight": torch.ones(128, 3, 7, 7)}
    return chmnet_split(state)


def test_one_branch_does_not_hold_the_memory_of_both(parts: CHMNetWeights) -> None:
    half = parts.source["conv1.weight"]
    assert half.shape == (64, 3, 7, 7)
    assert half.untyped_storage().nbytes() == 64 * 3 * 7 * 7 * 4


def test_the_learner_loses_its_prefix(parts: CHMNetWeights) -> None:
    assert {key: tuple(each.shape) for key, each in parts.learner.items()} == {
        **{f"conv2ds.{i}.weight": (256, 1024, 3, 3) for i in range(3)},
        **{f"chm6d.param.{i}": (55,) for i in range(4)},
        **{"chm6d.bias": (1,), "chm4d.weight": (55,), "chm4d.bias": (1,)},
    }


def test_splitting_another_checkpoint_is_refused(resnet50: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"No 'backbone.conv1.weight' and \d+ more among 320"):
        chmnet_split(resnet50.state_dict())
