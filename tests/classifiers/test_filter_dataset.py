"""The clean-up of a test set: each image to leave out, with the reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Pixels

from classifiers.models import Image
from classifiers.services import filters
from classifiers.services.datasets import dataset_import
from classifiers.services.photos import photo_read
from tests.classifiers.photos import noise

pytestmark = pytest.mark.django_db
SIZE = (240, 230)


def picture(seed: int, size: tuple[int, int] = SIZE) -> Pixels.Image:
    return noise(seed, (6, 5)).resize(size, Pixels.Resampling.BICUBIC)


def save(path: Path, image: Pixels.Image, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


@pytest.fixture
def birds(root: Path) -> Path:
    """Two gallery photos; of the queries only ``good.png`` has nothing against it."""
    save(root / "gallery/bunting/1.png", picture(1))
    save(root / "gallery/cardinal/2.png", picture(7))
    queries = {
        "good.png": picture(2),
        "same.bmp": picture(1),
        "grey.png": picture(3).convert("L"),
        "tiny.png": picture(4, (300, 223)),
        "near.jpg": picture(7).resize((300, 280)),
        "two.png": picture(5, (100, 90)).convert("L"),
    }
    for name, image in queries.items():
        save(root / "query/bunting" / name, image)
    import_as_before(root)
    return root


def import_as_before(root: Path) -> None:
    """Import as releases did that compared bytes alone, so that equal pixels come in twice."""
    for split in ("gallery", "query"):
        aside = root.with_name(f"{split}-aside")
        other = root / ("query" if split == "gallery" else "gallery")
        other.rename(aside)
        dataset_import(slug="birds", root=root)
        aside.rename(other)
        Image.objects.update(pixels_sha256="")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.csv"


def filtered(out: Path, *options: str) -> dict[str, str]:
    """Run the command; return the reasons by file name."""
    call_command("filter_dataset", "birds", "--out", str(out), *options)
    return {Path(row["source"]).name: row["reasons"] for row in rows(out)}


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_each_image_is_left_out_with_every_reason(birds: Path, out: Path) -> None:
    assert filtered(out) == {
        "grey.png": "greyscale",
        "same.bmp": "duplicate",
        "tiny.png": "small",
        "two.png": "small;greyscale",
    }
    details = {row["source"]: row["details"] for row in rows(out)}
    assert details["query/bunting/same.bmp"] == "duplicate: of gallery/bunting/1.png"
    assert details["query/bunting/tiny.png"] == "small: 223 pixels, below 224"


def test_the_list_carries_ids_and_the_rest_is_kept(birds: Path, out: Path) -> None:
    keep = out.with_name("keep.csv")
    filtered(out, "--keep", str(keep))
    found = {int(row["image_id"]): row["source"] for row in [*rows(out), *rows(keep)]}
    assert found == dict(Image.objects.filter(split="query").values_list("pk", "source"))
    assert [Path(row["source"]).name for row in rows(keep)] == ["good.png", "near.jpg"]


def test_a_photo_turned_by_its_camera_is_the_same_picture(birds: Path, out: Path) -> None:
    exif = Pixels.Exif()
    exif[0x0112] = 6  # to be turned clockwise when shown
    turned = picture(1).transpose(Pixels.Transpose.ROTATE_90)
    save(birds / "query/bunting/turned.png", turned, exif=exif)
    dataset_import(slug="birds", root=birds)
    assert filtered(out)["turned.png"] == "duplicate"


def test_near_duplicates_are_left_out_only_when_asked(birds: Path, out: Path) -> None:
    plain = filtered(out)
    assert filtered(out, "--near") == plain | {"near.jpg": "near-duplicate"}
    assert filtered(out, "--near", "--ignore", "near-duplicate") == plain


def test_a_near_duplicate_is_named_with_its_distance(birds: Path, out: Path) -> None:
    filtered(out, "--near", "6")
    (detail,) = [row["details"] for row in rows(out) if row["source"].endswith("near.jpg")]
    assert detail.startswith("near-duplicate: of gallery/cardinal/2.png, ")
    assert detail.endswith(" of 64 bits differ")


def test_an_empty_list_of_labels_is_no_label(birds: Path, out: Path) -> None:
    names = [path.name for path in (birds / "query/bunting").iterdir()]
    labels = {name: [] if name == "good.png" else ["bunting"] for name in names}
    (birds / "labels.json").write_text(json.dumps(labels))
    assert filtered(out, "--labels", str(birds / "labels.json"))["good.png"] == "no-label"


def test_a_reason_can_be_ignored_and_the_least_side_be_set(birds: Path, out: Path) -> None:
    assert filtered(out, "--ignore", "greyscale", "--min-side", "223") == {
        "same.bmp": "duplicate",
        "two.png": "small",
    }


def test_nothing_is_decoded_where_no_pixels_matter(
    birds: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "photo_read", None)
    found = filtered(out, "--ignore", "greyscale", "--ignore", "duplicate")
    assert found == {"tiny.png": "small", "two.png": "small"}


def test_gallery_photos_of_other_sizes_need_no_decoding(
    birds: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.objects.filter(source="gallery/cardinal/2.png").update(width=999)
    seen = decoded(monkeypatch)
    filtered(out)
    assert sorted({path.name for path in seen} - {"good.png"}) == [
        "1.png", "grey.png", "near.jpg", "same.bmp", "tiny.png", "two.png"
    ]  # fmt: skip


def decoded(monkeypatch: pytest.MonkeyPatch, *, fail_at: int = 0) -> list[Path]:
    """Record which files are decoded; at the given one, be interrupted instead."""
    seen: list[Path] = []
    real = photo_read

    def load(image: Image) -> Pixels.Image:
        seen.append(image.path)
        if len(seen) == fail_at:
            raise KeyboardInterrupt
        return real(image)

    monkeypatch.setattr(filters, "photo_read", load)
    monkeypatch.setattr(filters, "N_THREADS", 1)
    return seen


@pytest.mark.parametrize(("n_cut", "n_known"), [(0, 4), (10, 3)])
def test_an_interrupted_run_goes_on_where_it_stopped(
    birds: Path, out: Path, monkeypatch: pytest.MonkeyPatch, n_cut: int, n_known: int
) -> None:
    whole = filtered(out)
    monkeypatch.setattr(filters, "BATCH", 2)
    with monkeypatch.context() as first:
        decoded(first, fail_at=5)
        with pytest.raises(CommandError, match=r"Interrupted. What was decoded is in .*partial"):
            filtered(out)
    partial = out.with_name("out.csv.partial")
    text = partial.read_text()
    partial.write_text(text[: len(text) - n_cut])  # a power cut may take the end of a line
    seen = decoded(monkeypatch)
    assert (filtered(out), len(seen), partial.exists()) == (whole, 8 - n_known, False)


def test_the_summary_counts_reasons_and_says_what_to_do(
    birds: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filtered(out, "--ignore", "duplicate")
    said = capsys.readouterr().out
    assert "6 images in 'query': 3 to leave out, 3 to keep" in said
    assert "  greyscale              2  red" in said
    assert "  duplicate        ignored  a gallery" in said
    assert f"manage.py evaluate birds --leave-out {out}" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--split", "gallery"), "has 2 images in split 'gallery'; expected a split of queries"),
        (("--split", "night"), "has 0 images in split 'night'"),
        (("--near", "64"), "64 bits; expected 0 to 63"),
        (("--labels", "/nowhere.json"), "cannot be read"),
        (("--keep", "/nowhere/keep.csv"), "cannot be written; expected a file in a folder"),
    ],
)
def test_what_cannot_be_done_is_refused(
    birds: Path, out: Path, options: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        filtered(out, *options)
    assert not out.exists()


def test_a_photo_that_is_gone_or_changed_is_refused_by_name(birds: Path, out: Path) -> None:
    photo = birds / "query/bunting/good.png"
    photo.write_bytes(photo.read_bytes() + b"\0")
    with pytest.raises(CommandError, match=r"good.png has other bytes"):
        filtered(out)
    photo.unlink()
    with pytest.raises(CommandError, match=r"good.png cannot be read .*import_dataset birds again"):
        filtered(out)


def test_a_set_without_gallery_has_no_duplicates(root: Path, out: Path) -> None:
    save(root / "query/bunting/1.png", picture(1))
    dataset_import(slug="birds", root=root)
    assert filtered(out, "--near") == {}
