"""``manage.py create_study SLUG DATASET --title TITLE --seed S [--open]``"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from classifiers.management.lookup import by_slug
from classifiers.models import Dataset, Image, PredictionRun
from classifiers.services.requests import parameters_asked, parameters_sha256
from trials.models import Study
from trials.plan import CONDITIONS, PlanRefused, StudyPlan
from trials.services import StudyRefused, study_create, study_open

OPTIONS = [each for each in fields(StudyPlan) if each.name != "conditions"]


def choose_runs(dataset: Dataset, plan: StudyPlan, ids: list[int]) -> list[PredictionRun]:
    """Return the named runs, and for every other classifier its finished default run."""
    found = PredictionRun.objects.select_related("gallery__dataset")
    runs = [by_id(found, pk) for pk in ids]
    named = {run.classifier for run in runs}
    for classifier in sorted({each.classifier for each in plan.conditions} - named):
        default = found.filter(
            gallery__dataset=dataset,
            classifier=classifier,
            split=Image.QUERY,
            parameters_sha256=parameters_sha256(parameters_asked(classifier, {})),
            status=PredictionRun.Status.DONE,
        )
        runs += list(default)
    return runs


def by_id(found: QuerySet[PredictionRun], pk: int) -> PredictionRun:
    """Return a run; an unknown id lists the known ones."""
    run = found.filter(pk=pk).first()
    if run is None:
        known = "; ".join(f"{each.pk}: {each} {each.parameters}" for each in found) or "none yet"
        raise CommandError(f"No run {pk}; runs: {known}.")
    return run


class Command(BaseCommand):
    help = "Create a study on a dataset's predictions, its sets drawn by the seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study's name in addresses")
        parser.add_argument("dataset", help="slug of a dataset with predictions")
        parser.add_argument("--open", action="store_true", help="let people in at once")
        parser.add_argument(
            "--run",
            type=int,
            action="append",
            default=[],
            metavar="ID",
            help="judge this run of `predict` instead of its classifier's run with default "
            "parameters; may be given several times",
        )
        parser.add_argument(
            "--condition",
            dest="conditions",
            action="append",
            metavar="NAME",
            choices=[each.name for each in CONDITIONS],
            help="only this condition; may be given several times; all if left out: "
            + ", ".join(each.name for each in CONDITIONS),
        )
        for each in OPTIONS:
            flag = "--" + each.name.replace("_", "-")
            is_needed = each.name in {"title", "seed"}
            kind = str if each.type == "str" else int
            default = None if is_needed else each.default
            said = "" if is_needed else f"default: {each.default}"
            parser.add_argument(
                flag, dest=each.name, type=kind, required=is_needed, default=default, help=said
            )

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        if Study.objects.filter(slug=options["slug"]).exists():
            raise CommandError(f"A study {options['slug']!r} exists already; choose another name.")
        try:
            names = options["conditions"]
            chosen = tuple(each for each in CONDITIONS if not names or each.name in names)
            given = {each.name: options[each.name] for each in OPTIONS}
            plan = StudyPlan(conditions=chosen, **given)
            runs = choose_runs(dataset, plan, options["run"])
            study = study_create(slug=options["slug"], dataset=dataset, plan=plan, runs=runs)
        except (PlanRefused, StudyRefused) as error:
            raise CommandError(str(error)) from error
        if options["open"]:
            study_open(study=study)
        self.stdout.write(
            f"Study {study} is {study.status}: {len(plan.conditions)} conditions, "
            f"{plan.n_sets} test sets of {plan.n_test}. People enter at /s/{study}/"
        )
