"""Back up a site while it runs: first its database as of one moment, then its files.

Files of a site are only added, and a row is written after its files. So each file that the
database names is there when the files are copied, and what was added later does no harm.
"""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from study_site.backup import database
from study_site.backup.files import BackupRefused, Copied, copy, described, files_of, folders
from study_site.backup.manifest import MANIFEST, SECRETS, UNFINISHED, Manifest, secrets_write

FILES = "files"


def site_backup(target: Path, *, is_portable: bool = False) -> Manifest:
    """Write a backup into a new or empty folder, or continue one that was interrupted.

    The manifest comes last: a folder without it is no backup. Raises ``BackupRefused``.
    """
    _target_open(target)
    started = timezone.now().isoformat(timespec="seconds")
    secrets_write(target)
    name = database.database_dump(target, is_portable=is_portable)
    files = _files_copy(target)
    for own in (name, SECRETS):
        files[own] = described(target / own)
    done = Manifest(started, name, database.migrations(), files)
    done.write(target)
    (target / UNFINISHED).unlink()
    return done


def _target_open(target: Path) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in folders().values():
        if target.resolve().is_relative_to(place.resolve()):
            raise BackupRefused(
                f"{target} is inside {place}, which is backed up itself. Name a folder outside."
            )
    if (target / MANIFEST).exists() or (any(target.iterdir()) and not _is_unfinished(target)):
        what = "a complete backup" if (target / MANIFEST).exists() else "other files"
        raise BackupRefused(
            f"{target} holds {what}. Expected a new or empty folder: name another one, such as "
            f"{target}-{timezone.now():%Y%m%d}."
        )
    target.chmod(0o700)
    (target / UNFINISHED).touch()


def _is_unfinished(target: Path) -> bool:
    return (target / UNFINISHED).exists()


def _files_copy(target: Path) -> dict[str, Copied]:
    found = {}
    for name, folder in folders().items():
        for path in files_of(folder):
            inner = Path(FILES, name, path.relative_to(folder))
            try:
                found[str(inner)] = copy(path, target / inner)
            except FileNotFoundError:
                # Deleted since it was listed: a temporary file, or an export of a person's own.
                (target / inner).unlink(missing_ok=True)
    return found
