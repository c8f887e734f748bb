"""Importing photos: what comes in, and every odd file by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pixels

from classifiers.core import images
from classifiers.models import Category
from classifiers.services import import_run
from classifiers.services.datasets import ImportReport, dataset_import
from classifiers.services.folders import default_label
from tests.classifiers.photos import crop_of, imported, noise, photo, reasons, stored

pytestmark = pytest.mark.django_db


# What comes in


def test_a_photo_of_pure_noise_comes_in(root: Path) -> None:
    photo(root / "query/a/1.png", size=(700, 700))
    assert imported(root).n_new == 1


def test_a_good_folder_comes_in_whole(birds: Path) -> None:
    report = imported(birds)

    assert report == ImportReport(n_new=4, n_unchanged=0, refused=(), n_ignored=0)
    image = stored("query/cardinal/2.jpg")
    assert (image.split, image.category.name) == ("query", "cardinal")
    assert (image.width, image.height) == (40, 36)
    assert image.path == birds / "query/cardinal/2.jpg"


def test_splits_may_have_any_name(root: Path) -> None:
    photo(root / "train/a/1.png")
    imported(root)
    assert stored("train/a/1.png").split == "train"


def test_categories_are_ranked_by_folder_name(root: Path) -> None:
    for seed, name in enumerate(["b", "B", "a"]):
        photo(root / f"gallery/{name}/1.png", seed=seed)
    imported(root)
    assert list(Category.objects.values_list("name", "index")) == [("B", 0), ("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("folder", "label"),
    [("015.Lazuli_Bunting", "Lazuli Bunting"), ("n01440764", "n01440764"), ("12.", "12.")],
)
def test_a_folder_name_becomes_a_readable_label(folder: str, label: str) -> None:
    assert default_label(folder) == label


def test_progress_is_told_file_by_file(birds: Path) -> None:
    seen: list[tuple[int, int]] = []
    dataset_import(slug="birds", root=birds, on_progress=lambda *each: seen.append(each))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_importing_needs_no_torch() -> None:
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'study_site.settings'; "
        "django.setup(); import classifiers.services.datasets; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Odd files


def test_a_broken_file_is_refused_by_name_and_the_rest_comes_in(birds: Path) -> None:
    (birds / "gallery/bunting/text.jpg").write_text("not a photo")
    report = imported(birds)
    assert report.n_new == 4
    assert "Not an image" in reasons(report)["gallery/bunting/text.jpg"]


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_a_truncated_file_is_refused(birds: Path, ending: str) -> None:
    path = photo(birds / f"gallery/bunting/half.{ending}", seed=5)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert list(reasons(imported(birds))) == [f"gallery/bunting/half.{ending}"]


def test_an_empty_file_is_refused(birds: Path) -> None:
    (birds / "gallery/bunting/empty.jpg").touch()
    assert list(reasons(imported(birds))) == ["gallery/bunting/empty.jpg"]


def test_an_animation_is_refused(birds: Path) -> None:
    path = birds / "gallery/bunting/moving.gif"
    noise(1).save(path, save_all=True, append_images=[noise(2)])
    assert "Several frames" in reasons(imported(birds))["gallery/bunting/moving.gif"]


def test_an_oversized_photo_is_refused(birds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo(birds / "gallery/bunting/huge.png", seed=5, size=(80, 80))
    monkeypatch.setattr(images, "MAX_PIXELS", 40 * 36)
    assert "80 x 80" in reasons(imported(birds))["gallery/bunting/huge.png"]


def test_a_tiny_photo_is_refused(birds: Path) -> None:
    photo(birds / "gallery/bunting/tiny.png", size=(8, 90))
    assert "8 x 90" in reasons(imported(birds))["gallery/bunting/tiny.png"]


def test_a_cmyk_photo_becomes_an_rgb_crop(root: Path) -> None:
    path = root / "gallery/a/print.jpg"
    path.parent.mkdir(parents=True)
    noise().convert("CMYK").save(path)
    imported(root)
    assert crop_of("gallery/a/print.jpg").mode == "RGB"


def test_a_16_bit_photo_is_scaled_and_stays_grey(root: Path) -> None:
    path = root / "gallery/a/deep.png"
    path.parent.mkdir(parents=True)
    Pixels.fromarray(np.full((40, 40), 32768, dtype=np.uint16)).save(path)
    imported(root)
    crop = crop_of("gallery/a/deep.png")
    assert crop.mode == "L"
    assert crop.getextrema() == (128, 128)


def test_a_rotated_photo_is_stored_upright(root: Path) -> None:
    path = root / "gallery/a/phone.jpg"
    path.parent.mkdir(parents=True)
    exif = Pixels.Exif()
    exif[0x0112] = 6  # orientation: lies on its side
    noise(size=(60, 40)).save(path, exif=exif)
    imported(root)
    assert (stored("gallery/a/phone.jpg").width, stored("gallery/a/phone.jpg").height) == (40, 60)


def test_an_unreadable_file_is_refused(birds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(import_run, "file_sha256", refuse)
    report = imported(birds)
    assert reasons(report)["query/bunting/2.png"] == "cannot be read: Permission denied"


def test_a_broken_link_is_refused(birds: Path) -> None:
    (birds / "gallery/bunting/link.jpg").symlink_to(birds / "nowhere")
    assert reasons(imported(birds)) == {"gallery/bunting/link.jpg": "broken link"}


def test_a_linked_folder_is_followed_and_a_loop_ends(birds: Path, tmp_path: Path) -> None:
    photo(tmp_path / "elsewhere/1.png", seed=5)
    (birds / "gallery/linked").symlink_to(tmp_path / "elsewhere")
    (birds / "gallery/bunting/loop").symlink_to(birds)
    report = imported(birds)
    assert report.n_new == 5
    assert list(reasons(report)) == ["gallery/bunting/loop"]


def test_hidden_files_are_ignored_and_counted(birds: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", ".hidden.jpg"):
        (birds / "gallery/bunting" / name).write_text("x")
    report = imported(birds)
    assert (report.n_ignored, report.refused) == (3, ())


@pytest.mark.parametrize("place", ["stray.png", "gallery/stray.png", "gallery/bunting/new/1.png"])
def test_a_file_at_a_wrong_depth_is_refused(birds: Path, place: str) -> None:
    photo(birds / place, seed=5)
    assert "wrong depth" in reasons(imported(birds))[place]


@pytest.mark.parametrize("place", ["s" * 51 + "/a/1.png", "gallery/" + "c" * 201 + "/1.png"])
def test_a_name_too_long_for_the_database_is_refused(birds: Path, place: str) -> None:
    photo(birds / place, seed=5)
    assert "name too long" in reasons(imported(birds))[place]


def test_a_name_that_is_no_utf8_is_refused(birds: Path) -> None:
    shutil.copy(birds / "gallery/bunting/1.png", birds / "gallery/bunting/\udcff.png")
    assert "not valid UTF-8" in reasons(imported(birds))["gallery/bunting/\\udcff.png"]


def test_a_category_without_a_usable_image_is_reported(birds: Path) -> None:
    (birds / "gallery/notes").mkdir()
    (birds / "gallery/notes/readme.txt").write_text("hello")
    assert list(reasons(imported(birds))) == ["gallery/notes/readme.txt", "notes"]


def test_an_empty_category_goes_with_its_folder(birds: Path) -> None:
    (birds / "gallery/a_note").mkdir()
    (birds / "gallery/a_note/readme.txt").write_text("hello")
    imported(birds)
    shutil.rmtree(birds / "gallery/a_note")
    imported(birds)
    assert list(Category.objects.values_list("name", "index")) == [("bunting", 0), ("cardinal", 1)]
