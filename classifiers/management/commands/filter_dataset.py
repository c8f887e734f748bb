"""``manage.py filter_dataset DATASET --out FILE.csv``"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from classifiers.core.images import CROP_SIDE
from classifiers.core.metrics.labels import LabelsRefused
from classifiers.files import file_write
from classifiers.management.lookup import by_slug
from classifiers.management.numbers import at_least
from classifiers.models import Dataset, Image
from classifiers.services.evaluations import labels_read
from classifiers.services.filters import (
    REASONS,
    Criteria,
    FilterRefused,
    Verdict,
    kept_text,
    left_out_text,
    verdicts_find,
)

NEAR_BITS = 4


class Command(BaseCommand):
    help = (
        "List the images of a split that a clean test set leaves out: without a label, equal to "
        "a gallery image, greyscale, or small. Changes nothing in the dataset."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of an imported dataset")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
        parser.add_argument(
            "--keep", type=Path, metavar="FILE.csv", help="file for the list of the other images"
        )
        parser.add_argument("--split", default=Image.QUERY)
        parser.add_argument(
            "--labels", type=Path, metavar="FILE.json", help="multi-label truth, as for evaluate; "
            "an empty list is no label",
        )  # fmt: skip
        parser.add_argument(
            "--near", type=at_least(0), nargs="?", const=NEAR_BITS, metavar="BITS",
            help="leave out near "
            f"duplicates too: at most BITS of 64 differ in the difference hash ({NEAR_BITS})",
        )  # fmt: skip
        parser.add_argument("--min-side", type=at_least(0), default=CROP_SIDE, metavar="PIXELS")
        parser.add_argument(
            "--ignore", action="append", default=[], choices=list(REASONS), metavar="REASON",
            help=f"a reason that is ignored; one of {', '.join(REASONS)}",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        try:
            verdicts = self._verdicts(dataset, options)
        except (FilterRefused, LabelsRefused) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError(
                f"Interrupted. What was decoded is in {_partial(options)}; the same command "
                "continues from there.",
                returncode=130,
            ) from None
        file_write(options["out"], left_out_text(verdicts).encode())
        if options["keep"]:
            file_write(options["keep"], kept_text(verdicts).encode())
        _partial(options).unlink(missing_ok=True)
        self._summarise(dataset, verdicts, options)

    def _verdicts(self, dataset: Dataset, options: dict[str, Any]) -> list[Verdict]:
        for path in filter(None, (options["out"], options["keep"])):
            if path.is_dir() or not path.parent.is_dir():
                raise FilterRefused(f"{path} cannot be written; expected a file in a folder.")
        criteria = Criteria(
            min_side=options["min_side"],
            near=options["near"],
            ignored=options["ignore"],
            labels=labels_read(options["labels"]) if options["labels"] else None,
        )
        # A terminal redraws its line; a log gets a new line now and then.
        interval_s = 0.3 if sys.stderr.isatty() else 10
        with tqdm(desc=f"{dataset}", unit="photo", mininterval=interval_s) as bar:

            def move(n_done: int, n_total: int) -> None:
                bar.total = n_total
                bar.update(n_done - bar.n)

            return verdicts_find(
                dataset=dataset,
                split=options["split"],
                criteria=criteria,
                partial=_partial(options),
                on_progress=move,
            )

    def _summarise(
        self, dataset: Dataset, verdicts: list[Verdict], options: dict[str, Any]
    ) -> None:
        left_out = [verdict for verdict in verdicts if verdict.reasons]
        self.stdout.write(
            f"{len(verdicts):,} images in {options['split']!r}: {len(left_out):,} to leave out, "
            f"{len(verdicts) - len(left_out):,} to keep. An image may have several reasons:"
        )
        counts = Counter(reason for item in left_out for reason in item.reasons)
        for reason, words in REASONS.items():
            said = "ignored" if reason in options["ignore"] else f"{counts[reason]:,}"
            self.stdout.write(f"  {reason:15} {said:>8}  {words}")
        self.stdout.write(
            f"Wrote {options['out']}. The dataset has not changed. To evaluate without these "
            f"images: manage.py evaluate {dataset} --leave-out {options['out']}. To keep them out "
            "of a study: move their files away and import the folder under another name."
        )


def _partial(options: dict[str, Any]) -> Path:
    out: Path = options["out"]
    return out.with_name(f"{out.name}.partial")
