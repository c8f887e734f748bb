"""Files are hashed and written in one place."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import pytest

from classifiers.files import file_sha256, file_write, files_replace
from study_site.demo.bootstrap import ROOT


@pytest.mark.parametrize("is_synced", [False, True])
def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(
    tmp_path: Path, is_synced: bool
) -> None:
    path = tmp_path / "a.bin"
    for content in (b"old", b"new" * 100_000):
        file_write(path, content, is_synced=is_synced)
        assert path.read_bytes() == content
        assert file_sha256(path) == hashlib.sha256(content).hexdigest()
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        file_write(path, b"new")
    with pytest.raises(OSError, match="no space"):
        files_replace(tmp_path, {"a.bin": b"new", "b.bin": b"new"})
    assert [item.name for item in tmp_path.iterdir()] == ["a.bin"]
    assert path.read_bytes() == b"old"


def test_several_files_take_their_places_together(tmp_path: Path) -> None:
    assert files_replace(tmp_path, {"a": b"1", "b": b"2"}) == [tmp_path / "a", tmp_path / "b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_no_other_module_replaces_a_file_by_a_temporary_one_of_text_or_bytes() -> None:
    """Those that stream into a file of any size rename it themselves."""
    streaming = {
        "classifiers/files.py", "classifiers/core/backbones/weights.py",
        "analysis/export/export_jobs.py",
        "analysis/export/export_place.py",
        "classifiers/services/shard_files.py",
        "classifiers/services/panel_files.py",  # all files of an import, or none
    }  # fmt: skip
    found = {
        str(path.relative_to(ROOT))
        for package in ("classifiers", "trials", "analysis", "study_site")
        for path in (ROOT / package).rglob("*.py")
        if any(
            ast.unparse(node.func) == "os.replace"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        )
    }
    assert found <= streaming
