"""Importing photos again: the same bytes never twice, the same command always safe."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from classifiers.models import Category, Dataset, Gallery, Image
from classifiers.services import import_run
from classifiers.services.datasets import DatasetRefused, ImportReport, dataset_import
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
