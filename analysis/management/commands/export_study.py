"""``manage.py export_study STUDY --out DIR [--stage pilot|live] [--include-simulated] …``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analysis.export.export_bundle import ExportRefused, bundle_write
from classifiers.management.lookup import by_slug
from trials.models import Participant, Study

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
            "--include-simulated", action="store_true", help="include robots as if they were people"
        )
        parser.add_argument(
            "--stage", choices=Participant.Stage.values, default=Participant.Stage.LIVE,
            help="whose answers: those of the main study (live) or of its pilot (default: live)",
        )  # fmt: skip
        parser.add_argument(
            "--include-texts", action="store_true",
            help="include answers in free text; people may name themselves or others in them",
        )  # fmt: skip
        parser.add_argument(
            "--overwrite", action="store_true",
            help="replace files in DIR even if they are of another study or stage, or were changed",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        study = by_slug(Study, options["study"])
        names = ("include_simulated", "stage", "include_texts", "overwrite")
        asked = {name: options[name] for name in names}
        is_included = asked["include_simulated"]
        try:
            with _Bars() as bars:
                done = bundle_write(study, options["out"], progress=bars.show, **asked)
        except ExportRefused as error:
            raise CommandError(str(error)) from error
        pilot = ", the pilot" if asked["stage"] == Participant.Stage.PILOT else ""
        table = done.tables["accuracy"].rename(columns=HEADINGS)
        self.stdout.write(
            f"Accuracy in percent, over participants of {study}{pilot}: all who completed, and "
            "those kept after exclusions; low to high is the 95 % interval:"
        )
        self.stdout.write(table.to_string(index=False, na_rep="", float_format="{:.1f}".format))
        note = done.simulated_note
        if note and not is_included:
            note += " Include them with --include-simulated."
        if note:
            self.stdout.write(note)
        texts = done.texts_note
        if texts and not asked["include_texts"]:
            texts += " Include them with --include-texts."
        if texts:
            self.stdout.write(texts)
        self.stdout.write(f"Wrote {len(done.files)} files to {done.folder}; begin with README.md")


class _Bars:
    """Progress bars, one at a time, for the part that is being written."""

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
