"""``manage.py import_labels DATASET FILE``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.core.metrics.labels import LabelsRefused
from classifiers.management.lookup import by_slug
from classifiers.models import Dataset, Image
from classifiers.services.accepted_labels import RowsRefused, labels_import


class Command(BaseCommand):
    help = (
        "Say which labels are right for a dataset's images, several for one image if need be. "
        "From then on studies, figures and exports count the AI as right if its label is accepted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of an imported dataset")
        parser.add_argument(
            "file", type=Path, help="ImageNet-ReaL's real.json; a JSON object {file name: [label, "
            "...]; or a table with the columns image,label and a row for each label. An empty "
            "list, or one empty label, means that nobody labelled the image; no figure counts it",
        )  # fmt: skip
        parser.add_argument("--split", default=Image.QUERY)

    def handle(self, *args: Any, **options: Any) -> None:
        dataset, file = by_slug(Dataset, options["dataset"]), options["file"]
        try:
            content = file.read_bytes()
            report = labels_import(dataset=dataset, content=content, split=options["split"])
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except RowsRefused as error:
            for row in error.refused:
                self.stderr.write(f"refused {row.place}: {row.reason}")
            raise CommandError(f"{file}: {error}") from error
        except LabelsRefused as error:
            raise CommandError(f"{file}: {error}") from error
        self.stdout.write(
            f"{file} names {report.n_named:,} images of {dataset}; {report.n_changed:,} changed. "
            f"Nobody labelled {report.n_unlabelled:,}, which no study draws; for "
            f"{report.n_unreachable:,} all labels are categories that the dataset lacks."
        )
