"""A backup while people play, and its restore into an empty site."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from analysis.export import export_bundle
from study_site.backup import database
from tests.factories import enrol, make_study
from trials.models import Participant, Study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def study(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Make a site in a folder of its own, with one person in its study."""
    settings.DATA_DIR = tmp_path / "data"
    for name in ("crops", "galleries", "panels", "uploads", "weights"):
        setting = {"galleries": "GALLERY_DIR", "weights": "WEIGHTS_DIR"}
        setattr(settings, setting.get(name, f"{name[:-1].upper()}_DIR"), settings.DATA_DIR / name)
    (settings.DATA_DIR / "masks").mkdir(parents=True)
    (settings.DATA_DIR / "masks" / "a.json").write_text("[1]")
    monkeypatch.setattr(export_bundle, "figure_files", lambda tables, note: {})
    made = make_study()
    enrol(made, "alice")
    return made


def wipe() -> None:
    """Lose everything but the empty data folder and the tables' definitions."""
    call_command("flush", verbosity=0, interactive=False)
    shutil.rmtree(settings.DATA_DIR)
    settings.DATA_DIR.mkdir()


def exported(folder: Path) -> dict[str, bytes]:
    """Return the data files of the study's export."""
    study = Study.objects.get()
    export_bundle.bundle_write(study, folder)
    return {path.name: path.read_bytes() for path in (folder / "data").glob("*.csv")}


@pytest.mark.parametrize("options", [[], ["--portable"]])
def test_after_a_loss_the_study_goes_on_from_the_backup(
    study: Study, tmp_path: Path, options: list[str]
) -> None:
    before = exported(tmp_path / "before")
    crops = {path.name: path.read_bytes() for path in Path(settings.CROP_DIR).rglob("*.jpg")}
    call_command("backup", str(tmp_path / "copy"), *options)
    enrol(study, "after the backup")
    wipe()
    call_command("restore", str(tmp_path / "copy"))
    assert exported(tmp_path / "after") == before
    assert {p.name: p.read_bytes() for p in Path(settings.CROP_DIR).rglob("*.jpg")} == crops
    assert enrol(Study.objects.get(), "bob").number == 2


@pytest.mark.one_database
def test_an_sqlite_file_restores_into_any_database(tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "copy"))
    wipe()
    database._rows_load(tmp_path / "copy" / database.SQLITE)  # as a site on PostgreSQL does
    assert Participant.objects.get().study.slug == "trees"


def test_a_restore_replaces_nothing(tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "copy"))
    with pytest.raises(CommandError, match=r"The database is not empty: .* have rows"):
        call_command("restore", str(tmp_path / "copy"))
    call_command("flush", verbosity=0, interactive=False)
    with pytest.raises(CommandError, match="The data folder is not empty: it has"):
        call_command("restore", str(tmp_path / "copy"))


def test_a_backup_goes_into_an_empty_folder_outside_the_data(tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "copy"))
    with pytest.raises(CommandError, match="holds a complete backup"):
        call_command("backup", str(tmp_path / "copy"))
    with pytest.raises(CommandError, match="holds other files"):
        call_command("backup", str(tmp_path / "data"))
    with pytest.raises(CommandError, match="is inside"):
        call_command("backup", str(Path(settings.CROP_DIR) / "copy"))


def stop(*_: object) -> None:
    """Stand for the moment in which somebody presses Ctrl-C."""
    raise KeyboardInterrupt


def test_an_interrupted_backup_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(database, "migrations", stop)
        with pytest.raises(KeyboardInterrupt):
            call_command("backup", str(tmp_path / "copy"))
    with pytest.raises(CommandError, match="is no complete backup"):
        call_command("restore", str(tmp_path / "copy"))
    call_command("backup", str(tmp_path / "copy"))
    assert not (tmp_path / "copy" / "unfinished").exists()


def test_an_interrupted_restore_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("backup", str(tmp_path / "copy"))
    wipe()
    with monkeypatch.context() as patched:
        patched.setattr(database, "database_load", stop)
        with pytest.raises(KeyboardInterrupt):
            call_command("restore", str(tmp_path / "copy"))
    call_command("restore", str(tmp_path / "copy"))
    assert Participant.objects.count() == 1


def test_a_damaged_file_is_named_and_nothing_is_restored(tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "copy"))
    wipe()
    (tmp_path / "copy" / "files" / "masks" / "a.json").write_text("[2]")
    with pytest.raises(CommandError, match=r"missing or changed, such as files/masks/a\.json"):
        call_command("restore", str(tmp_path / "copy"))
    assert not any(settings.DATA_DIR.iterdir())


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "copy"))
    manifest = tmp_path / "copy" / "manifest.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(facts | {"migrations": ["trials.9999_later"]}))
    with pytest.raises(CommandError, match=r"does not know, such as trials\.9999_later"):
        call_command("restore", str(tmp_path / "copy"))


def test_rows_of_an_older_version_are_refused(tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "copy"), "--portable")
    manifest = tmp_path / "copy" / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["migrations"].remove("trials.0001_initial")
    manifest.write_text(json.dumps(facts))
    with pytest.raises(CommandError, match=r"lacks 1 migrations of this one, such as trials\.0001"):
        call_command("restore", str(tmp_path / "copy"))


def test_the_secrets_are_in_the_backup_for_its_owner_only(settings: Any, tmp_path: Path) -> None:
    settings.PERSON_SALT = "a 'quoted' $alt"
    call_command("backup", str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "secrets.env").stat().st_mode & 0o777 == 0o600
    wipe()
    settings.SECRET_KEY = "another key"
    with pytest.raises(CommandError, match="SECRET_KEY of this site are not those"):
        call_command("restore", str(tmp_path / "copy"))
    call_command("restore", str(tmp_path / "copy"), "--other-secrets")
    assert Participant.objects.count() == 1
