"""``manage.py evaluate DATASET``"""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classifiers.core.catalogue import CHOICES, CLASSIFIERS
from classifiers.core.metrics.evaluation import N_BINS
from classifiers.core.metrics.labels import LabelsRefused
from classifiers.management.arguments import WITH_MASK, classifiers_meant, parameter
from classifiers.management.commands import _progress
from classifiers.management.lookup import by_slug, gallery_of
from classifiers.management.numbers import at_least
from classifiers.models import Dataset, Gallery, Image
from classifiers.services import evaluation_files
from classifiers.services.evaluations import (
    EvaluationRefused,
    LabelFile,
    evaluation_read,
    evaluation_request,
    labels_read,
    left_out_read,
)
from classifiers.services.masks import masks_keep
from classifiers.services.queueing import RequestRefused

N_DIGITS: Final = 8  # of a sha256, enough to tell files apart


class Command(BaseCommand):
    help = (
        "Compare the classifiers on a split: top-1, confidence, calibration, changes against "
        "kNN. Asks a worker for the predictions that are missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of a dataset whose gallery is built")
        parser.add_argument("--split", default=Image.QUERY)
        parser.add_argument("--backbone", default="efficientnet-lite0")
        parser.add_argument(
            "--classifier", action="append", choices=list(CLASSIFIERS), metavar="NAME",
            help=f"of {', '.join(CLASSIFIERS)}; may be given several times; "
            f"if left out all, but {WITH_MASK} only with a mask",
        )  # fmt: skip
        parser.add_argument(
            "--name", default="", help="name of the run in study documents (one --classifier only)",
        )  # fmt: skip
        parser.add_argument(
            "--labels", type=Path, metavar="FILE.json", help="multi-label truth: ImageNet-ReaL's "
            "real.json, or an object {file name: [category, ...]}",
        )  # fmt: skip
        parser.add_argument(
            "--leave-out", type=Path, metavar="FILE.csv", help="images that do not count, as "
            "listed by filter_dataset",
        )  # fmt: skip
        parser.add_argument(
            "--restrict", action="store_true", help="only classes that occur in the split compete"
        )
        parser.add_argument(
            "--transform", default="crop", choices=CHOICES["transform"],
            help="how a query is prepared: its central square, or squashed to a square",
        )  # fmt: skip
        parser.add_argument(
            "--set", dest="parameters", action="append", default=[], type=parameter,
            metavar="NAME=VALUE", help="a parameter, for every classifier that has it",
        )  # fmt: skip
        parser.add_argument(
            "--masks", type=Path, metavar="FILE", help="JSON of 7 x 7 masks by image, for "
            f"{WITH_MASK}",
        )  # fmt: skip
        parser.add_argument(
            "--bins", type=at_least(1), default=N_BINS, help="of the calibration error"
        )
        parser.add_argument(
            "--out", type=Path, metavar="DIR", help="folder for evaluation.csv, .json and .md; "
            "one named after the settings if left out",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        gallery = gallery_of(by_slug(Dataset, options["dataset"]), options["backbone"])
        try:
            self._evaluate(gallery, options)
        except (RequestRefused, EvaluationRefused, LabelsRefused, ValueError) as error:
            raise CommandError(str(error)) from error

    def _evaluate(self, gallery: Gallery, options: dict[str, Any]) -> None:
        # The files are read first: a typing error shows before hours of predicting.
        labels = labels_read(options["labels"]) if options["labels"] else None
        left_out = left_out_read(options["leave_out"]) if options["leave_out"] else None
        setting = {
            "transform": options["transform"],
            "classes": "split" if options["restrict"] else "all",
        }
        given = dict(options["parameters"])
        if setting.keys() & given.keys():
            raise ValueError("Expected --transform and --restrict instead of --set for these two.")
        if options["masks"] is not None:
            given["masks"] = masks_keep(options["masks"])
            self.stdout.write(f"Masks: {options['masks']}, sha256 {given['masks']}")
        runs = evaluation_request(
            gallery=gallery,
            classifiers=classifiers_meant(options["classifier"], given),
            split=options["split"],
            parameters=given | setting,
            name=options["name"],
        )
        _progress.wait_for(runs, "predictions")
        evaluation = evaluation_read(
            runs=runs, labels=labels, left_out=left_out, n_bins=options["bins"]
        )
        folder = options["out"] or _folder(gallery, options, given, setting, labels, left_out)
        files = evaluation_files.evaluation_write(evaluation, folder)
        self.stdout.write(evaluation_files.setting_words(evaluation))
        self.stdout.write(evaluation_files.table_text(evaluation))
        for remark in evaluation_files.remarks(evaluation):
            self.stdout.write(remark)
        self.stdout.write(f"Wrote {', '.join(file.name for file in files)} to {folder}")


def _folder(
    gallery: Gallery,
    options: Mapping[str, Any],
    given: Mapping[str, Any],
    setting: Mapping[str, str],
    labels: LabelFile | None,
    left_out: Collection[str] | None,
) -> Path:
    """Name a folder by the settings that change the figures, so that two settings are two folders.

    Files are named by name and content: another version of the same name is another setting.
    """
    parts = [gallery.dataset.slug, options["split"], gallery.backbone, *setting.values()]
    if labels is not None:
        parts.append(f"{labels.path.stem}-{labels.sha256[:N_DIGITS]}")
    if left_out is not None:
        listed = hashlib.sha256("\n".join(sorted(left_out)).encode()).hexdigest()
        parts.append(f"{options['leave_out'].stem}-{listed[:N_DIGITS]}")
    if options["bins"] != N_BINS:
        parts.append(f"bins={options['bins']}")
    parts += options["classifier"] or []
    shown = dict(given) | ({"masks": given["masks"][:N_DIGITS]} if "masks" in given else {})
    parts += [f"{name}={value}" for name, value in sorted(shown.items())]
    return Path(settings.DATA_DIR) / "evaluations" / "-".join(parts).replace("/", "_")
