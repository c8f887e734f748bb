"""Table 1 from small stand-in folders: what is missing, what is computed, beside what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from classifiers import tasks
from classifiers.core.metrics.table1 import ROWS, clean_names
from classifiers.models import Gallery, PredictionRun
from tests.classifiers.conftest import BACKBONE
from tests.classifiers.photos import photo

pytestmark = pytest.mark.django_db
WNIDS = ("n01440764", "n01443537")


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's work be done here and at once."""
    for task in (tasks.predict, tasks.gallery_build):
        monkeypatch.setattr(task, "delay", task)
    monkeypatch.setattr(transaction, "on_commit", lambda ring: ring())


@pytest.fixture
def stand_in(root: Path) -> Path:
    """Four training photos and three validation photos of two classes, with their ReaL labels."""
    for seed in range(4):
        photo(root / f"imagenet/gallery/{WNIDS[seed % 2]}/train_{seed}.png", seed=seed)
    for number in (1, 2, 3):
        name = f"ILSVRC2012_val_{number:08d}.png"
        photo(root / f"imagenet/query/{WNIDS[number % 2]}/{name}", seed=10 + number)
    (root / "real.json").write_text(json.dumps([[0, 1], [1], []]))
    (root / "clean.txt").write_text("['ILSVRC2012_val_00000001.png']")
    return root


def reproduce(root: Path, *options: str) -> None:
    call_command("reproduce", "table1", "--data", str(root), *options)


def test_each_row_says_what_is_missing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reproduce(root, "--plan")
    said = capsys.readouterr().out
    assert [row.name for row in ROWS if f"{row.name}: " in said] == [row.name for row in ROWS]
    assert "missing" in said
    assert f"{root}/cub/query/<class>/<photo>: the test images of CUB-200-2011" in said
    assert f"{root}/real.json: github.com/google-research/reassessed-imagenet" in said


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        reproduce(tmp_path / "gone")


@pytest.mark.usefixtures("eager")
def test_rows_that_are_there_are_computed_once_and_compared(
    stand_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--classifier", "knn", "--backbone", BACKBONE, "--row")
    reproduce(stand_in, *options, "ImageNet", "--row", "ImageNet-ReaL")
    said = capsys.readouterr().out
    assert "of 3 photos, not 50,000" in said
    assert "of 1 photos, not 44,424" in said
    assert "100.00 %  printed 82.14  difference +17.86" in said  # both classes are accepted
    reproduce(stand_in, *options, "ImageNet")
    assert (Gallery.objects.count(), PredictionRun.objects.count()) == (1, 1)


def test_the_published_list_is_read_whatever_its_quotes() -> None:
    names = {"ILSVRC2012_val_00000001.JPEG", "ILSVRC2012_val_00000003.JPEG"}
    assert clean_names(str(sorted(names))) == clean_names("\n".join(names)) == names
