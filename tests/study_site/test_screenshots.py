"""The pictures of the documentation."""

from __future__ import annotations

import importlib.util
import re
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from study_site.demo.bootstrap import ROOT

DOCS = ROOT / "docs"


def test_without_playwright_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CommandError, match=r"pip install -r requirements-dev\.txt"):
        call_command("screenshots")


def test_without_chromium_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("playwright")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(CommandError, match="apt install chromium"):
        call_command("screenshots")
    monkeypatch.setenv("CHROMIUM", "/no/such/file")
    with pytest.raises(CommandError, match="CHROMIUM=/no/such/file is no file"):
        call_command("screenshots")


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[CompletedProcess[Any]]:
    """Have a browser, and a process that ends at once as the last element says."""
    (tmp_path / "chromium").touch()
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "chromium"))
    monkeypatch.setenv("DATABASE_URL", "postgres://the.sites/own")
    known = [CompletedProcess([], 0, "")]

    def run(command: list[str], **options: Any) -> CompletedProcess[Any]:
        known.append(CompletedProcess(command, known[0].returncode, options["env"]))
        return known[-1]

    monkeypatch.setattr("subprocess.run", run)
    return known


def test_the_pictures_are_taken_beside_the_sites_own_data(
    ended: list[CompletedProcess[Any]], tmp_path: Path
) -> None:
    pytest.importorskip("playwright")
    out = StringIO()
    call_command("screenshots", out=tmp_path / "shots", stdout=out)
    command, environment = ended[-1].args, ended[-1].stdout
    assert command[1:] == ["-m", "study_site.demo.screenshots", str(tmp_path / "shots")]
    assert environment["CHROMIUM"] == str(tmp_path / "chromium")
    assert "DATABASE_URL" not in environment
    assert not Path(environment["DATA_DIR"]).exists()
    assert out.getvalue() == f"Pictures: {tmp_path}/shots, listed in {tmp_path}/shots.md\n"


def test_pictures_that_fail_or_are_interrupted_are_an_error(
    ended: list[CompletedProcess[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("playwright")
    ended[0].returncode = 3
    with pytest.raises(CommandError, match=r"No pictures: .* above \(exit 3\)"):
        call_command("screenshots")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.run", stop)
    with pytest.raises(CommandError, match="Interrupted") as caught:
        call_command("screenshots")
    assert caught.value.returncode == 130


def test_the_list_names_every_picture_and_no_other() -> None:
    listed = re.findall(r"\((screenshots/[^)]+)\)", (DOCS / "screenshots.md").read_text())
    there = {str(path.relative_to(DOCS)) for path in (DOCS / "screenshots").iterdir()}
    assert set(listed) == there
    assert len(listed) == len(there)
    assert sum((DOCS / name).stat().st_size for name in there) < 4_000_000
