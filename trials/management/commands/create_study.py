"""``manage.py create_study SLUG DATASET --title TITLE --seed S [--open]``"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.management.lookup import by_slug
from classifiers.models import Dataset, PredictionRun
from trials.design import PoolTooSmall
from trials.models import Study
from trials.plan import PlanRefused, StudyPlan
from trials.services import StudyRefused, study_create, study_open

OPTIONS = [each for each in fields(StudyPlan) if each.name != "conditions"]


class Command(BaseCommand):
    help = "Create a study on a dataset's predictions: four conditions, sets drawn by the seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study's name in addresses")
        parser.add_argument("dataset", help="slug of a dataset with predictions")
        parser.add_argument("--open", action="store_true", help="let people in at once")
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
            plan = StudyPlan(**{each.name: options[each.name] for each in OPTIONS})
            runs = PredictionRun.objects.filter(gallery__dataset=dataset).order_by("pk")
            study = study_create(slug=options["slug"], dataset=dataset, plan=plan, runs=runs)
        except (PlanRefused, StudyRefused, PoolTooSmall) as error:
            raise CommandError(str(error)) from error
        if options["open"]:
            study_open(study=study)
        self.stdout.write(
            f"Study {study} is {study.status}: {len(plan.conditions)} conditions, "
            f"{plan.n_sets} test sets of {plan.n_test}. People enter at /s/{study}/"
        )
