"""``manage.py reproduce table1 --data ROOT``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.core.metrics.labels import LabelsRefused
from classifiers.core.metrics.table1 import CLASSIFIERS, CLEAN, REAL, ROWS, TableRow, clean_names
from classifiers.management.commands import _progress
from classifiers.models import Dataset, Image
from classifiers.services.datasets import DatasetRefused, dataset_import
from classifiers.services.evaluations import (
    Evaluation,
    EvaluationRefused,
    evaluation_read,
    evaluation_request,
    labels_read,
)
from classifiers.services.queueing import RequestRefused, gallery_request

REFUSALS = (DatasetRefused, EvaluationRefused, LabelsRefused, RequestRefused, ValueError, OSError)


class Command(BaseCommand):
    help = (
        "Compute the reference study's table of accuracies from the archives that are there. The "
        "same command continues where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["table1"])
        parser.add_argument(
            "--data", type=Path, required=True, metavar="ROOT", help="folder with a folder for "
            "each row, which has gallery/<class>/ and query/<class>/ (links to folders are "
            "allowed)",
        )  # fmt: skip
        parser.add_argument(
            "--row", action="append", choices=[row.name for row in ROWS], metavar="NAME",
            help=f"of {', '.join(row.name for row in ROWS)}; if left out all",
        )  # fmt: skip
        parser.add_argument("--plan", action="store_true", help="only say what is missing")
        parser.add_argument(
            "--classifier", action="append", choices=CLASSIFIERS, help="if left out all four"
        )
        parser.add_argument("--backbone", help="instead of the row's own")

    def handle(self, *args: Any, **options: Any) -> None:
        root: Path = options["data"]
        if not root.is_dir():
            raise CommandError(f"{root} is no folder; expected the folder with the archives.")
        for row in ROWS:
            if options["row"] and row.name not in options["row"]:
                continue
            self.stdout.write(f"{row.name}: {f'{row.n:,} photos' if row.n else 'size not stated'}")
            if missing := row.missing(root):
                for item in missing:
                    self.stdout.write(f"  missing {root / item}")
            elif options["plan"]:
                self.stdout.write("  everything is there")
            else:
                self._run(row, root, options)

    def _run(self, row: TableRow, root: Path, options: dict[str, Any]) -> None:
        try:
            evaluation = _evaluation(row, root, options)
        except REFUSALS as error:
            self.stderr.write(f"  not computed: {error}")
            return
        n = evaluation.rows[0].scores.n
        if row.n is not None and n != row.n:
            self.stdout.write(f"  of {n:,} photos, not {row.n:,}: the numbers may differ")
        for each in evaluation.rows:
            ours = 100 * each.scores.accuracy
            theirs = row.printed.get(each.run.classifier)
            beside = "no number released" if theirs is None else f"{theirs:.2f}"
            apart = "" if theirs is None else f"  difference {ours - theirs:+.2f}"
            self.stdout.write(f"  {each.run.classifier:10} {ours:6.2f} %  printed {beside}{apart}")


def _evaluation(row: TableRow, root: Path, options: dict[str, Any]) -> Evaluation:
    """Import, extract, predict and evaluate a row; what is done already is not done again."""
    slug = f"table1-{row.folder}"
    dataset_import(slug=slug, root=root / row.folder)
    dataset = Dataset.objects.get(slug=slug)
    gallery = gallery_request(dataset=dataset, backbone=options["backbone"] or row.backbone)
    _progress.wait_for([gallery], f"{row.name}, gallery")
    gallery.refresh_from_db()
    runs = evaluation_request(
        gallery=gallery,
        classifiers=options["classifier"] or CLASSIFIERS,
        split=Image.QUERY,
        parameters={"transform": row.transform, "classes": row.classes}
        | ({"own_head": True} if row.has_own_head and _has_softmax(options) else {}),
    )
    _progress.wait_for(runs, f"{row.name}, predictions")
    labels = labels_read(root / REAL) if REAL in row.files else None
    return evaluation_read(runs=runs, labels=labels, left_out=_left_out(row, root, dataset))


def _has_softmax(options: dict[str, Any]) -> bool:
    return "softmax" in (options["classifier"] or CLASSIFIERS)


def _left_out(row: TableRow, root: Path, dataset: Dataset) -> set[str]:
    """Return the photos that the published list of clean images lacks."""
    if CLEAN not in row.files:
        return set()
    kept = clean_names((root / CLEAN).read_text(encoding="utf-8-sig"))
    sources = dataset.images.filter(split=Image.QUERY).values_list("source", flat=True)
    return {source for source in sources if PurePosixPath(source).name not in kept}
