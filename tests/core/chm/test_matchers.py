"""Matchers: which there are, where their weights come from, and what they keep of a photo."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from classifiers.core.backbones.backbones import BACKBONES, LoadedBackbone
from classifiers.core.backbones.weights import register
from classifiers.core.chm import checkpoint
from classifiers.core.chm.checkpoint import LoadedCHMNet
from classifiers.core.chm.chmnet import CHMLearner
from classifiers.core.chm.matchers import CHM_LITE0, matcher_load
from tests.core.toys import toy_crops, toy_matcher


def test_batch_size_never_changes_what_is_kept() -> None:
    matcher, crops = toy_matcher(), toy_crops(7)
    together = matcher.encode(crops, "source")
    alone = torch.cat([matcher.encode(crop[None], "source") for crop in crops])
    parts = matcher.encode_stream(range(7), crops.__getitem__, "source", size=4)
    assert torch.equal(together, alone)
    assert torch.equal(together, torch.cat([kept for _, kept in parts]))


def test_crops_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 224, 224, 3\).*expected uint8 of shape \(B, 240"):
        toy_matcher().encode(np.zeros((1, 224, 224, 3), np.uint8), "source")


def test_an_unknown_matcher_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'loftr'; known: chm-lite0, chm-trained, chmnet"):
        matcher_load("loftr")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chmnet-psi", r"Get pas_psi.pt .*add_weights pas_psi.pt"),
        ("chm-trained", r"Get DATASET.pt from python manage.py train_chm .*add_weights DATASET.pt"),
    ],
)
def test_a_matcher_that_is_not_registered_says_how_to_get_it(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(FileNotFoundError, match=words):
        matcher_load(name, folder=tmp_path)


def test_a_trained_learner_is_registered_and_found_by_name(
    tmp_path: Path,
) -> None:
    state = CHMLearner(112).state_dict()
    torch.save(state, tmp_path / "birds.pt")
    registered = register(tmp_path / "birds.pt", tmp_path / "weights")
    assert (registered.name, registered.how) == ("chm-trained", "layout")
    named = matcher_load("chm-trained", folder=tmp_path / "weights")
    given = matcher_load("chm-lite0", checkpoint=tmp_path / "birds.pt")
    assert (named.name, named.sha256) == ("chm-trained", given.sha256)
    for matcher in (named, given):
        found = matcher.learner.state_dict()
        assert all(torch.equal(found[key], each) for key, each in state.items())


def test_a_published_matcher_has_two_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(BACKBONES["efficientnet-lite0"], weights_sha256="abc", mean=(1.0, 2.0, 3.0))

    def stand_in(value: float) -> LoadedBackbone:
        network = SimpleNamespace(maps=lambda x: torch.full((len(x), 8, 15, 15), value))
        return LoadedBackbone(spec, network, torch.device("cpu"))

    state = toy_matcher().learner.state_dict()
    loaded = LoadedCHMNet(stand_in(1.0), stand_in(2.0), state)
    monkeypatch.setattr(checkpoint, "chmnet_load", lambda *given, **options: loaded)
    matcher = matcher_load("chmnet-psi")
    assert (matcher.sha256, matcher.source.mean, matcher.kept) == ("abc", (1.0, 2.0, 3.0), 2)
    x = torch.zeros(1, 3, 240, 240)
    assert [float(item.network(x)[0, 0, 0, 0]) for item in (matcher.source, matcher.target)] == [
        1,
        2,
    ]


def test_the_embedded_learner_is_small_and_loads_safely() -> None:
    assert CHM_LITE0.stat().st_size < 400_000
    state = torch.load(CHM_LITE0, weights_only=True)
    assert state["conv2ds.0.weight"].shape == (28, 112, 3, 3)
