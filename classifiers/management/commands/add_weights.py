"""``manage.py add_weights FILE``"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

if TYPE_CHECKING:
    from classifiers.core.backbones.weights import Registered


class Command(BaseCommand):
    help = (
        "Register network weights that are not a part of the program: the ResNet-50s and CHMNet "
        "(see docs/backbones.md), and files of train_chm (see docs/chm.md). The file may have any "
        "name; its checksum, or its keys and shapes, say what it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="checkpoint as published or trained (.pth or .pt)"
        )
        parser.add_argument(
            "--replace", action="store_true", help="replace other registered weights of this name"
        )

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        # Here, because web processes import commands and have no use for torch.
        from classifiers.core.backbones.known_weights import WeightsRefused
        from classifiers.core.backbones.weights import register

        try:
            with self._bar(file.stat().st_size) as bar:
                folder = settings.WEIGHTS_DIR  # where galleries and predictions find weights
                found = register(file, folder, replace=replace, on_progress=bar.update)
        except (OSError, WeightsRefused) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted: nothing was registered. Run the same command again.", returncode=130
            ) from None
        self._summarise(found)

    def _bar(self, n_bytes: int) -> tqdm[NoReturn]:
        # A terminal redraws its line; a log gets a new line now and then.
        interval_s = 0.3 if sys.stderr.isatty() else 10
        return tqdm(
            desc="Copying", total=n_bytes, unit="B", unit_scale=True, mininterval=interval_s
        )

    def _summarise(self, found: Registered) -> None:
        from classifiers.core.backbones.known_weights import PUBLISHED

        how = f"its published {found.how}"
        if found.how == "layout":
            how = "its keys and shapes (its checksum is not a published one)"
        self.stdout.write(f"Registered {found.name}, known by {how}: {found.path}")
        self.stdout.write(f"sha256 {found.sha256}")
        self.stdout.write(f"Next: python manage.py {PUBLISHED[found.name].use}")
