"""``manage.py build_gallery DATASET``"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.management.commands import _progress
from classifiers.management.lookup import by_slug
from classifiers.models import Dataset
from classifiers.services.requests import RequestRefused, gallery_request


class Command(BaseCommand):
    help = "Extract the features of a dataset's gallery images on a Celery worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of an imported dataset")
        parser.add_argument("--backbone", default="efficientnet-lite0")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        try:
            gallery = gallery_request(dataset=dataset, backbone=options["backbone"])
        except RequestRefused as error:
            raise CommandError(str(error)) from error
        _progress.wait_for([gallery], f"gallery {gallery}")
        self.stdout.write(f"Gallery {gallery}: {_progress.took([gallery])}.")
