"""Labels from categories.csv, crops, and the command."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Pixels
from pytest_django import Settings

from classifiers.core import images
from classifiers.models import Category, Dataset, Image
from classifiers.services.datasets import DatasetRefused
from classifiers.services.folders import folder_scan
from classifiers.tokens import crop_path
from tests.classifiers.photos import crop_of, imported, many_photos, noise, photo, reasons, stored

pytestmark = pytest.mark.django_db


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
        (
            b"name,label\nbunting,B\n",
            r"\['name', 'label'\], without folder\. .*Columns: folder,label,definition",
        ),
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
    assert {item[1:3] for item in crop.layer} == {(1, 1)}  # type: ignore[attr-defined]  # 4:4:4


def test_a_crop_leaves_no_temporary_file(birds: Path, settings: Settings) -> None:
    imported(birds)
    names = sorted(path.name for path in settings.CROP_DIR.rglob("*.*"))
    assert names == sorted(crop_path(image.token).name for image in Image.objects.all())


# The command


def test_the_command_tells_what_it_did(birds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (birds / "gallery/bunting/text.jpg").write_text("not a photo")
    call_command("import_dataset", "birds", str(birds))
    told = capsys.readouterr()
    assert "Dataset 'birds': 4 new, 0 unchanged, 1 refused, 0 hidden files ignored." in told.out
    assert "Now 2 in 'gallery', 2 in 'query'; 2 categories." in told.out
    assert told.err.startswith("refused gallery/bunting/text.jpg: Not an image")


def test_the_command_names_categories_that_are_odd(
    birds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (birds / "categories.csv").write_text("folder,label\nbunting,bird\ncardinal,Bird \n")
    photo(birds / "query/owl/1.png", seed=20)
    call_command("import_dataset", "birds", str(birds))
    told = capsys.readouterr().err
    assert "look at bunting, cardinal: people read the same label ('bird', 'Bird')" in told
    assert "look at owl: 1 of 3 categories have photos to judge and none in the gallery" in told
    assert "look at the AI's memory (the gallery): it has 2 photos, and 20 vote" in told


def test_the_command_takes_a_zip_and_the_encoding_of_its_names(
    root: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.UPLOAD_DIR = root / "uploads"
    path = root / "birds.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for seed, split in enumerate(("gallery", "query")):
            content = photo(root / f"{seed}.png", seed=seed).read_bytes()
            archive.writestr(f"{split}/Rqdkqlk/1.png", content)
    path.write_bytes(path.read_bytes().replace(b"Rqdkqlk", b"R\x9bdk\x91lk"))
    with pytest.raises(CommandError, match="cp850: gallery/R\u00f8dk\u00e6lk/1"):
        call_command("import_dataset", "birds", str(path))
    call_command("import_dataset", "birds", str(path), encoding="cp850")
    assert "Dataset 'birds': 2 new" in capsys.readouterr().out
    assert Category.objects.get().name == "R\u00f8dk\u00e6lk"
    with pytest.raises(CommandError, match="is no short name"):
        call_command("import_dataset", "../birds", str(path), encoding="cp850")


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
    with pytest.raises(CommandError, match="has no file"):
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
    assert [file.source for file in scan.files] == [
        "gallery/bunting/1.png",
        "gallery/cardinal/1.png",
        "query/bunting/2.png",
        "query/cardinal/2.jpg",
    ]
