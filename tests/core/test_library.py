"""From a folder to a gallery, and the ten lines of the documentation."""

from __future__ import annotations

import json
import os
import re
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from classifiers.core import library, library_files
from classifiers.core.backbones.backbones import BACKBONES, LoadedBackbone
from classifiers.core.backbones.vision import torchvision
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.features import extract
from classifiers.core.gallery.index import Gallery, GalleryRefused
from classifiers.core.images import central_square, load_rgb, matcher_crop, query_crop
from classifiers.core.library import (
    FolderRefused,
    gallery_from_folder,
    gallery_open,
    targets_from_folder,
)
from tests.core.toys import toy_matcher

DOCS = Path(__file__).parents[2] / "docs/classifiers.md"


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (36, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """Five photos of three kinds, whose names sort differently by byte and by alphabet."""
    root = tmp_path / "birds"
    places = ("b/é.png", "b/B.png", "Zebra finch/1.png", "ä/1.png", "ä/2.png")
    for seed, place in enumerate(places):
        photo(root / place, seed)
    return root


class QuickNetwork:
    """Maps of the backbone's shape, of averages of the pixels, forty times faster."""

    def maps(self, x: Tensor) -> Tensor:
        cells = F.adaptive_avg_pool2d(x, 7).abs()  # (B, 3, 7, 7)
        return cells.repeat(1, 427, 1, 1)[:, :1280]


@pytest.fixture(autouse=True)
def quick(lite0: LoadedBackbone, monkeypatch: pytest.MonkeyPatch) -> LoadedBackbone:
    """Let galleries be built by a network that takes no time, under the backbone's name."""
    loaded = replace(lite0, network=QuickNetwork())
    monkeypatch.setattr(library, "backbone_load", lambda name: loaded)
    return loaded


def interrupt(stage_wanted: str, n_wanted: int) -> library.OnProgress:
    def look(stage: str, n_done: int, n_total: int) -> None:
        if (stage, n_done) == (stage_wanted, n_wanted):
            raise KeyboardInterrupt

    return look


def test_order_and_classes_are_those_of_imagefolder(birds: Path, tmp_path: Path) -> None:
    found, oracle = (
        gallery_from_folder(birds, tmp_path / "out"),
        torchvision.datasets.ImageFolder(birds),
    )
    assert list(found.categories) == oracle.classes == ["Zebra finch", "b", "ä"]
    assert [str(path) for path in found.files] == [path for path, _ in oracle.samples]
    assert found.gallery.labels.tolist() == oracle.targets
    assert found.gallery.image_ids.tolist() == list(range(5))


def test_each_row_is_its_photos_features(
    birds: Path, tmp_path: Path, lite0: LoadedBackbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "backbone_load", lambda name: lite0)
    found = gallery_from_folder(birds, tmp_path / "out")
    crops = [np.asarray(query_crop(load_rgb(path))) for path in found.files]
    features = extract(lite0, np.stack(crops))
    assert np.array_equal(found.gallery.vectors, features.vectors)
    assert np.array_equal(found.gallery.maps, features.maps.permute(0, 2, 3, 1))


def test_crops_come_by_image_id(birds: Path, tmp_path: Path) -> None:
    found = gallery_from_folder(birds, tmp_path / "out")
    assert found.crop_of(2).size == (448, 448)
    assert found.crop_of(2) == library.crop_read(birds / "b/é.png")


def test_a_squashed_query_is_shown_whole(birds: Path) -> None:
    with Image.open(birds / "b/B.png") as whole:
        shown = library.crop_read(birds / "b/B.png", "squash")
        assert shown == whole.resize((448, 448), Image.Resampling.BILINEAR)


def test_in_paper_mode_the_whole_central_square_is_shown(birds: Path, tmp_path: Path) -> None:
    expected = central_square(load_rgb(birds / "b/B.png"), 448)
    assert library.crop_read(birds / "b/B.png", "paper") == expected
    found = gallery_from_folder(birds, tmp_path / "out")
    assert found.crop_of(1, "paper") == expected != found.crop_of(1)


def test_what_is_no_photo_is_left_out_and_named(birds: Path, tmp_path: Path) -> None:
    (birds / "notes.txt").write_text("birds")
    (birds / "b/notes.txt").write_text("birds")
    (birds / "b/more").mkdir()
    (birds / "b/gone.png").symlink_to(birds / "nowhere.png")
    (birds / "b/.hidden").touch()
    (birds / "b/Thumbs.db").touch()
    found = gallery_from_folder(birds, tmp_path / "out")
    reasons = {str(path.relative_to(birds)): reason for path, reason in found.refused}
    assert list(reasons) == ["b/gone.png", "b/more", "b/notes.txt", "notes.txt"]
    assert "a broken link, not a file" in reasons["b/gone.png"]
    assert "a folder, not a file: expected FOLDER/<category>/<file>" in reasons["b/more"]
    assert "Not an image that can be read" in reasons["b/notes.txt"]
    assert "no category folder above it" in reasons["notes.txt"]
    assert len(found.gallery) == 5


def test_a_file_that_may_not_be_read_is_named_and_tried_again(
    birds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> Image.Image:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(library_files, "load_rgb", forbidden)
        with pytest.raises(FolderRefused, match=r"5 files \(Zebra finch/1.png: cannot be read: P"):
            gallery_from_folder(birds, tmp_path / "out")
    assert gallery_from_folder(birds, tmp_path / "out").refused == ()


def test_an_interrupted_extraction_goes_on_where_it_stopped(
    birds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gallery_from_folder(birds, tmp_path / "whole").gallery
    monkeypatch.setattr(library, "SAVED_AT_ONCE", 4)
    with pytest.raises(KeyboardInterrupt):
        gallery_from_folder(birds, tmp_path / "out", on_progress=interrupt("extracted", 4))
    seen: list[tuple[str, int, int]] = []
    again = gallery_from_folder(birds, tmp_path / "out", on_progress=lambda *a: seen.append(a))
    assert [item for item in seen if item[0] == "extracted"] == [("extracted", 5, 5)]
    assert again.gallery.manifest == whole.manifest
    assert np.array_equal(again.gallery.maps, whole.maps)


def test_an_interrupted_check_reads_no_file_twice(
    birds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(library_files, "load_rgb", read.append)
    with pytest.raises(KeyboardInterrupt):
        gallery_from_folder(birds, tmp_path / "out", on_progress=interrupt("checked", 2))
    for _ in range(2):
        gallery_from_folder(birds, tmp_path / "out")
    assert [path.name for path in read] == ["1.png", "B.png", "é.png", "1.png", "2.png"]


def test_a_grown_folder_is_refused_and_the_gallery_stays(birds: Path, tmp_path: Path) -> None:
    gallery_from_folder(birds, tmp_path / "out")
    photo(birds / "b/3.png", 9)
    with pytest.raises(GalleryRefused, match="count 5; expected 6"):
        gallery_from_folder(birds, tmp_path / "out")
    assert len(gallery_open(tmp_path / "out").files) == 5


def test_a_changed_photo_is_noticed(birds: Path, tmp_path: Path) -> None:
    gallery_from_folder(birds, tmp_path / "out")
    photo(birds / "b/B.png", 9)
    os.utime(birds / "b/B.png", ns=(1, 1))
    with pytest.raises(GalleryRefused, match="has dataset"):
        gallery_from_folder(birds, tmp_path / "out")


def test_a_photo_that_vanishes_meanwhile_is_named(birds: Path, tmp_path: Path) -> None:
    def vanish(stage: str, n_done: int, n_total: int) -> None:
        if n_done == n_total:
            (birds / "b/B.png").unlink()

    with pytest.raises(FolderRefused, match=r"B.png could be read when it was checked, and now"):
        gallery_from_folder(birds, tmp_path / "out", on_progress=vanish)


def test_a_matchers_targets_stand_beside_the_gallery_and_are_resumed(
    birds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher = toy_matcher()
    monkeypatch.setattr(library, "SAVED_AT_ONCE", 4)
    found = gallery_from_folder(birds, tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        targets_from_folder(found, matcher, on_progress=interrupt("encoded", 4))
    crops = np.stack([np.asarray(matcher_crop(load_rgb(path))) for path in found.files])
    expected = matcher.encode(crops, "target")
    for _ in range(2):
        assert torch.equal(targets_from_folder(found, matcher).of(torch.arange(5)), expected)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nowhere", "does not exist; expected a folder with FOLDER/<category>/<file>"),
        ("file.png", "is not a folder"),
        ("empty", "empty has 0 files, but no usable photo"),
        ("flat", r"flat has 1 files \(1.png: no category folder above it"),
    ],
)
def test_a_wrong_folder_is_refused(tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    photo(tmp_path / "flat/1.png", 1)
    photo(tmp_path / "file.png", 1)
    with pytest.raises(FolderRefused, match=words):
        gallery_from_folder(tmp_path / place, tmp_path / "out")


def test_a_gallery_that_names_no_photos_is_refused(gallery: Gallery) -> None:
    with pytest.raises(FolderRefused, match="names 0 photos; expected the 60 of the gallery"):
        gallery_open(gallery.path)


def test_a_gallery_of_registered_weights_is_checked_against_the_registered_file(
    birds: Path, tmp_path: Path, quick: LoadedBackbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, registry = "resnet50-inaturalist2017", tmp_path / "weights"
    assert BACKBONES[name].weights_sha256 == ""  # known only once the user registers the file
    monkeypatch.setenv("STUDY_WEIGHTS_DIR", str(registry))
    spec = replace(quick.spec, name=name, weights_sha256="a" * 64)
    monkeypatch.setattr(library, "backbone_load", lambda _: replace(quick, spec=spec))
    registered(registry, name, "a" * 64)
    assert gallery_from_folder(birds, tmp_path / "out", name).files == gallery_files(tmp_path)
    registered(registry, name, "b" * 64)
    with pytest.raises(GalleryRefused, match=r"has weights_sha256 'aaaa.*expected 'bbbb"):
        gallery_open(tmp_path / "out")
    (registry / f"{name}.json").unlink()
    with pytest.raises(FileNotFoundError, match=f"No weights of {name}.*add_weights"):
        gallery_open(tmp_path / "out")


def registered(folder: Path, name: str, sha256: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.pth").touch()
    entry = {"name": name, "sha256": sha256, "file": "model.pth", "how": "layout"}
    (folder / f"{name}.json").write_text(json.dumps(entry))


def gallery_files(folder: Path) -> tuple[Path, ...]:
    return gallery_open(folder / "out").files


def test_the_documented_ten_lines_run(
    birds: Path,
    tmp_path: Path,
    lite0: LoadedBackbone,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(library, "backbone_load", lambda name: lite0)
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    lines = next(block for block in blocks if "gallery_from_folder" in block)
    assert len([line for line in lines.splitlines() if line.strip()]) <= 10
    photo(tmp_path / "photo.jpg", 20)
    (tmp_path / "ten.py").write_text(lines)
    monkeypatch.chdir(tmp_path)
    runpy.run_path("ten.py")
    assert capsys.readouterr().out.split()[0] in {"Zebra", "b", "ä"}
    with Image.open("why.png") as picture:
        assert picture.size == (2160, 1565)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_and_parameter_is_documented(name: str) -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert f"**`{name}`**" in text
    table = text[text.index("### Parameters") :]
    assert [
        parameter for parameter in CLASSIFIERS[name].parameters if f"`{parameter}`" not in table
    ] == []
