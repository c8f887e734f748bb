"""``manage.py build_gallery DATASET``"""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from classifiers.core.gallery.arrays import RoomMissing
from classifiers.management.commands import _progress
from classifiers.management.lookup import by_slug
from classifiers.models import Dataset
from classifiers.services.category_counts import remarks_of
from classifiers.services.gallery_options import options_keep
from classifiers.services.queueing import RequestRefused, gallery_request
from classifiers.services.room import gallery_room


class Command(BaseCommand):
    help = "Extract the features of a dataset's gallery images on a Celery worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of an imported dataset")
        parser.add_argument("--backbone", default="efficientnet-lite0")
        parser.add_argument(
            "--half", action=BooleanOptionalAction,
            help="keep features in float16: half the disk, cosines within some 1e-5 (no)",
        )  # fmt: skip
        parser.add_argument(
            "--grey", choices=("backbone", "half"),
            help="normalise grey photos' maps for EMD-Corr by the backbone's statistics, or to "
            "mean and deviation 0.5, as the paper's code does (backbone)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        try:
            with (
                transaction.atomic()
            ):  # the message to the worker is sent after the options are stored
                gallery = gallery_request(dataset=dataset, backbone=options["backbone"])
                options_keep(gallery=gallery, half=options["half"], grey=options["grey"])
                room = gallery_room(gallery)
                room.check()
        except (RequestRefused, RoomMissing) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(room))
        for item in remarks_of(dataset):
            self.stderr.write(f"look at {item.about}: {item.said}.")
        _progress.wait_for([gallery], f"gallery {gallery}")
        self.stdout.write(f"Gallery {gallery}: {_progress.took([gallery])}.")
