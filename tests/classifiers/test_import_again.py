"""Importing photos again: the same bytes never twice, the same command always safe."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from PIL import Image as Pixels
from pytest_django import Settings

from classifiers.models import Category, Dataset, Gallery, Image
from classifiers.services import import_run
from classifiers.services.datasets import DatasetRefused, ImportReport, dataset_import
from classifiers.services.photos import photo_read
from tests.classifiers.photos import imported, photo, reasons, stored

pytestmark = pytest.mark.django_db


# The same bytes never twice


def test_a_duplicate_within_a_category_is_refused_and_the_first_wins(birds: Path) -> None:
    shutil.copy(birds / "gallery/bunting/1.png", birds / "gallery/bunting/0.png")
    assert reasons(imported(birds)) == {
        "gallery/bunting/1.png": "duplicate of gallery/bunting/0.png"
    }


def test_a_duplicate_in_another_category_contradicts(birds: Path) -> None:
    shutil.copy(birds / "gallery/bunting/1.png", birds / "gallery/cardinal/copy.png")
    reason = reasons(imported(birds))["gallery/cardinal/copy.png"]
    assert reason.startswith("duplicate of gallery/bunting/1.png; the labels contradict")


def test_a_duplicate_in_another_split_would_leak(birds: Path) -> None:
    shutil.copy(birds / "gallery/bunting/1.png", birds / "query/bunting/copy.png")
    reason = reasons(imported(birds))["query/bunting/copy.png"]
    assert "it would leak between gallery and query" in reason


def test_the_same_pixels_in_another_format_are_a_duplicate(birds: Path) -> None:
    with Pixels.open(birds / "gallery/bunting/1.png") as picture:
        picture.save(birds / "gallery/bunting/2.bmp")
        picture.save(birds / "query/cardinal/2.webp", lossless=True)
    found = reasons(imported(birds))
    assert found == {
        "gallery/bunting/2.bmp": "shows the same pixels as gallery/bunting/1.png",
        "query/cardinal/2.webp": "shows the same pixels as gallery/bunting/1.png; the labels "
        "contradict: bunting there, cardinal here; it would leak between gallery and query",
    }


def test_the_same_pixels_are_found_in_a_later_import_too(birds: Path) -> None:
    imported(birds)
    with Pixels.open(birds / "gallery/bunting/1.png") as picture:
        picture.save(birds / "gallery/bunting/0.bmp")
    reason = reasons(imported(birds))["gallery/bunting/0.bmp"]
    assert reason == "shows the same pixels as gallery/bunting/1.png"


# One white for all photos


def deep(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pixels.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64)).save(path)


def test_a_dark_photo_is_told_and_shown_by_the_datasets_white(birds: Path) -> None:
    deep(birds / "query/bunting/deep.png")
    (remark,) = imported(birds).remarks
    assert remark.path == "query/bunting/deep.png"
    assert "with 4095 as white" in remark.reason
    bright = dataset_import(slug="bright", root=birds, grey_white=4095)
    assert bright.remarks == ()
    image = Image.objects.get(dataset__slug="bright", source="query/bunting/deep.png")
    assert np.asarray(photo_read(image)).max() == 255
    assert np.asarray(photo_read(stored("query/bunting/deep.png"))).max() == 16


def test_the_white_of_a_dataset_is_given_once(birds: Path) -> None:
    dataset_import(slug="birds", root=birds, grey_white=4095)
    assert imported(birds).n_unchanged == 4
    assert Dataset.objects.get().grey_white == 4095
    with pytest.raises(DatasetRefused, match="imported with 4095 as white; now 255"):
        dataset_import(slug="birds", root=birds, grey_white=255)
    with pytest.raises(DatasetRefused, match=r"grey_white is 7\. Expected 255 to 65535"):
        dataset_import(slug="new", root=birds, grey_white=7)


def test_a_dataset_of_the_first_release_goes_on_as_it_read_then(birds: Path) -> None:
    deep(birds / "query/bunting/deep.tif")
    with Pixels.open(birds / "query/bunting/deep.tif") as picture:
        picture.save(birds / "query/bunting/deep.tif", tiffinfo={262: 0})
    imported(birds)
    Dataset.objects.update(is_read_plain=True)
    assert np.asarray(photo_read(stored("query/bunting/deep.tif"))).max() == 16


def test_a_duplicate_leaves_no_crop_behind(birds: Path, settings: Settings) -> None:
    shutil.copy(birds / "gallery/bunting/1.png", birds / "gallery/bunting/0.png")
    imported(birds)
    assert len(list(settings.CROP_DIR.rglob("*.*"))) == 4


def test_a_duplicate_of_an_earlier_import_is_refused_even_if_it_sorts_first(birds: Path) -> None:
    imported(birds)
    shutil.copy(birds / "gallery/bunting/1.png", birds / "gallery/bunting/0.png")
    assert list(reasons(imported(birds))) == ["gallery/bunting/0.png"]


def test_the_database_refuses_the_same_bytes_twice(birds: Path) -> None:
    imported(birds)
    twin = stored("gallery/bunting/1.png")
    twin.pk, twin.token, twin.source = None, "another", "elsewhere.png"
    with pytest.raises(IntegrityError, match=r"sha256|image_bytes_once"), transaction.atomic():
        twin.save(force_insert=True)


def test_a_second_import_at_the_same_time_is_refused(birds: Path, settings: Settings) -> None:
    def intrude(n_done: int, n_total: int) -> None:
        if n_done == 1:
            imported(birds)

    with pytest.raises(DatasetRefused, match="Another import"):
        dataset_import(slug="birds", root=birds, on_progress=intrude)
    assert len(list(settings.CROP_DIR.rglob("*.*"))) == Image.objects.count() == 4


# Safe to repeat


def test_a_second_import_changes_nothing(birds: Path) -> None:
    imported(birds)
    before = list(Image.objects.values())
    assert imported(birds) == ImportReport(n_new=0, n_unchanged=4, refused=(), n_ignored=0)
    assert list(Image.objects.values()) == before


def test_new_files_join_later(birds: Path) -> None:
    imported(birds)
    photo(birds / "gallery/albatross/1.png", seed=5)
    assert (imported(birds).n_new, Image.objects.count()) == (1, 5)
    assert Category.objects.get(name="albatross").index == 0
    assert stored("query/cardinal/2.jpg").category.index == 2


def test_an_interrupted_import_goes_on_where_it_stopped(
    birds: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 2)
    with pytest.raises(KeyboardInterrupt):
        dataset_import(slug="birds", root=birds, on_progress=interrupt_after(3))
    assert Image.objects.count() == len(list(settings.CROP_DIR.rglob("*.*"))) == 2

    report = imported(birds)
    assert (report.n_new, report.n_unchanged) == (2, 2)


def interrupt_after(n_files: int) -> Callable[[int, int], None]:
    def on_progress(n_done: int, n_total: int) -> None:
        if n_done == n_files:
            raise KeyboardInterrupt

    return on_progress


def test_no_row_is_there_before_its_crop(birds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, jpeg: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_run, "crop_write", full)
    with pytest.raises(OSError, match="No space left"):
        imported(birds)
    assert not Image.objects.exists()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_lost_crop_is_written_again(birds: Path, damage: Callable[[Path], object]) -> None:
    imported(birds)
    path = stored("gallery/bunting/1.png").crop_path
    before = path.read_bytes()
    damage(path)
    assert imported(birds).n_unchanged == 4
    assert path.read_bytes() == before


def test_a_changed_file_is_refused_and_the_stored_one_stays(birds: Path) -> None:
    imported(birds)
    before = stored("gallery/bunting/1.png")
    photo(birds / "gallery/bunting/1.png", seed=77)
    assert "its content changed" in reasons(imported(birds))["gallery/bunting/1.png"]
    assert stored("gallery/bunting/1.png").sha256 == before.sha256


def test_a_removed_file_is_reported_and_its_image_stays(birds: Path) -> None:
    imported(birds)
    (birds / "gallery/bunting/1.png").unlink()
    assert "no longer there" in reasons(imported(birds))["gallery/bunting/1.png"]
    assert Image.objects.count() == 4


def test_a_renamed_file_is_told_to_move_back(birds: Path) -> None:
    imported(birds)
    (birds / "gallery/bunting/1.png").rename(birds / "gallery/bunting/new.png")
    assert "move it back" in reasons(imported(birds))["gallery/bunting/new.png"]


def test_a_new_category_is_refused_once_there_is_a_gallery(birds: Path) -> None:
    imported(birds)
    Gallery.objects.create(dataset=Dataset.objects.get(slug="birds"), backbone="lite0")
    photo(birds / "gallery/albatross/1.png", seed=5)
    with pytest.raises(DatasetRefused, match=r"'albatross'.*gallery \(lite0\).*Move the new"):
        imported(birds)
    assert Category.objects.count() == 2


def test_new_files_of_known_categories_join_in_spite_of_a_gallery(birds: Path) -> None:
    imported(birds)
    Gallery.objects.create(dataset=Dataset.objects.get(slug="birds"), backbone="lite0")
    photo(birds / "query/bunting/3.png", seed=5)
    assert imported(birds).n_new == 1
