"""The pictures of the documentation."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

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


def test_the_list_names_every_picture_and_no_other() -> None:
    listed = re.findall(r"\((screenshots/[^)]+)\)", (DOCS / "screenshots.md").read_text())
    there = {str(path.relative_to(DOCS)) for path in (DOCS / "screenshots").iterdir()}
    assert set(listed) == there
    assert len(listed) == len(there)
    assert sum((DOCS / name).stat().st_size for name in there) < 4_000_000
