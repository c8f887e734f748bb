"""``manage.py check_gallery DATASET``"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.management.lookup import by_slug
from classifiers.models import Dataset, Gallery, Job


class Command(BaseCommand):
    help = (
        "Compare the arrays of a dataset's galleries with their checksums, for files of any size."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="slug of an imported dataset")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        galleries = list(dataset.galleries.filter(status=Job.Status.DONE).order_by("backbone"))
        if not galleries:
            raise CommandError(
                f"Dataset {dataset} has no finished gallery. Run: manage.py build_gallery {dataset}"
            )
        refused = [said for gallery in galleries if (said := self._check(gallery))]
        if refused:
            raise CommandError("\n".join(refused))

    def _check(self, row: Gallery) -> str:
        """Report one gallery and what matchers keep of it; return what is wrong with it."""
        from classifiers.core.gallery.checksums import gallery_verify
        from classifiers.core.gallery.index import Gallery as Features
        from classifiers.core.gallery.manifest import GalleryRefused

        try:
            Features.open(row.folder)
            left_out = gallery_verify(row.folder)
        except GalleryRefused as error:
            return f"Gallery {row}: {error}"
        for said in left_out:
            self.stdout.write(f"Gallery {row}: {said}.")
        if not left_out:
            self.stdout.write(f"Gallery {row}: no array has changed.")
        return ""
