"""``manage.py import_predictions DATASET predictions.csv --name NAME``"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from classifiers.management.lookup import by_slug
from classifiers.models import Dataset, PredictionRun
from classifiers.services.prediction_imports import ImportRefused, Sources, predictions_import

MAX_LISTED = 100


class Command(BaseCommand):
    help = (
        "Import the predictions of an outside AI, with what explains them: all rows or none. "
        "Refused rows are listed by file and line."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of an imported dataset")
        parser.add_argument(
            "predictions", type=Path, metavar="predictions.csv",
            help="columns image,label,confidence, and if wanted n_votes,n_voters",
        )  # fmt: skip
        parser.add_argument(
            "--name", required=True, help="name of these predictions in study documents"
        )
        parser.add_argument(
            "--evidence", type=Path, metavar="FILE.jsonl|FILE.zip",
            help="panels: one JSON object for each image; files are in the same folder or zip",
        )  # fmt: skip
        parser.add_argument(
            "--scores", type=Path, metavar="FILE.csv", help="columns image,label,score"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        sources = Sources(options["predictions"], options["evidence"], options["scores"])
        for path in (sources.predictions, sources.evidence, sources.scores):
            if path is not None and not path.is_file():
                raise CommandError(f"{path} is no file that can be read. Check the path.")
        try:
            run = self._import(dataset, options["name"], sources)
        except ImportRefused as error:
            for refusal in error.refused[:MAX_LISTED]:
                self.stderr.write(str(refusal))
            if len(error.refused) > MAX_LISTED:
                self.stderr.write(f"... and {len(error.refused) - MAX_LISTED:,} more rows")
            raise CommandError(str(error)) from error
        n_right = run.predictions.right().count()
        share = 100 * n_right / run.n_total
        self.stdout.write(
            f"{run.n_total} predictions named {run.name} (run {run.pk}): {share:.1f} % right, "
            f"fingerprint {run.parameters['content_sha256']}."
        )

    def _import(self, dataset: Dataset, name: str, sources: Sources) -> PredictionRun:
        # A terminal redraws its line; a log gets a new line now and then.
        interval_s = 0.3 if sys.stderr.isatty() else 10
        with tqdm(desc=f"{dataset}", unit="photo", mininterval=interval_s) as bar:

            def move(n_done: int, n_total: int) -> None:
                bar.total = n_total
                bar.update(n_done - bar.n)

            return predictions_import(dataset=dataset, name=name, sources=sources, on_progress=move)
