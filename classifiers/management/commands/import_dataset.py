"""``manage.py import_dataset``: import a folder of labelled photos."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from tqdm import tqdm

from classifiers.core.inputs.zip_files import ENCODINGS
from classifiers.models import Category, Dataset, Image
from classifiers.services.archives import ArchiveRefused, as_sent
from classifiers.services.category_counts import remarks_of
from classifiers.services.datasets import DatasetRefused, ImportReport, dataset_import
from classifiers.services.folders import Refusal
from classifiers.services.import_run import OnProgress
from classifiers.services.uploads import zip_unpack


class Command(BaseCommand):
    help = (
        "Import ROOT/<split>/<category>/<file> (splits: gallery and query). An optional "
        "ROOT/categories.csv (folder,label,definition) gives readable labels. It can be repeated: "
        "imported photos do not change."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name of the dataset, such as cub")
        parser.add_argument("root", help="folder with the split folders, or a .zip of it")
        parser.add_argument(
            "--query-share",
            type=float,
            help="draw this share of the images as queries, from all split folders",
        )
        parser.add_argument("--split-seed", type=int, help="seed of that draw")
        parser.add_argument(
            "--grey-white",
            type=int,
            help="value of 16-bit grey photos that becomes white, for all photos of the dataset "
            "(65535; 4095 for cameras of 12 bits)",
        )

        parser.add_argument(
            "--encoding",
            default="",
            choices=list(ENCODINGS),
            help="encoding of the file names of a zip that was refused because it names none",
        )

    def handle(self, *args: Any, slug: str, root: str, **options: Any) -> None:
        refused: list[Refusal] = []
        is_zip = Path(root).suffix.lower() == ".zip"
        try:
            if is_zip:
                with self._progress() as on_progress:
                    folder, refused = zip_unpack(
                        slug=slug,
                        path=Path(root),
                        encoding=options["encoding"],
                        on_progress=on_progress,
                    )
                root = str(folder)
            with self._progress() as on_progress:
                report = dataset_import(
                    slug=slug,
                    root=root,
                    query_share=options["query_share"],
                    split_seed=options["split_seed"],
                    grey_white=options["grey_white"],
                    on_progress=on_progress,
                )
        except (ArchiveRefused, DatasetRefused) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            n_images = Image.objects.filter(dataset__slug=slug).count()
            raise CommandError(
                f"Interrupted: {n_images:,} images of {slug!r} are in. "
                "The same command continues from there.",
                returncode=130,
            ) from None
        said = as_sent(report.refused) if is_zip else report.refused
        self._summarise(slug, replace(report, refused=(*refused, *said)))

    @contextmanager
    def _progress(self) -> Iterator[OnProgress]:
        """Show a bar to a person, and a line every tenth of the way to a log."""
        if sys.stderr.isatty():
            with tqdm(unit=" files") as bar:

                def move(n_done: int, n_total: int) -> None:
                    bar.total = n_total
                    bar.update(n_done - bar.n)

                yield move
            return

        def write(n_done: int, n_total: int) -> None:
            if n_done * 10 // n_total > (n_done - 1) * 10 // n_total:
                self.stdout.write(f"{n_done:,} of {n_total:,} files ({n_done / n_total:.0%})")

        yield write

    def _summarise(self, slug: str, report: ImportReport) -> None:
        for refusal in report.refused:
            self.stderr.write(f"refused {refusal.path}: {refusal.reason}")
        for remark in report.remarks:
            self.stderr.write(f"look at {remark.path}: {remark.reason}")
        for item in remarks_of(Dataset.objects.get(slug=slug)):
            self.stderr.write(f"look at {item.about}: {item.said}.")
        images = Image.objects.filter(dataset__slug=slug)
        self.stdout.write(
            f"Dataset {slug!r}: {report.n_new:,} new, {report.n_unchanged:,} unchanged, "
            f"{len(report.refused):,} refused, {report.n_ignored:,} hidden files ignored."
        )
        if not images.exists():
            raise CommandError("No image could be imported; see the reasons above.")
        splits = images.values_list("split").annotate(n=Count("pk")).order_by("split")
        n_categories = Category.objects.filter(dataset__slug=slug).count()
        self.stdout.write(
            f"Now {', '.join(f'{n:,} in {split!r}' for split, n in splits)}; "
            f"{n_categories:,} categories."
        )
