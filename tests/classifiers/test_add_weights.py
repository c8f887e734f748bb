"""``manage.py add_weights``: what it says, and where the file goes."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from classifiers.core.backbones import weights
from classifiers.core.backbones.known_weights import PUBLISHED
from tests.core.checkpoints import write


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Settings) -> None:
    settings.WEIGHTS_DIR = tmp_path / "var/weights"


def add(file: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("add_weights", str(file), *options, stdout=out)
    return out.getvalue()


def test_a_file_goes_to_the_folder_of_weights(tmp_path: Path) -> None:
    file = write(tmp_path / "x.pth", PUBLISHED["resnet50-inaturalist2017"].layout())
    said = add(file)
    kept = tmp_path / "var/weights/resnet50-inaturalist2017.pth"
    assert kept.read_bytes() == file.read_bytes()
    assert "known by its keys and shapes" in said
    assert "build_gallery DATASET --backbone resnet50-inaturalist2017" in said


def test_a_published_file_is_named_with_its_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = weights.Registered("chmnet-psi", "6b7b", "pas_psi.pt", "md5", tmp_path)
    monkeypatch.setattr(weights, "register", lambda *args, **options: found)
    said = add(Path(__file__))
    assert said == (
        f"Registered chmnet-psi, known by its published md5: {tmp_path}\nsha256 6b7b\n"
        "Next: python manage.py predict DATASET --classifier chm-corr --set matcher=chmnet-psi\n"
    )


def test_what_train_chm_wrote_is_registered_as_a_matcher(tmp_path: Path) -> None:
    said = add(write(tmp_path / "birds.pt", PUBLISHED["chm-trained"].layout()))
    assert "Registered chm-trained, known by its keys and shapes" in said
    assert "predict DATASET --classifier chm-corr --set matcher=chm-trained" in said


def test_a_wrong_file_is_refused_in_words(tmp_path: Path) -> None:
    file = write(tmp_path / "x.pth", {"fc.weight": (10, 5)})
    with pytest.raises(CommandError, match=r"x.pth has 1 entries .* The nearest are"):
        add(file)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"No such file .*none.pth"):
        add(tmp_path / "none.pth")


def test_other_weights_take_the_place_with_the_option(tmp_path: Path) -> None:
    layout = PUBLISHED["chmnet-iso"].layout()
    add(write(tmp_path / "a.pt", layout))
    other = write(tmp_path / "b.pt", layout, is_old=True)
    with pytest.raises(CommandError, match="--replace"):
        add(other)
    assert "Registered chmnet-iso" in add(other, "--replace")


def test_an_interruption_says_that_nothing_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "register", interrupt)
    with pytest.raises(CommandError, match="Interrupted: nothing was registered") as stopped:
        add(Path(__file__))
    assert stopped.value.returncode == 130


def test_the_command_costs_no_torch_until_it_runs() -> None:
    code = (
        "import sys, classifiers.management.commands.add_weights; sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
