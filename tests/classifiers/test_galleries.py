"""Galleries of a dataset: what they are extracted with, and work that is done already."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoCaptureOnCommitCallbacks

from classifiers import tasks
from classifiers.core.gallery import index
from classifiers.management.commands import _progress
from classifiers.models import Dataset, Gallery, Image, Job
from classifiers.services import galleries, queueing
from classifiers.services.gallery_options import GalleryOptions, options_keep, options_of
from tests.classifiers.conftest import BACKBONE

pytestmark = pytest.mark.django_db


@pytest.fixture
def build(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Any:
    """Run the command; what a worker would do is done here, at the commit."""
    monkeypatch.setattr(tasks.gallery_build, "delay", tasks.gallery_build)

    def work(jobs: list[Gallery], title: str) -> None:
        jobs[0].refresh_from_db()

    def run(*options: str) -> Gallery:
        monkeypatch.setattr(_progress, "wait_for", work)
        with django_capture_on_commit_callbacks(execute=True):
            call_command("build_gallery", "shades", *options, stdout=StringIO())
        return Gallery.objects.get()

    return run


def test_half_precision_and_grey_reach_the_gallery(dataset: Dataset, build: Any) -> None:
    gallery = build("--half", "--grey", "half")
    assert (gallery.status, gallery.error) == (Job.Status.DONE, "")
    stored = index.Gallery.open(gallery.folder)
    assert (stored.vectors.itemsize, stored.maps.itemsize) == (2, 2)
    assert stored.manifest.grey == "half"


def test_grey_changes_the_maps_of_grey_photos_and_no_vector(dataset: Dataset, build: Any) -> None:
    plain = build()
    before = index.Gallery.open(plain.folder)
    maps, vectors = before.maps.copy(), before.vectors.copy()
    for file in plain.folder.iterdir():
        file.unlink()
    Gallery.objects.all().delete()
    after = index.Gallery.open(build("--grey", "half").folder)
    assert np.array_equal(after.vectors, vectors)
    assert not np.array_equal(after.maps, maps)


@pytest.mark.parametrize("option", [["--half"], ["--grey", "half"]])
def test_other_options_for_a_gallery_that_is_there_are_refused(
    dataset: Dataset, build: Any, option: list[str]
) -> None:
    gallery = build()
    with pytest.raises(CommandError, match=r"built or begun with --no-half --grey backbone; asked"):
        build(*option)
    assert build().finished_at == gallery.finished_at


def test_options_that_are_left_out_stay_as_they_are(dataset: Dataset, build: Any) -> None:
    gallery = build("--half")
    assert build("--grey", "backbone").finished_at == gallery.finished_at
    with pytest.raises(CommandError, match=r"with --half --grey backbone; asked for --no-half"):
        build("--no-half")


def test_options_are_kept_from_the_request_on(dataset: Dataset, rung: Any) -> None:
    gallery = queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
    assert options_of(gallery.folder) is None
    options_keep(gallery=gallery, half=True, grey=None)
    assert options_of(gallery.folder) == GalleryOptions(half=True)
    with pytest.raises(queueing.RequestRefused, match="or, if nothing was predicted"):
        options_keep(gallery=gallery, half=None, grey="half")


def test_a_refused_request_leaves_nothing_behind(dataset: Dataset, build: Any) -> None:
    Image.objects.update(split="all")
    folder = Gallery(dataset=dataset, backbone=BACKBONE).folder
    with pytest.raises(CommandError, match="no images in split 'gallery'"):
        build("--half")
    assert not folder.exists()


def test_an_extraction_goes_on_with_the_options_it_was_begun_with(
    dataset: Dataset, build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(galleries, "BATCH", 4)
    with monkeypatch.context() as patch:
        patch.setattr(galleries, "crop_read", lambda _: pytest.fail("the power went"))
        with pytest.raises(pytest.fail.Exception):
            build("--half")
    gallery = Gallery.objects.get()
    assert json.loads((gallery.folder / "progress.json").read_text())["maps_dtype"] == "float16"
    Gallery.objects.update(status=Job.Status.QUEUED)
    assert build().status == Job.Status.DONE
    assert index.Gallery.open(gallery.folder).maps.dtype == np.float16


def test_a_gallery_that_is_done_loads_no_photo(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.status, gallery.claim = Job.Status.RUNNING, "me"
    gallery.save()
    monkeypatch.setattr(Image, "from_db", lambda *_: pytest.fail("a photo was loaded"))
    galleries.gallery_extract(gallery=gallery)
    assert (gallery.n_done, gallery.n_total) == (6, 6)
