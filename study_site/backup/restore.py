"""Restore a backup into an empty site: first the files, then the database."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from study_site.backup import database
from study_site.backup.backup import FILES
from study_site.backup.files import BackupRefused, copy, files_of, folders
from study_site.backup.manifest import SECRETS, Manifest, other_secrets

MARK = ".restoring"


def site_restore(source: Path, *, has_other_secrets: bool = False) -> Manifest:
    """Restore a complete backup, or continue an interrupted restore of the same one.

    The database comes last and in one transaction, so an interrupted restore leaves it empty.
    Migrations that are newer than the backup are applied. Raises ``BackupRefused`` before
    anything is written if the backup is damaged or newer than this version, if the site has
    other secrets, or if it is not empty.
    """
    manifest = Manifest.read(source)
    _check_version(manifest)
    if not has_other_secrets:
        _check_secrets(source)
    mark = Path(settings.DATA_DIR) / MARK
    _check_empty(is_same=mark.exists() and mark.read_text() == manifest.created)
    manifest.check(source)
    mark.write_text(manifest.created)
    for name in manifest.files:
        if name.startswith(f"{FILES}/"):
            copy(source / name, _place(name))
    database.database_load(source / manifest.database)
    mark.unlink()
    return manifest


def _place(name: str) -> Path:
    """Return the path of a backup's file in this site; refuse one outside its folders."""
    _, folder, *inner = Path(name).parts
    root = folders().get(folder, Path(settings.DATA_DIR) / folder)
    place = root.joinpath(*inner)
    if not inner or ".." in (folder, *inner):
        raise BackupRefused(f"The backup names {name!r}, which is no file of a site.")
    return place


def _check_version(manifest: Manifest) -> None:
    if unknown := database.unknown_migrations(manifest.migrations):
        raise BackupRefused(
            f"The backup was made by another version: it has {len(unknown)} migrations that this "
            f"one does not know, such as {unknown[0]}. Install the version that made it, or a "
            "newer one."
        )
    if manifest.database == database.ROWS and (
        later := database.later_migrations(manifest.migrations)
    ):
        raise BackupRefused(
            f"The backup has rows (--portable) of an older version: it lacks {len(later)} "
            f"migrations of this one, such as {later[0]}. Restore it with the version that made "
            "it, then upgrade that site."
        )


def _check_secrets(source: Path) -> None:
    if names := other_secrets(source):
        raise BackupRefused(
            f"{' and '.join(names)} of this site are not those of the backup. With other secrets, "
            "the site does not recognise people who return, and blinded arms get other letters. "
            f"Set those of {source / SECRETS}, or add --other-secrets for a copy that no "
            "participant uses."
        )


def _check_empty(*, is_same: bool) -> None:
    if tables := database.filled_tables():
        raise BackupRefused(
            f"The database is not empty: {len(tables)} tables have rows, such as {tables[0]}. "
            "A restore replaces nothing. Name a new database by DATABASE_URL or DATA_DIR."
        )
    if is_same:
        return
    for folder in folders().values():
        if found := next(files_of(folder), None):
            raise BackupRefused(
                f"The data folder is not empty: it has {found}. A restore replaces nothing. Name a "
                "new folder by DATA_DIR, or move the files away."
            )
