"""``manage.py export_study STUDY --out DIR [--include-simulated]``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis.bundle import ExportRefused, export_write
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
    help = "Write a study's responses, accuracy and codebook as CSV, and print the accuracy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="slug of a study")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--include-simulated", action="store_true", help="count robots as if they were people"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = by_slug(Study, options["study"])
        try:
            report = export_write(
                study, options["out"], include_simulated=options["include_simulated"]
            )
        except ExportRefused as error:
            raise CommandError(str(error)) from error
        results = report.results
        table = results.accuracy.rename(columns=HEADINGS)
        self.stdout.write(
            f"Accuracy in percent, over participants who completed {study}; "
            "low to high is the 95 % interval:"
        )
        self.stdout.write(table.to_string(index=False, na_rep="", float_format="{:.1f}".format))
        note = results.simulated_note
        if note and not results.is_simulated_included:
            note += " Include them with --include-simulated."
        if note:
            self.stdout.write(note)
        self.stdout.write(f"Wrote {', '.join(report.files)} to {report.folder}")
