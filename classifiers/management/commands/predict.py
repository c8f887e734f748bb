"""``manage.py predict DATASET --classifier NAME``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.management.arguments import WITH_MASK, classifiers_meant, parameter
from classifiers.management.commands import _progress
from classifiers.management.lookup import by_slug, gallery_of
from classifiers.models import Dataset, Image, Prediction
from classifiers.services.masks import masks_keep
from classifiers.services.queueing import RequestRefused, runs_request
from classifiers.services.room import runs_room


class Command(BaseCommand):
    help = "Predict the queries of a dataset, with explanations, on a Celery worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of a dataset whose gallery is built")
        parser.add_argument(
            "--classifier", action="append", metavar="NAME", help=f"of {', '.join(CLASSIFIERS)}; "
            f"may be given several times; if left out all, but {WITH_MASK} only with a mask",
        )  # fmt: skip
        parser.add_argument(
            "--name", default="", help="name of the run in study documents (one --classifier only)",
        )  # fmt: skip
        parser.add_argument("--backbone", default="efficientnet-lite0")
        parser.add_argument("--split", default=Image.QUERY)
        parser.add_argument(
            "--set", dest="parameters", action="append", default=[], type=parameter,
            metavar="NAME=VALUE", help="a classifier's parameter, e.g. n_voters=10",
        )  # fmt: skip
        parser.add_argument(
            "--masks", type=Path, metavar="FILE", help="JSON of 7 x 7 masks by image, for "
            f"{WITH_MASK}",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        gallery = gallery_of(by_slug(Dataset, options["dataset"]), options["backbone"])
        parameters = dict(options["parameters"])
        try:
            if options["masks"] is not None:
                parameters["masks"] = masks_keep(options["masks"])
                self.stdout.write(f"Masks: {options['masks']}, sha256 {parameters['masks']}")
            runs = runs_request(
                gallery=gallery,
                classifiers=classifiers_meant(options["classifier"], parameters),
                split=options["split"],
                parameters=parameters,
                name=options["name"],
                has_maps=True,
            )
        except (RequestRefused, ValueError) as error:
            raise CommandError(str(error)) from error
        if runs:
            self.stdout.write(str(runs_room(runs)))
        _progress.wait_for(runs, "predictions")
        for run in runs:
            n_right, n_known = Prediction.objects.filter(run=run).counts()
            share = 100 * n_right / max(1, n_known)
            said = f"{run.classifier:14} {n_right} of {n_known}: {share:.1f} % right"
            self.stdout.write(f"{said} (run {run.pk}, {run.name})")
