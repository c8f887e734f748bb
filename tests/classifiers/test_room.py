"""What a job needs is said before it starts, and is what it then takes."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from classifiers import tasks
from classifiers.core.backbones.backbones import BACKBONES
from classifiers.core.catalogue import CHANNELS, KEPT
from classifiers.core.chm.matchers import matcher_load
from classifiers.core.gallery import arrays
from classifiers.models import Dataset, Gallery, Image
from classifiers.services.room import gallery_room, runs_room
from tests.classifiers.conftest import BACKBONE, make_runs

pytestmark = pytest.mark.django_db
HEADER = 128  # bytes of each array's file


def arrays_size(folder: Path) -> int:
    return sum(path.stat().st_size - HEADER for path in folder.rglob("*.npy"))


def test_a_gallery_needs_what_its_files_then_have(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    said = gallery_room(gallery)
    assert "6 photos needs 1.5 MB of disk" in str(said)
    tasks.gallery_build(gallery.pk)
    assert said.disk == arrays_size(gallery.folder)
    assert gallery_room(gallery).disk == 0


def test_predictions_need_a_matchers_copy_of_the_gallery_and_the_cosines(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    others = Image.objects.filter(split=Image.QUERY).order_by("source")[1:]
    Image.objects.filter(pk__in=[image.pk for image in others]).delete()
    (run,) = make_runs(gallery, "chm-corr")
    said, before = runs_room([run]), arrays_size(gallery.folder)
    tasks.predict([run.pk])
    cosines = sum(path.stat().st_size for path in gallery.folder.parent.glob("pairs/*/pairs.bin"))
    assert said.disk == arrays_size(gallery.folder) - before + cosines
    assert runs_room([run]).disk == 0


def test_a_gallery_without_room_is_refused_before_a_worker_hears_of_it(
    dataset: Dataset, rung: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "free_bytes", lambda _: 51_000_000)
    with pytest.raises(CommandError, match=r"6 photos needs 1.5 MB in .* found 51.0 MB free"):
        call_command("build_gallery", "shades", stdout=StringIO())
    assert (Gallery.objects.count(), rung) == (0, [])


def test_the_sizes_without_torch_are_those_of_the_networks() -> None:
    assert {name: spec.channels for name, spec in BACKBONES.items()} == CHANNELS
    assert matcher_load("chm-lite0").kept == KEPT["chm-lite0"]
