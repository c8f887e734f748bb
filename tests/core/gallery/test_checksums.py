"""A byte that changes on the disk is found before anybody's neighbours are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifiers.core.backbones.backbones import Backbone
from classifiers.core.chm.matcher_features import Targets, TargetsWriter, targets_folder
from classifiers.core.gallery.checksums import arrays_verify, gallery_verify
from classifiers.core.gallery.index import Gallery, GalleryRefused
from tests.core.toys import writer


def spoil(path: Path, n_bytes: int = 50) -> None:
    """Flip bytes in the middle of a file."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + n_bytes] = (255 - item for item in content[middle:][:n_bytes])
    path.write_bytes(content)


def without_checksums(path: Path) -> None:
    """Make a folder's manifest one of an earlier version."""
    found = json.loads((path / "manifest.json").read_text())
    for name in ("vectors_sha256", "maps_sha256", "targets_sha256"):
        found.pop(name, None)
    (path / "manifest.json").write_text(json.dumps(found))


def test_a_gallery_as_it_was_written_passes(gallery: Gallery) -> None:
    assert arrays_verify(gallery.path) == []


@pytest.mark.parametrize("name", ["vectors.npy", "maps.npy"])
def test_bytes_that_changed_on_the_disk_are_refused_by_name(gallery: Gallery, name: str) -> None:
    spoil(gallery.path / name)
    with pytest.raises(GalleryRefused, match=f"{name} has SHA-256 .* changed on the disk.*Delete"):
        arrays_verify(gallery.path)


def test_a_single_bit_is_enough(gallery: Gallery) -> None:
    spoil(gallery.path / "vectors.npy", n_bytes=1)
    with pytest.raises(GalleryRefused):
        arrays_verify(gallery.path)


def test_what_is_too_large_is_named_and_not_read(gallery: Gallery) -> None:
    spoil(gallery.path / "maps.npy")
    most = (gallery.path / "vectors.npy").stat().st_size
    (said,) = arrays_verify(gallery.path, most_bytes=most)
    assert "maps.npy has" in said
    assert f"above the {most:,} that are read" in said


def test_a_gallery_of_an_earlier_version_opens_and_is_said_to_have_no_checksums(
    gallery: Gallery, toy_backbone: Backbone
) -> None:
    without_checksums(gallery.path)
    assert len(Gallery.open(gallery.path)) == 60
    assert len(arrays_verify(gallery.path)) == 2
    assert all("no checksum" in said for said in arrays_verify(gallery.path))
    again = writer(gallery.path, toy_backbone).finish()
    assert again.manifest.maps_sha256 == ""


def test_a_matchers_targets_are_compared_too(gallery: Gallery, targets: Targets) -> None:
    folder = targets_folder(gallery, targets.matcher)
    assert gallery_verify(gallery.path) == []
    spoil(folder / "targets.npy")
    with pytest.raises(GalleryRefused, match=r"targets\.npy has SHA-256"):
        gallery_verify(gallery.path)


def test_targets_of_an_earlier_version_are_finished_and_open(
    gallery: Gallery, targets: Targets
) -> None:
    without_checksums(targets_folder(gallery, targets.matcher))
    assert TargetsWriter(gallery, targets.matcher).is_done
    assert len(Targets.open(gallery, targets.matcher).kept) == 60
    (said,) = gallery_verify(gallery.path)
    assert "targets.npy has no checksum" in said
