"""The set-up of .venv: what it finds done, what it makes again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from study_site.demo import bootstrap


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the set-up at an empty project, and record commands instead of running them."""
    venv = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", venv / ".installed.json")
    monkeypatch.setattr(bootstrap, "DIRTY", tmp_path / ".setup.unfinished")
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.fixture
def titles(place: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what would run; making the environment links this Python into it."""
    seen: list[str] = []

    def pretend(command: list[str | Path], title: str) -> None:
        seen.append(title)
        if title == "Making .venv":
            (place / ".venv" / "bin").mkdir(parents=True)
            (place / ".venv" / "bin" / "python").symlink_to(sys.executable)
        elif "explode" in (place / "a.txt").read_text():
            raise SystemExit("no network")

    monkeypatch.setattr(bootstrap, "run_with_progress", pretend)
    return seen


def test_an_empty_place_gets_an_environment_and_its_packages(titles: list[str]) -> None:
    bootstrap.install(["a.txt"])
    assert titles == ["Making .venv", "Installing packages"]


def test_the_second_time_does_nothing(titles: list[str]) -> None:
    bootstrap.install(["a.txt"])
    bootstrap.install(["a.txt"])
    assert len(titles) == 2


def test_more_packages_join_the_environment_that_is_there(titles: list[str], place: Path) -> None:
    bootstrap.install(["a.txt"])
    bootstrap.install(["a.txt", "b.txt"])
    assert titles == ["Making .venv", "Installing packages", "Installing packages"]
    assert set(json.loads((place / ".venv" / ".installed.json").read_text())) == {"a.txt", "b.txt"}


def test_a_changed_file_is_installed_again(titles: list[str], place: Path) -> None:
    bootstrap.install(["a.txt"])
    (place / "a.txt").write_text("newer")
    bootstrap.install(["a.txt"])
    assert titles[2:] == ["Installing packages"]


def test_a_set_up_that_was_killed_is_made_again_from_scratch(
    titles: list[str], place: Path
) -> None:
    (place / "a.txt").write_text("explode")
    with pytest.raises(SystemExit):
        bootstrap.install(["a.txt"])
    (place / "a.txt").write_text("fine")
    bootstrap.install(["a.txt"])
    assert titles == ["Making .venv", "Installing packages"] * 2


def test_a_broken_environment_is_made_again(titles: list[str], place: Path) -> None:
    bootstrap.install(["a.txt"])
    (place / ".venv" / "bin" / "python").unlink()
    bootstrap.install(["a.txt"])
    assert titles[2:] == ["Making .venv", "Installing packages"]


def test_an_environment_of_someone_else_is_left_alone(titles: list[str], place: Path) -> None:
    (place / ".venv" / "precious").mkdir(parents=True)
    with pytest.raises(SystemExit, match="made by something else"):
        bootstrap.install(["a.txt"])
    assert (place / ".venv" / "precious").exists()


def test_a_long_command_that_fails_shows_the_end_of_its_log(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "LOG", place / "pip.log")
    command: list[str | Path] = [
        sys.executable,
        "-c",
        "print('no such package'); raise SystemExit(1)",
    ]
    with pytest.raises(SystemExit, match=r"Installing failed; the whole log is pip.log"):
        bootstrap.run_with_progress(command, "Installing")
    assert "no such package" in capsys.readouterr().err


def test_a_verb_keeps_compiled_modules_whatever_the_environment_says() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "--eval", "show: ; @env", "show"],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PYTHONDONTWRITEBYTECODE" not in shown.stdout
    assert "PATH=" in shown.stdout
