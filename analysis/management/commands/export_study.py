"""``manage.py export_study STUDY --out DIR [--include-simulated]``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analysis.export.export_bundle import ExportRefused, bundle_write
from classifiers.management.lookup import by_slug
from trials.models import Study

HEADINGS = {
    "n_participants": "people",
    "n_simulated": "simulated",
    "n_trials": "trials",
    "accuracy_mean": "mean",
    "accuracy_sd": "sd",
    "accuracy_low": "low",
    "accuracy_high": "high",
    "accuracy_ai_correct_mean": "AI right",
    "accuracy_ai_wrong_mean": "AI wrong",
}


class Command(BaseCommand):
    help = "Write a study's export: data, codebook, tables, script, metadata; print the accuracy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="slug of a study")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--include-simulated", action="store_true", help="count robots as if they were people"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = by_slug(Study, options["study"])
        is_included = options["include_simulated"]
        try:
            with _Bars() as bars:
                done = bundle_write(
                    study, options["out"], include_simulated=is_included, progress=bars.show
                )
        except ExportRefused as error:
            raise CommandError(str(error)) from error
        table = done.tables["accuracy"].rename(columns=HEADINGS)
        self.stdout.write(
            f"Accuracy in percent, over participants of {study}: all who completed, and those "
            "kept by the exclusions; low to high is the 95 % interval:"
        )
        self.stdout.write(table.to_string(index=False, na_rep="", float_format="{:.1f}".format))
        note = done.simulated_note
        if note and not is_included:
            note += " Include them with --include-simulated."
        if note:
            self.stdout.write(note)
        self.stdout.write(f"Wrote {len(done.files)} files to {done.folder}; begin with README.md")


class _Bars:
    """One bar at a time, for what is being written."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.what = ""

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, what: str, n_done: int, n_total: int) -> None:
        if self.what != what:
            self.__exit__()
            self.what = what
            self.bar = tqdm(desc=what, total=n_total, unit="")
        self.bar.total = n_total
        self.bar.update(n_done - self.bar.n)
