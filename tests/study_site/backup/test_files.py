"""The files of a backup: its manifest, and which of a site's files it takes and gives back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from study_site.backup import backup, restore
from study_site.backup.files import BackupRefused, files_of
from study_site.backup.manifest import Manifest


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"format": 2}, "cannot be read as a manifest of format 1"),
        ({"files": {"a": {}}}, "cannot be read as a manifest of format 1"),
        ({"unheard": 1}, "cannot be read as a manifest of format 1"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(
    tmp_path: Path, changed: dict[str, Any], refusal: str
) -> None:
    Manifest("now", "rows", []).write(tmp_path)
    facts = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(facts | changed))
    with pytest.raises(BackupRefused, match=refusal):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("name", ["files/../../etc/passwd", "files/crops/../../x", "files/crops"])
def test_a_backup_names_no_file_outside_the_sites_folders(name: str) -> None:
    with pytest.raises(BackupRefused, match=f"The backup names '{name}', which is no file"):
        restore._place(name)


def test_a_file_that_is_deleted_meanwhile_or_not_finished_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "a.json").write_text("[1]")
    (masks / "b.json").write_text("[2]")
    (masks / "c.json.part").write_text("[")
    (masks / "d.json").symlink_to(masks / "a.json")
    listed = [*files_of(masks)]
    (masks / "a.json").unlink()
    monkeypatch.setattr(backup, "folders", lambda: {"masks": masks})
    monkeypatch.setattr(backup, "files_of", lambda folder: iter(listed))
    assert [*backup._files_copy(tmp_path / "copy")] == ["files/masks/b.json"]
