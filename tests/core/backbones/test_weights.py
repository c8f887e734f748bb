"""Weights that the user brings: what is recognised, what is refused and what is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from classifiers.core.backbones import known_weights, weights
from classifiers.core.backbones.known_weights import PUBLISHED, Layout, WeightsRefused
from tests.core.checkpoints import cheap_state, write


@pytest.fixture(scope="module")
def chmnet() -> Layout:
    return PUBLISHED["chmnet-psi"].layout()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "weights"


def sums(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_file_of_chmnets_636_entries_is_registered(
    tmp_path: Path, folder: Path, chmnet: Layout, is_old: bool, is_wrapped: bool
) -> None:
    file = write(tmp_path / "any name.pt", chmnet, is_old=is_old, is_wrapped=is_wrapped)
    assert file.stat().st_size < 1e6
    found = weights.register(file, folder)
    assert (found.name, found.how, found.file) == ("chmnet-psi", "layout", "pas_psi.pt")
    assert found.path.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("name", ["resnet50-inaturalist2017", "chmnet-iso", "chmnet-full"])
def test_other_files_are_told_apart_by_keys_and_shapes(
    tmp_path: Path, folder: Path, name: str
) -> None:
    file = write(tmp_path / "x.pth", PUBLISHED[name].layout())
    assert weights.register(file, folder).name == name


def test_files_from_before_the_batch_counters_are_known_too(tmp_path: Path, folder: Path) -> None:
    layout = {
        k: v
        for k, v in PUBLISHED["resnet50-inaturalist2017"].layout().items()
        if not k.endswith("num_batches_tracked")
    }
    file = write(tmp_path / "x.pth", layout)
    assert weights.register(file, folder).name == "resnet50-inaturalist2017"


@pytest.mark.parametrize("how", ["sha256", "md5"])
def test_a_published_file_is_known_by_its_checksum(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    (tmp_path / "x.pth").write_bytes(b"not even a checkpoint")
    checksum: dict[str, Any] = {how: sums(tmp_path / "x.pth")[how]}
    name = "resnet50-imagenet1k-v1"
    monkeypatch.setitem(PUBLISHED, name, replace(PUBLISHED[name], **checksum))
    found = weights.register(tmp_path / "x.pth", folder)
    assert (found.name, found.how) == (name, how)


def test_what_was_recognised_stands_beside_the_copy(
    tmp_path: Path, folder: Path, chmnet: Layout
) -> None:
    file = write(tmp_path / "x.pt", chmnet)
    weights.register(file, folder)
    assert json.loads((folder / "chmnet-psi.json").read_text()) == {
        "name": "chmnet-psi",
        "sha256": sums(file)["sha256"],
        "file": "pas_psi.pt",
        "how": "layout",
    }
    assert weights.registered("chmnet-psi", folder) == weights.register(file, folder)


def test_a_resnet50_with_another_checksum_is_refused(tmp_path: Path, folder: Path) -> None:
    file = write(tmp_path / "v2.pth", PUBLISHED["resnet50-imagenet1k-v1"].layout())
    with pytest.raises(WeightsRefused, match=r"v2.pth has the keys .* expected 0676ba61b6795bbe"):
        weights.register(file, folder)
    assert list(folder.iterdir()) == []


def test_a_wrong_file_is_refused_with_what_was_seen_and_expected(
    tmp_path: Path, folder: Path, chmnet: Layout
) -> None:
    wrong = {**chmnet, "epoch": (1,), "learner.chm4d.weight": (54,)}
    del wrong["learner.chm4d.bias"]
    with pytest.raises(WeightsRefused) as refusal:
        weights.register(write(tmp_path / "x.pt", wrong), folder)
    assert str(refusal.value).startswith(
        "x.pt has 636 entries and is none of the known weights. The nearest are chmnet-psi "
        "(pas_psi.pt, 636 entries): 1 missing (learner.chm4d.bias); 1 unexpected (epoch); 1 of "
        "another shape, first learner.chm4d.weight: (54,), expected (55,). Known: resnet50-"
    )


def test_a_refusal_names_three_keys_at_most(tmp_path: Path, folder: Path) -> None:
    layout = {f"k{i}": (1,) for i in range(9)}
    with pytest.raises(WeightsRefused, match=r"9 unexpected \(k0, k1, k2, \.\.\.\)\. Known"):
        weights.register(write(tmp_path / "x.pt", layout), folder)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff\xe0 a photo", b"PK\x03\x04"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, folder: Path, content: bytes) -> None:
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(WeightsRefused, match=r"x.pt is no file of tensors .* Known: resnet50-"):
        weights.register(tmp_path / "x.pt", folder)


@pytest.mark.parametrize("is_old", [False, True])
def test_a_file_cut_short_is_refused(
    tmp_path: Path, folder: Path, chmnet: Layout, is_old: bool
) -> None:
    file = write(tmp_path / "x.pt", chmnet, is_old=is_old)
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(WeightsRefused, match=r"x.pt is no file of tensors"):
        weights.register(file, folder)


@pytest.mark.parametrize(
    ("content", "seen"),
    [([1], "a list, not tensors by name"), ({"epoch": 3}, "its entry 'epoch' is no tensor")],
)
def test_a_file_of_something_else_is_refused(
    tmp_path: Path, folder: Path, content: Any, seen: str
) -> None:
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(WeightsRefused, match=seen):
        weights.register(tmp_path / "x.pt", folder)


def test_other_weights_take_the_place_only_on_request(
    tmp_path: Path, folder: Path, chmnet: Layout
) -> None:
    first = weights.register(write(tmp_path / "pas.pt", chmnet), folder)
    other = write(tmp_path / "spr.pt", chmnet, is_old=True)
    with pytest.raises(WeightsRefused, match=f"registered with sha256 {first.sha256}.*--replace"):
        weights.register(other, folder)
    assert weights.registered("chmnet-psi", folder) == first
    assert weights.register(other, folder, replace=True).sha256 == sums(other)["sha256"]


def test_an_interruption_leaves_nothing_behind(
    tmp_path: Path, folder: Path, chmnet: Layout
) -> None:
    def interrupt(n_bytes: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.register(write(tmp_path / "x.pt", chmnet), folder, on_progress=interrupt)
    assert list(folder.iterdir()) == []


def test_progress_adds_up_to_the_file(
    tmp_path: Path, folder: Path, chmnet: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "CHUNK", 1000)
    file, seen = write(tmp_path / "x.pt", chmnet), list[int]()
    weights.register(file, folder, on_progress=seen.append)
    assert sum(seen) == file.stat().st_size
    assert max(seen) == 1000


def test_missing_weights_say_which_file_to_get_and_what_to_run(folder: Path) -> None:
    with pytest.raises(FileNotFoundError) as refusal:
        weights.registered("resnet50-imagenet1k-v1", folder)
    assert str(refusal.value) == (
        f"No weights of resnet50-imagenet1k-v1 in {folder}. Get resnet50-0676ba61.pth from "
        "https://download.pytorch.org/models/resnet50-0676ba61.pth, then run: python manage.py "
        "add_weights resnet50-0676ba61.pth"
    )


def test_a_variable_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_WEIGHTS_DIR", str(folder))
    with pytest.raises(FileNotFoundError, match=f"No weights of chmnet-iso in {folder}"):
        weights.registered("chmnet-iso")
    monkeypatch.delenv("STUDY_WEIGHTS_DIR")
    with pytest.raises(FileNotFoundError, match=r"No folder of weights: .*STUDY_WEIGHTS_DIR"):
        weights.registered("chmnet-iso")


def test_a_registered_file_that_changed_is_not_loaded(
    tmp_path: Path, folder: Path, chmnet: Layout
) -> None:
    found = weights.register(write(tmp_path / "x.pt", chmnet), folder)
    found.path.write_bytes(b"other")
    with pytest.raises(ValueError, match=f"sha256 d9298a10.*expected {found.sha256}; get it again"):
        weights.state_load(found.path, found.sha256, "; get it again")


def test_tensors_come_back_as_they_were_saved(tmp_path: Path, chmnet: Layout) -> None:
    file = write(tmp_path / "x.pt", chmnet, is_old=True)
    state = weights.state_load(file, sums(file)["sha256"], "")
    assert all(torch.equal(state[key], each) for key, each in cheap_state(chmnet).items())


def test_every_layout_is_unlike_the_others() -> None:
    layouts = [item.layout() for item in known_weights.PUBLISHED.values()]
    assert all(a != b for i, a in enumerate(layouts) for b in layouts[:i])
