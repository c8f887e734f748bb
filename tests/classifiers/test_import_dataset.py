"""Importing a folder of photos: what comes in, what is refused, and that it is safe to repeat."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from PIL import Image as Pixels
from pytest_django import Settings

from classifiers.core import images
from classifiers.models import Category, Dataset, Gallery, Image, crop_path
from classifiers.services import import_run
from classifiers.services.datasets import DatasetRefused, ImportReport, dataset_import
from classifiers.services.folders import default_label, folder_scan, is_query

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    """An empty folder to import from; crops go beside it."""
    settings.CROP_DIR = tmp_path / "crops"
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def birds(root: Path) -> Path:
    """Four good photos: two categories, in both splits."""
    for seed, place in enumerate(
        ("gallery/bunting/1.png", "gallery/cardinal/1.png", "query/bunting/2.png")
    ):
        photo(root / place, seed=seed)
    photo(root / "query/cardinal/2.jpg", seed=9)
    return root


def photo(path: Path, *, seed: int = 0, size: tuple[int, int] = (40, 36)) -> Path:
    """Write a photo whose bytes depend on the seed; the file's ending says the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(seed, size).save(path)
    return path


def noise(seed: int = 0, size: tuple[int, int] = (40, 36)) -> Pixels.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Pixels.fromarray(pixels)


def imported(
    root: Path, query_share: float | None = None, split_seed: int | None = None
) -> ImportReport:
    return dataset_import(slug="birds", root=root, query_share=query_share, split_seed=split_seed)


def reasons(report: ImportReport) -> dict[str, str]:
    return {each.path: each.reason for each in report.refused}


def stored(source: str) -> Image:
    return Image.objects.get(dataset__slug="birds", source=source)


def crop_of(source: str) -> Pixels.Image:
    with Pixels.open(stored(source).crop_path) as crop:
        crop.load()
        return crop


# What comes in


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
    assert "2 frames" in reasons(imported(birds))["gallery/bunting/moving.gif"]


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


# The folder as a whole


def test_a_moved_folder_is_followed(birds: Path) -> None:
    imported(birds)
    moved = birds.rename(birds.with_name("moved"))
    assert imported(moved).n_unchanged == 4
    assert stored("gallery/bunting/1.png").path == moved / "gallery/bunting/1.png"


@pytest.mark.parametrize("is_changed", [True, False])
def test_another_folder_is_refused(birds: Path, is_changed: bool) -> None:
    imported(birds)
    other = birds.rename(birds.with_name("other"))
    path = other / "gallery/bunting/1.png"
    path.unlink()
    if is_changed:
        photo(path, seed=77)
    with pytest.raises(DatasetRefused, match=r"1 of 4 images .* first gallery/bunting/1.png"):
        imported(other)
    assert Dataset.objects.get(slug="birds").root == str(birds)


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([], "holds no file"),
        ([".hidden"], "but 1 hidden file"),
        (["1.png"], "files only, no folders"),
        (["cats/1.png", "dogs/2.png"], "no split above it.*ROOT/all"),
        (["birds/gallery/cats/1.png"], "too deep.*photos/birds"),
        (["s" * 51 + "/cats/1.png"], "name too long"),
        (["cats/1.png", "dogs/2.png", "cats/kittens/3.png"], "no split above it"),
    ],
)
def test_a_wrong_layout_teaches_the_right_one(root: Path, places: list[str], words: str) -> None:
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).touch()
    with pytest.raises(DatasetRefused, match=words) as refused:
        imported(root)
    assert "ROOT/<split>/<category>/<file>" in str(refused.value)
    assert not Dataset.objects.exists()


def test_as_many_strays_as_photos_do_not_stop_the_photos(root: Path) -> None:
    (root / "README").touch()
    photo(root / "gallery/cats/1.png")
    report = imported(root)
    assert (report.n_new, list(reasons(report))) == (1, ["README"])


def test_a_missing_folder_or_a_file_in_its_place_is_refused(birds: Path) -> None:
    with pytest.raises(DatasetRefused, match="does not exist"):
        imported(birds / "nowhere")
    with pytest.raises(DatasetRefused, match="is not a folder"):
        imported(birds / "gallery/bunting/1.png")


def test_a_folder_that_cannot_be_listed_is_refused(
    birds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(DatasetRefused, match="Permission denied"):
        imported(birds)


def test_a_name_that_is_no_slug_is_refused(birds: Path) -> None:
    with pytest.raises(DatasetRefused, match=r"'my birds'.*slug"):
        dataset_import(slug="my birds", root=birds)


# Drawn splits


def many_photos(root: Path, first: int, stop: int) -> None:
    for seed in range(first, stop):
        photo(root / f"all/{'ab'[seed % 2]}/{seed}.png", seed=seed)


def splits() -> dict[str, str]:
    return dict(Image.objects.values_list("source", "split"))


def test_a_drawn_split_ignores_the_folders_and_is_stored(root: Path) -> None:
    many_photos(root, 0, 12)
    imported(root, 0.4, 2022)
    assert set(splits().values()) == {"gallery", "query"}
    dataset = Dataset.objects.get(slug="birds")
    assert (dataset.query_share, dataset.split_seed) == (0.4, 2022)


def test_a_later_import_never_moves_an_image(root: Path) -> None:
    many_photos(root, 6, 12)
    imported(root, 0.4, 2022)
    before = splits()
    many_photos(root, 0, 6)
    imported(root, 0.4, 2022)
    assert len(splits()) == 12
    assert before.items() <= splits().items()


def test_a_draw_depends_on_the_bytes_and_not_on_the_place(root: Path) -> None:
    many_photos(root, 0, 12)
    imported(root, 0.4, 2022)
    before = dict(Image.objects.values_list("sha256", "split"))
    Dataset.objects.all().delete()
    (root / "all").rename(root / "query")
    imported(root, 0.4, 2022)
    assert dict(Image.objects.values_list("sha256", "split")) == before


def test_a_draw_meets_its_share() -> None:
    drawn = [is_query(str(each), query_share=0.4, split_seed=1) for each in range(2000)]
    assert np.mean(drawn) == pytest.approx(0.4, abs=0.03)


def test_another_seed_draws_another_split() -> None:
    one, two = (
        [is_query(str(each), query_share=0.4, split_seed=seed) for each in range(50)]
        for seed in (1, 2)
    )
    assert one != two


@pytest.mark.parametrize("draw", [(0.4, 7), (0.5, 2022), (None, None)])
def test_another_draw_is_refused(root: Path, draw: tuple[float | None, int | None]) -> None:
    many_photos(root, 0, 2)
    imported(root, 0.4, 2022)
    with pytest.raises(DatasetRefused, match=r"was imported with query_share=0\.4, split_seed"):
        imported(root, *draw)


@pytest.mark.parametrize("draw", [(0.4, None), (None, 1), (0.0, 1), (1.0, 1), (40.0, 1)])
def test_half_a_draw_or_no_share_is_refused(
    birds: Path, draw: tuple[float | None, int | None]
) -> None:
    with pytest.raises(DatasetRefused, match="Expected"):
        imported(birds, *draw)


def test_a_draw_may_change_while_no_image_is_in(root: Path) -> None:
    photo(root / "all/a/1.png").write_text("broken")
    imported(root, 0.4, 2022)
    photo(root / "all/a/1.png")
    assert imported(root, 0.5, 1).n_new == 1


# categories.csv


def test_categories_csv_gives_labels_and_definitions(birds: Path) -> None:
    (birds / "categories.csv").write_text(
        'folder,label,definition\nbunting,Painted Bunting,"Small, bright"\n', encoding="utf-8-sig"
    )
    assert imported(birds).refused == ()
    assert list(Category.objects.values_list("name", "label", "definition")) == [
        ("bunting", "Painted Bunting", "Small, bright"),
        ("cardinal", "cardinal", ""),
    ]


def test_a_corrected_categories_csv_is_taken_over(birds: Path) -> None:
    imported(birds)
    (birds / "categories.csv").write_text("folder,label\ncardinal,Red Cardinal\nbunting,\n")
    imported(birds)
    assert list(Category.objects.values_list("label", flat=True)) == ["bunting", "Red Cardinal"]


def test_a_label_edited_by_hand_survives_an_import_without_csv(birds: Path) -> None:
    imported(birds)
    Category.objects.filter(name="bunting").update(label="Painted Bunting")
    imported(birds)
    assert Category.objects.get(name="bunting").label == "Painted Bunting"


def test_a_row_for_no_folder_is_reported(birds: Path) -> None:
    (birds / "categories.csv").write_text("folder,label\nostrich,Ostrich\n")
    assert reasons(imported(birds)) == {"categories.csv:2": "no such folder: 'ostrich'"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"name,label\nbunting,B\n", r"\['name', 'label'\], without folder"),
        (b"", "without folder, label"),
        (b"folder,label\nbunting,A\nbunting,B\n", "line 3: a second row"),
        (b"folder,label\nbunting," + b"A" * 201, "label over 200"),
        (b"folder,label\nbunting,\xff\n", "cannot be read as CSV in UTF-8"),
    ],
)
def test_a_wrong_categories_csv_is_refused(birds: Path, text: bytes, words: str) -> None:
    (birds / "categories.csv").write_bytes(text)
    with pytest.raises(DatasetRefused, match=words):
        imported(birds)


# Crops


def test_a_crop_tells_nothing_but_the_picture(root: Path) -> None:
    path = root / "gallery/SECRET_bird/SECRET_name.jpg"
    path.parent.mkdir(parents=True)
    exif = Pixels.Exif()
    exif[0x010E] = "SECRET description"
    noise().save(path, exif=exif, comment=b"SECRET comment")
    imported(root)

    crop = stored("gallery/SECRET_bird/SECRET_name.jpg").crop_path
    assert b"SECRET" in path.read_bytes()
    assert b"SECRET" not in crop.read_bytes()
    assert "SECRET" not in str(crop)
    assert dict(crop_of("gallery/SECRET_bird/SECRET_name.jpg").getexif()) == {}


def test_a_crop_is_a_progressive_square_with_full_colour(birds: Path) -> None:
    imported(birds)
    crop = crop_of("gallery/bunting/1.png")
    assert (crop.format, crop.mode) == ("JPEG", "RGB")
    assert crop.width == crop.height == images.display_side(noise())
    assert crop.info["progressive"]
    assert {each[1:3] for each in crop.layer} == {(1, 1)}  # type: ignore[attr-defined]  # 4:4:4


def test_a_crop_leaves_no_temporary_file(birds: Path, settings: Settings) -> None:
    imported(birds)
    names = sorted(path.name for path in settings.CROP_DIR.rglob("*.*"))
    assert names == sorted(crop_path(each.token).name for each in Image.objects.all())


# The command


def test_the_command_tells_what_it_did(birds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (birds / "gallery/bunting/text.jpg").write_text("not a photo")
    call_command("import_dataset", "birds", str(birds))
    told = capsys.readouterr()
    assert "Dataset 'birds': 4 new, 0 unchanged, 1 refused, 0 hidden files ignored." in told.out
    assert "Now 2 in 'gallery', 2 in 'query'; 2 categories." in told.out
    assert told.err.startswith("refused gallery/bunting/text.jpg: Not an image")


def test_the_command_draws_splits(root: Path) -> None:
    many_photos(root, 0, 2)
    call_command("import_dataset", "birds", str(root), "--query-share=0.4", "--split-seed=2022")
    assert Dataset.objects.get(slug="birds").split_seed == 2022


def test_a_log_gets_a_line_every_tenth_of_the_way(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many_photos(root, 0, 25)
    call_command("import_dataset", "birds", str(root))
    lines = [line for line in capsys.readouterr().out.splitlines() if " files (" in line]
    assert len(lines) == 10
    assert lines[-1] == "25 of 25 files (100%)"


def test_a_person_sees_a_bar(
    birds: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    call_command("import_dataset", "birds", str(birds))
    assert "4/4" in capsys.readouterr().err


def test_the_command_fails_when_nothing_stands(root: Path) -> None:
    photo(root / "gallery/a/1.png").write_text("broken")
    with pytest.raises(CommandError, match="No image could be imported"):
        call_command("import_dataset", "birds", str(root))


def test_the_command_passes_a_refusal_on(root: Path) -> None:
    with pytest.raises(CommandError, match="holds no file"):
        call_command("import_dataset", "birds", str(root))


def test_ctrl_c_tells_how_many_are_in_and_how_to_go_on(
    birds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(birds)

    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "classifiers.management.commands.import_dataset.dataset_import", interrupted
    )
    with pytest.raises(CommandError, match=r"4 images .* same command continues") as stopped:
        call_command("import_dataset", "birds", str(birds))
    assert stopped.value.returncode == 130


def test_scanning_opens_no_file_and_sorts(birds: Path) -> None:
    scan = folder_scan(birds)
    assert [each.source for each in scan.files] == [
        "gallery/bunting/1.png",
        "gallery/cardinal/1.png",
        "query/bunting/2.png",
        "query/cardinal/2.jpg",
    ]
