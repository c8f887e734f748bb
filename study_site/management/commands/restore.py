"""``manage.py restore DIR [--other-secrets]``."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from study_site.backup.files import BackupRefused
from study_site.backup.restore import site_restore


class Command(BaseCommand):
    help = "Restore a backup into an empty database and an empty data folder."
    requires_system_checks = []  # the secrets may come with the backup

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--other-secrets", action="store_true",
            help="restore although SECRET_KEY or PERSON_SALT differ from the backup's",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["other_secrets"]
        try:
            done = site_restore(options["folder"], has_other_secrets=asked)
        except BackupRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored {len(done.files)} files and the database of {done.created}. "
            "Start the site's processes now."
        )
