"""``manage.py backup DIR [--portable]``."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from study_site.backup.backup import site_backup
from study_site.backup.files import BackupRefused


class Command(BaseCommand):
    help = "Write the database, the files and the secrets of the running site into a new folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--portable", action="store_true",
            help="store the rows as JSON lines, which SQLite and PostgreSQL both take; slower",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"]
        try:
            done = site_backup(folder, is_portable=options["portable"])
        except BackupRefused as error:
            raise CommandError(str(error)) from error
        size = sum(file.size for file in done.files.values()) / 1e6
        self.stdout.write(
            f"Backed up {len(done.files)} files, {size:.1f} MB, to {folder}; the database is of "
            f"{done.created}. The folder contains personal data and the site's secrets."
        )
