"""``manage.py whole_photos DATASET``"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from classifiers.management.lookup import by_slug
from classifiers.models import Dataset, Image
from classifiers.services.whole_photos import wholes_make


class Command(BaseCommand):
    help = (
        "Make the whole photos that studies with crop: whole show. Otherwise each is made when it "
        "is first shown, which takes up to a second for a large photo."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of an imported dataset")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        images = dataset.images.filter(split__in=[Image.GALLERY, Image.QUERY])
        images = images.select_related("dataset").order_by("source")
        n_all = images.count()
        with tqdm(total=n_all, unit="photo", disable=None) as bar:
            failed = wholes_make(images.iterator(), bar.update)
        for _, reason in failed:
            self.stderr.write(reason)
        if failed:
            raise CommandError(f"{len(failed)} of {n_all} photos cannot be shown whole.")
        self.stdout.write(f"{n_all} whole photos of {dataset} are ready.")
