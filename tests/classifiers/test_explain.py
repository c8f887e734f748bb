"""The picture of one decision, from the command line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image as Pixels
from pytest_django import Settings

from classifiers import tasks
from classifiers.core import figures, methods, query
from classifiers.core.backbones.backbones import BACKBONES
from classifiers.core.chm.chmnet import CHMLearner
from classifiers.core.chm.matcher_features import Targets
from classifiers.core.chm.matchers import Matcher, matcher_load
from classifiers.core.gallery.index import Gallery as Features
from classifiers.core.images import central_square, load_rgb, matcher_crop
from classifiers.core.library import crop_read, gallery_from_folder, gallery_open
from classifiers.models import Dataset, Gallery, Image
from tests.classifiers.photos import photo

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


PLUS = ("--classifier=chm-corr-plus", f"--set=masks={'a' * 64}")


def explain(image: Path, out: Path, *options: str) -> bytes:
    """Run the command; of an option given twice the last one holds."""
    fixed = ("explain", str(image), "--classifier=emd-corr", "--dpi=30", f"--out={out}")
    call_command(*fixed, *options)
    return out.read_bytes()


def query_of(category: str) -> Path:
    return Image.objects.filter(split="query", category__name=category)[0].path


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> None:
    """Let the command set the variable for this test only."""
    monkeypatch.setenv("STUDY_WEIGHTS_DIR", "")
    settings.WEIGHTS_DIR = tmp_path / "weights"


@pytest.fixture
def matcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Matcher:
    """Load a learner that was never trained, and let the core find it."""
    torch.save(CHMLearner(112).state_dict(), tmp_path / "learner.pt")
    loaded = matcher_load("chm-lite0", checkpoint=tmp_path / "learner.pt")
    for module in (query, methods):
        monkeypatch.setattr(module, "matcher_kept", lambda name: loaded)
    return loaded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of four photos that no dataset knows; the photos lie beside it in birds/."""
    place = tmp_path_factory.mktemp("folder")
    for seed in range(4):
        photo(place / f"birds/{'ab'[seed % 2]}/{seed}.png", seed=seed)
    gallery_from_folder(place / "birds", place / "birds-gallery")
    return place / "birds-gallery"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record what is drawn, and draw it."""
    seen: list[dict[str, Any]] = []
    draw = figures.explanation_figure

    def record(*args: Any, **options: Any) -> Any:
        places = ("query", "knn", "reranked", "crop_of", "names")
        seen.append(dict(zip(places, args, strict=True)) | options)
        return draw(*args, **options)

    monkeypatch.setattr(figures, "explanation_figure", record)
    return seen


def test_it_draws_the_decision_with_a_datasets_gallery(
    gallery: Gallery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    png = explain(query_of("dark"), tmp_path / "a.png", "--dataset=shades", "--truth=dark")
    assert png.startswith(b"\x89PNG")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["knn", "emd-corr", "Drawn:"]
    assert lines[1].endswith("of 6 votes)")


def test_the_truth_may_be_named_by_its_label(
    gallery: Gallery, tmp_path: Path, drawn: list[dict[str, Any]]
) -> None:
    gallery.dataset.categories.filter(name="dark").update(label="Dark photo")
    explain(query_of("dark"), tmp_path / "a.svg", "--truth=Dark photo")
    assert drawn[0]["truth"] == 1
    assert drawn[0]["names"] == {0: "bright", 1: "Dark photo"}
    assert drawn[0]["method"] == "EMD-Corr"


def test_a_label_that_several_categories_have_names_no_truth(
    gallery: Gallery, tmp_path: Path
) -> None:
    gallery.dataset.categories.update(label="photo")
    with pytest.raises(CommandError, match="2 categories are labelled 'photo': bright, dark"):
        explain(query_of("dark"), tmp_path / "a.svg", "--truth=photo")


def test_exemplars_are_the_stored_crops(
    gallery: Gallery, tmp_path: Path, drawn: list[dict[str, Any]]
) -> None:
    explain(query_of("dark"), tmp_path / "a.svg")
    image = Image.objects.get(pk=drawn[0]["knn"].neighbors[0].image)
    with Pixels.open(image.crop_path) as crop:
        assert drawn[0]["crop_of"](image.pk) == crop


def test_it_takes_a_gallery_of_a_folder_without_any_dataset(
    folder: Path,
    tmp_path: Path,
    drawn: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    image = photo(tmp_path / "other.jpg", seed=9)
    assert explain(image, tmp_path / "a.pdf", f"--gallery={folder}").startswith(b"%PDF")
    assert drawn[0]["names"] == {0: "a", 1: "b"}
    assert drawn[0]["truth"] is None
    assert "fontTools" not in caplog.text


def test_parameters_reach_the_classifier(
    folder: Path, tmp_path: Path, drawn: list[dict[str, Any]]
) -> None:
    image = photo(tmp_path / "other.jpg", seed=9)
    explain(image, tmp_path / "a.svg", f"--gallery={folder}", "--set=n_voters=3")
    assert drawn[0]["reranked"].n_voters == 3


def test_a_folders_photos_are_encoded_for_a_matcher_where_needed(
    folder: Path, tmp_path: Path, drawn: list[dict[str, Any]], matcher: Matcher
) -> None:
    image = photo(tmp_path / "other.jpg", seed=9)
    explain(image, tmp_path / "a.svg", f"--gallery={folder}", "--classifier=chm-corr")
    assert drawn[0]["method"] == "CHM-Corr"
    targets = Targets.open(gallery_open(folder).gallery, matcher)
    assert len(targets.kept) == 4


def test_a_datasets_photos_are_encoded_once_as_a_worker_would(
    gallery: Gallery, tmp_path: Path, matcher: Matcher
) -> None:
    options = ("--dataset=shades", "--classifier=chm-corr")
    first = explain(query_of("dark"), tmp_path / "a.svg", *options)
    opened = Features.open(gallery.folder)
    photos = Image.objects.in_bulk(opened.image_ids.tolist())
    crops = [
        np.asarray(matcher_crop(load_rgb(photos[image_pk].path)))
        for image_pk in opened.image_ids.tolist()
    ]
    kept = Targets.open(opened, matcher).of(torch.arange(6))
    assert torch.equal(kept, matcher.encode(np.stack(crops), "target"))
    photos[int(opened.image_ids[0])].path.unlink()  # no photo is read again
    assert explain(query_of("dark"), tmp_path / "b.svg", *options) == first


def test_a_photo_that_is_gone_is_named(gallery: Gallery, tmp_path: Path, matcher: Matcher) -> None:
    query = query_of("dark")
    Image.objects.filter(split="gallery")[0].path.unlink()
    with pytest.raises(CommandError, match=r"0.png cannot be read.*import_dataset shades again"):
        explain(query, tmp_path / "a.svg", "--classifier=chm-corr")


@pytest.mark.parametrize("place", ["dataset", "folder"])
def test_in_paper_mode_the_squares_are_shown_whose_cells_were_matched(
    place: str,
    gallery: Gallery,
    folder: Path,
    tmp_path: Path,
    drawn: list[dict[str, Any]],
    matcher: Matcher,
) -> None:
    where = f"--gallery={folder}" if place == "folder" else "--dataset=shades"
    options, query = (where, "--classifier=chm-corr"), query_of("dark")
    crop = explain(query, tmp_path / "a.svg", *options)
    assert explain(query, tmp_path / "b.svg", *options, "--set=paper=true") != crop
    shown = drawn[1]
    assert shown["query"] == central_square(load_rgb(query), 448) != drawn[0]["query"]
    image = shown["reranked"].neighbors[0].image
    path = (
        gallery_open(folder).files[image] if place == "folder" else Image.objects.get(pk=image).path
    )
    assert shown["crop_of"](image) == central_square(load_rgb(path), 448)


def test_paper_mode_of_emd_corr_shows_the_crop_it_compared(
    folder: Path, tmp_path: Path, drawn: list[dict[str, Any]]
) -> None:
    image = photo(tmp_path / "other.jpg", seed=9)
    explain(image, tmp_path / "a.svg", f"--gallery={folder}", "--set=paper=true")
    assert drawn[0]["query"] == crop_read(image)


def test_a_mask_of_49_ones_is_taken_as_text(
    folder: Path, tmp_path: Path, drawn: list[dict[str, Any]], matcher: Matcher
) -> None:
    image = photo(tmp_path / "other.jpg", seed=9)
    options = (f"--gallery={folder}", "--classifier=chm-corr-plus", f"--set=mask={'1' * 49}")
    explain(image, tmp_path / "a.svg", *options)
    assert drawn[0]["method"] == "CHM-Corr+"


def test_a_gallery_of_registered_weights_is_explained_with_them(
    dataset: Dataset,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    request.addfinalizer(query._backbone_kept.cache_clear)
    name, lite0 = "resnet50-inaturalist2017", BACKBONES["efficientnet-lite0"]
    assert lite0.weights is not None
    # A network that is at hand plays the one whose weights the user brings.
    ours = replace(lite0, name=name, weights=None, weights_sha256="")
    monkeypatch.setitem(BACKBONES, name, ours)
    settings.WEIGHTS_DIR.mkdir()
    shutil.copy(lite0.weights(), settings.WEIGHTS_DIR / f"{name}.pth")
    entry = {"name": name, "sha256": lite0.weights_sha256, "file": "x.pth", "how": "layout"}
    (settings.WEIGHTS_DIR / f"{name}.json").write_text(json.dumps(entry))
    tasks.gallery_build(Gallery.objects.create(dataset=dataset, backbone=name).pk)
    assert explain(query_of("dark"), tmp_path / "a.png").startswith(b"\x89PNG")
    (settings.WEIGHTS_DIR / f"{name}.json").unlink()
    with pytest.raises(CommandError, match=f"No weights of {name}.*add_weights"):
        explain(query_of("dark"), tmp_path / "a.png")


@pytest.mark.parametrize(
    ("place", "options", "words"),
    [
        ({"out": "a.gif"}, (), "ends in .gif; expected .png, .svg, .pdf"),
        ({"out": "nowhere/a.png"}, (), "nowhere is no folder; make it first"),
        ({"image": "gone.jpg"}, (), "gone.jpg cannot be used: No such file"),
        ({"image": "notes.txt"}, (), "notes.txt cannot be used: Not an image that can be read"),
        ({"gallery": "birds"}, (), "birds holds no gallery"),
        ({}, ("--truth=c",), r"No category 'c'; known: a, b\."),
        ({}, ("--backbone=x",), "is a gallery of efficientnet-lite0; asked for x"),
        ({}, ("--set=n_voters=0",), "n_voters is 0; expected a whole number"),
        ({}, ("--set=classes=split",), "one image has none.*evaluate DATASET --restrict"),
        ({}, PLUS, "For one image give its own: --set mask="),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    folder: Path, tmp_path: Path, place: dict[str, str], options: tuple[str, ...], words: str
) -> None:
    photo(tmp_path / "other.jpg", seed=9)
    (tmp_path / "notes.txt").write_text("birds")
    names = {"image": "other.jpg", "out": "a.png", "gallery": folder.name} | place
    image, out = tmp_path / names["image"], tmp_path / names["out"]
    with pytest.raises(CommandError, match=words):
        explain(image, out, f"--gallery={folder.parent / names['gallery']}", *options)
    assert not out.exists()


def test_without_a_gallery_it_says_which_command_to_run(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no finished.*build_gallery DATASET$"):
        explain(query_of("dark"), tmp_path / "a.png")
    with pytest.raises(CommandError, match=r"shades has no.* of x. Run: .* shades --backbone x$"):
        explain(query_of("dark"), tmp_path / "a.png", "--dataset=shades", "--backbone=x")


def test_among_several_galleries_one_must_be_named(dataset: Dataset, tmp_path: Path) -> None:
    for backbone in ("one", "two"):
        Gallery.objects.create(dataset=dataset, backbone=backbone, status=Gallery.Status.DONE)
    with pytest.raises(CommandError, match=r"Several galleries: shades/one, shades/two\."):
        explain(query_of("dark"), tmp_path / "a.png")


def test_a_whole_split_is_drawn_once_with_an_index(gallery: Gallery, out: Path) -> None:
    options = ("--dataset=shades", "--classifier=emd-corr", "--dpi=40", f"--out={out}")
    call_command("explain", *options, "--limit=1")
    (first,) = out.glob("*.png")
    drawn_at = first.stat().st_mtime_ns
    call_command("explain", *options, "--limit=2", "--split=query")
    assert len(list(out.iterdir())) == 3  # two figures and the index; nothing partial
    assert first.stat().st_mtime_ns == drawn_at
    page = (out / "index.html").read_text()
    assert all(f'src="{path.name}"' in page for path in out.glob("*.png"))
