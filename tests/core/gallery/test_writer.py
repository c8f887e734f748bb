"""Galleries on full disks, and galleries some of whose photos cannot be read."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from classifiers.core.backbones.backbones import Backbone
from classifiers.core.features import Features
from classifiers.core.gallery import arrays
from classifiers.core.gallery.arrays import RoomMissing
from classifiers.core.gallery.index import Gallery
from tests.core.toys import toy_features, writer


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_is_an_error_in_words_before_any_work(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    with (
        largest_file(100_000),
        pytest.raises(RoomMissing, match=r"maps.npy needs 282 kB in .*; found .* free"),
    ):
        writer(tmp_path / "g", toy_backbone)
    assert not (tmp_path / "g" / "progress.json").exists()
    assert writer(tmp_path / "g", toy_backbone).n_done == 0


def test_the_room_of_a_gallery_is_reserved_when_it_begins(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    unfinished = writer(tmp_path / "g", toy_backbone)
    stat = (tmp_path / "g" / "maps.npy").stat()
    assert stat.st_blocks * 512 >= 60 * 49 * unfinished.manifest.channels * 4


def test_work_that_needs_more_than_the_disk_has_is_refused(
    tmp_path: Path, toy_backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "free_bytes", lambda _: 50_200_000)
    with pytest.raises(RoomMissing, match=r"60 photos needs 289 kB .* found 50.2 MB free"):
        writer(tmp_path / "g", toy_backbone)


def without(features: Features, row: int) -> Features:
    kept = [n for n in range(60) if n != row]
    return Features(features.maps[kept], features.vectors[kept])


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.npy")}


def test_a_gallery_without_a_photo_equals_one_that_never_had_it(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    features = without(toy_features(60), 30)
    unfinished = writer(tmp_path / "g", toy_backbone)
    unfinished.append(Features(features.maps[:25], features.vectors[:25]))
    unfinished.skip(1030)
    resumed = writer(tmp_path / "g", toy_backbone)
    assert resumed.left.tolist() == [*range(1025, 1030), *range(1031, 1060)]
    resumed.append(Features(features.maps[25:], features.vectors[25:]))
    resumed.finish()
    kept = np.delete(np.arange(60), 30)
    other = writer(tmp_path / "h", toy_backbone, image_ids=kept + 1000, labels=kept % 3)
    other.append(features)
    other.finish()
    assert files(tmp_path / "g") == files(tmp_path / "h")
    found = Gallery.open(tmp_path / "g")
    assert (len(found), list(found.manifest.skipped)) == (59, [1030])
    assert writer(tmp_path / "g", toy_backbone).finish().manifest == found.manifest


def test_a_photo_that_is_done_is_not_left_out(tmp_path: Path, toy_backbone: Backbone) -> None:
    unfinished = writer(tmp_path / "g", toy_backbone)
    features = toy_features(60)
    unfinished.append(Features(features.maps[:25], features.vectors[:25]))
    with pytest.raises(ValueError, match="expected one of those to come"):
        unfinished.skip(1003)


def test_rows_that_do_not_fit_into_their_array_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    arrays.array_create(path, (3, 2), "<f4")
    for first, rows in ((2, np.ones((2, 2))), (0, np.ones((1, 3)))):
        with pytest.raises(ValueError, match=r"expected \(n, \(2,\)\) within \(3, 2\)"):
            arrays.rows_write(path, first, rows)
    assert np.array_equal(np.load(path), np.zeros((3, 2)))


def test_an_array_without_rows_is_one(tmp_path: Path) -> None:
    arrays.array_create(tmp_path / "a.npy", (0, 2), "<f4")
    assert np.load(tmp_path / "a.npy").shape == (0, 2)
