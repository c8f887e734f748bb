"""``manage.py train_chm``: which photos it uses, how it is interrupted, what it writes."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image as Pixels

from classifiers.core.chm.baselines import RULES
from classifiers.core.chm.chmnet import CHMLearner
from classifiers.core.chm.training import Training
from classifiers.core.images import ImageRefused
from classifiers.management.commands import train_chm
from classifiers.models import Dataset
from classifiers.services import chm_training as service
from classifiers.services.datasets import dataset_import
from tests.core.quick_learner import QuickLearner


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a step be one to wait for."""
    monkeypatch.setattr(service, "N_MONITORED", 1)
    monkeypatch.setattr(train_chm, "N_START", 2)
    monkeypatch.setattr(train_chm, "BATCH", 1)
    monkeypatch.setattr(train_chm, "SAVE_EVERY", 1)
    monkeypatch.setattr(train_chm, "CHMLearner", QuickLearner)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty photos of two kinds."""
    rng = np.random.default_rng(0)
    for number in range(30):
        path = tmp_path / "photos" / "all" / ("dark", "bright")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = Pixels.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        coarse.resize((80, 80)).save(path)
    return tmp_path / "photos"


def run(*options: object, **more: Any) -> str:
    out = StringIO()
    call_command("train_chm", *map(str, options), stdout=out, **more)
    return out.getvalue()


def hashes(photos: Any) -> set[str]:
    return {photo.sha256 for photo in photos}


def test_a_folder_is_split_by_seed_and_no_photo_is_in_two(folder: Path) -> None:
    photos = service.folder_photos(folder, 0)
    parts = [hashes(part) for part in (photos.training, photos.monitoring, photos.testing)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 30
    assert photos == service.folder_photos(folder, 0)
    assert hashes(service.folder_photos(folder, 1).testing) != parts[2]


def test_photos_that_come_later_move_none(folder: Path) -> None:
    before = service.folder_photos(folder, 0)
    Pixels.new("RGB", (64, 64)).save(folder / "all" / "late.png")
    after = service.folder_photos(folder, 0)
    assert hashes(before.training) <= hashes(after.training)
    assert hashes(before.testing) <= hashes(after.testing)


def test_hidden_files_and_folders_are_no_photos(folder: Path) -> None:
    before = service.folder_photos(folder, 0)
    (folder / ".thumbnails").mkdir()
    for name in (".thumbnails/small.png", "all/._copy.png"):
        (folder / name).write_bytes(b"not a photo")
    assert service.folder_photos(folder, 0) == before


def damage(photo: Path) -> None:
    photo.write_bytes(photo.read_bytes()[:100])


def test_photos_that_cannot_be_read_are_named_and_left_out(folder: Path, tmp_path: Path) -> None:
    damage(folder / "all" / "dark" / "4.png")
    (folder / "all" / "gone.png").symlink_to(folder / "nowhere.png")
    errors, out = StringIO(), tmp_path / "toy.pt"
    out.touch()
    with pytest.raises(CommandError, match="is there already"):  # after the photos were looked at
        run("--folder", folder, "--out", out, stderr=errors)
    said = errors.getvalue()
    assert said.count("Left out: ") == 2
    assert "4.png: " in said
    assert "gone.png: " in said
    assert len(service.folder_photos(folder, 0).refused) == 2


def test_a_damaged_photo_is_left_out_of_the_fingerprint(folder: Path) -> None:
    damage(folder / "all" / "dark" / "4.png")
    damaged = service.folder_photos(folder, 0)
    (folder / "all" / "dark" / "4.png").unlink()
    assert service.folder_photos(folder, 0).fingerprint() == damaged.fingerprint()


def test_a_folder_of_damaged_photos_is_refused_with_the_first(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_text("no photo")
    with pytest.raises(CommandError, match=r"1 cannot be used, the first .*1\.png: .*0 photos to"):
        run("--folder", tmp_path)


def test_a_photo_that_is_lost_meanwhile_costs_no_step(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, step = tmp_path / "broken.pt", Training._step

    def lost(self: Training, *args: Any, **options: Any) -> Any:
        if self.n_done == 1:
            raise ImageRefused("4.png: damaged")
        return step(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_step", lost)
        with pytest.raises(CommandError, match=r"4\.png: damaged: 1 steps are kept.*is restored"):
            run("--folder", folder, "--steps", 2, "--out", out)
    assert "1 steps, 2 in all" in run("--folder", folder, "--steps", 2, "--out", out, "--resume")


@pytest.mark.django_db
def test_a_dataset_s_queries_are_only_ever_tested_on(folder: Path) -> None:
    dataset_import(slug="toy", root=folder, query_share=0.4, split_seed=1)
    dataset = Dataset.objects.get()
    photos = service.dataset_photos(dataset, 1)
    queries = set(dataset.images.filter(split="query").values_list("sha256", flat=True))
    assert hashes(photos.testing) == queries
    assert not queries & (hashes(photos.training) | hashes(photos.monitoring))


def test_too_few_photos_are_refused_with_their_numbers(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"0 photos to train on, 0 to monitor and 0"):
        run("--folder", tmp_path)


@pytest.mark.django_db
def test_one_source_of_photos_is_needed(folder: Path) -> None:
    for options in ((), ("toy", "--folder", folder)):
        with pytest.raises(CommandError, match="either a dataset or --folder"):
            run(*options)
    with pytest.raises(CommandError, match="No dataset 'toy'"):
        run("toy")


def test_weights_state_and_card_are_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "chm" / "toy.pt"
    said = run("--folder", folder, "--steps", 1, "--out", out)
    CHMLearner(112).load_state_dict(torch.load(out, weights_only=True), strict=True)
    card = json.loads(out.with_suffix(".json").read_text())
    assert (card["steps"], card["seed"], len(card["monitored"])) == (1, 0, 1)
    assert "1 steps, 1 in all" in said


def test_ctrl_c_saves_and_resume_ends_where_it_would_have(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, out = tmp_path / "straight.pt", tmp_path / "broken.pt"
    run("--folder", folder, "--steps", 2, "--out", straight)
    step = Training._step

    def interrupted(self: Training, *args: Any, **options: Any) -> Any:
        if self.n_done == 1:
            raise KeyboardInterrupt
        return step(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_step", interrupted)
        with pytest.raises(CommandError, match="1 steps are kept"):
            run("--folder", folder, "--steps", 2, "--out", out)
    assert not out.exists()
    run("--folder", folder, "--steps", 2, "--out", out, "--resume")
    one, two = (torch.load(item, weights_only=True) for item in (straight, out))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_finished_training_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "toy.pt"
    with pytest.raises(CommandError, match="Nothing to resume"):
        run("--folder", folder, "--out", out, "--resume")
    out.touch()
    with pytest.raises(CommandError, match=r"toy\.pt is there already"):
        run("--folder", folder, "--out", out)


def test_another_seed_s_state_is_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "toy.pt"
    run("--folder", folder, "--steps", 1, "--out", out)
    with pytest.raises(CommandError, match="Give the settings that it was begun with"):
        run("--folder", folder, "--steps", 1, "--out", out, "--seed", 1, "--resume")


def test_the_evaluation_is_a_table_of_every_rule_for_each_group(folder: Path) -> None:
    said = run("--folder", folder, "--evaluate", "--pairs", 1, "--group", "dark", "--group", "b")
    assert said.count("| other photo (") == 2
    for row in (*RULES, "learner"):
        assert said.count(f"| {row} |") == 2


def test_a_group_without_photos_lists_the_categories(folder: Path) -> None:
    with pytest.raises(CommandError, match="begins with 'grey'; there are: bright, dark"):
        run("--folder", folder, "--evaluate", "--group", "grey")
