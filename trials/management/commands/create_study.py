"""``manage.py create_study SLUG DATASET [--document FILE | --ready-made NAME] [--open]``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.management.lookup import by_slug
from classifiers.models import Dataset
from trials.models import Study
from trials.ready_made import READY_MADE, ready_made
from trials.services import (
    StudyRefused,
    runs_choose,
    study_draft,
    study_freeze,
    study_open,
)
from trials.services.study_lists import files_keep
from trials.study.document import PlanRefused, read_bytes
from trials.study.plan import StudyPlan
from trials.study.schema import begun


class Command(BaseCommand):
    help = "Create a study from a document, on the predictions of a dataset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study's name in addresses")
        parser.add_argument("dataset", help="slug of a dataset with predictions")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--document", type=Path, metavar="FILE", help="a study in YAML or JSON")
        source.add_argument("--ready-made", choices=sorted(READY_MADE), help="one that is built in")
        parser.add_argument("--title", help="instead of the document's title")
        parser.add_argument("--seed", type=int, help="instead of the document's seed")
        parser.add_argument(
            "--condition",
            dest="conditions",
            action="append",
            metavar="NAME",
            help="only this condition of the document; may be given several times",
        )
        parser.add_argument(
            "--run",
            type=int,
            action="append",
            default=[],
            metavar="ID",
            help="judge this run of `predict` instead of the one that the document names; may be "
            "given several times",
        )
        parser.add_argument("--draft", action="store_true", help="do not draw the sets yet")
        parser.add_argument("--open", action="store_true", help="open the study at once")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        if Study.objects.filter(slug=options["slug"]).exists():
            raise CommandError(f"A study {options['slug']!r} exists already; choose another name.")
        try:
            study = study_draft(slug=options["slug"], dataset=dataset, document=document(options))
            if not options["draft"]:
                study = study_freeze(study=study, runs=runs_choose(study, options["run"]).values())
            if options["open"]:
                study = study_open(study=study)
        except (PlanRefused, StudyRefused) as error:
            Study.objects.filter(slug=options["slug"], frozen_sha256="").delete()
            raise CommandError(str(error)) from error
        plan = study.plan
        self.stdout.write(
            f"Study {study} is {study.status}: {len(plan.conditions)} conditions, "
            f"{plan.test.n_sets} test sets of {plan.test.n}. People enter at /s/{study}/"
        )


def document(options: dict[str, Any]) -> dict[str, Any]:
    """Return the document that the options name."""
    found: dict[str, Any] = {}
    if options["ready_made"]:
        found = ready_made(options["ready_made"])
    elif options["document"]:
        try:
            found = read_bytes(options["document"].read_bytes(), str(options["document"]))
            found = files_keep(found, options["document"].parent)
        except OSError as error:
            raise CommandError(f"{options['document']}: {error.strerror}.") from error
    found |= {name: options[name] for name in ("title", "seed") if options[name] is not None}
    if options["conditions"]:
        found["conditions"] = chosen(found, options["conditions"])
    is_given = options["ready_made"] or options["document"]
    return found if is_given else begun(found)


def chosen(document: dict[str, Any], names: list[str]) -> list[Any]:
    """Return the named conditions of a document; an unknown name lists the known ones."""
    rows = StudyPlan.from_json(document).document["conditions"]
    known = [row["name"] for row in rows]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CommandError(f"No condition {unknown[0]!r}; the document has {', '.join(known)}.")
    return [row for row in rows if row["name"] in names]
