"""The manifest of a backup: its content, its time, and the checksum of every file."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from django.conf import settings

from classifiers.files import file_write
from study_site.backup.files import BackupRefused, Copied, described

FORMAT: Final = 1
MANIFEST, SECRETS, UNFINISHED = "manifest.json", "secrets.env", "unfinished"
SECRET_NAMES: Final = ("SECRET_KEY", "PERSON_SALT")


@dataclass(frozen=True)
class Manifest:
    """``created`` is the time of the database; ``files`` has paths below the backup's folder."""

    created: str
    database: str
    migrations: list[str]
    files: dict[str, Copied] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the manifest, the last file of a backup."""
        facts = {"format": FORMAT} | asdict(self)
        content = json.dumps(facts, indent=1, sort_keys=True) + "\n"
        file_write(folder / MANIFEST, content.encode(), is_synced=True)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder's manifest; raise ``BackupRefused`` if it has none of this format."""
        path = folder / MANIFEST
        if not path.is_file():
            raise BackupRefused(
                f"{folder} has no {MANIFEST}, so it is no complete backup. Name the folder of a "
                "complete backup, or run the same backup again to continue it."
            )
        try:
            facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if facts.pop("format") != FORMAT:
                raise ValueError
            facts["files"] = {name: Copied(**value) for name, value in facts["files"].items()}
            return cls(**facts)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupRefused(
                f"{path} cannot be read as a manifest of format {FORMAT}. Restore with the version "
                "of the platform that made the backup, or use another backup."
            ) from error

    def check(self, folder: Path) -> None:
        """Compare every file with its checksum; raise ``BackupRefused`` that names the bad ones."""
        bad = [name for name, wanted in self.files.items() if not _is_whole(folder / name, wanted)]
        if bad:
            raise BackupRefused(
                f"{len(bad)} of {len(self.files)} files of {folder} are missing or changed, such "
                f"as {bad[0]}. Nothing was restored. Use another copy of the backup."
            )


def _is_whole(path: Path, wanted: Copied) -> bool:
    return path.is_file() and described(path) == wanted


def secrets_write(folder: Path) -> None:
    """Write the secrets as a file that a shell and systemd read; only its owner may."""
    path = folder / SECRETS
    path.touch(mode=0o600)
    path.write_text(
        "".join(f"{name}={shlex.quote(getattr(settings, name))}\n" for name in SECRET_NAMES),
        encoding="utf-8",
    )


def other_secrets(folder: Path) -> list[str]:
    """Return the names of the backup's secrets that the running site has otherwise."""
    lines = (folder / SECRETS).read_text(encoding="utf-8").splitlines()
    stored = dict(shlex.split(line)[0].split("=", 1) for line in lines if line)
    return [name for name in SECRET_NAMES if stored.get(name) != getattr(settings, name)]
