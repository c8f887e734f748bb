"""``manage.py simulate STUDY --participants N --seed S``"""

from __future__ import annotations

import random
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from classifiers.management.lookup import by_slug
from trials.models import Study
from trials.robots import Robot, play


class Command(BaseCommand):
    help = "Let simulated people play whole sessions of a study through its real pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="slug of an open study")
        parser.add_argument("--participants", type=int, default=20, metavar="N")
        parser.add_argument("--seed", type=int, default=0, metavar="S")
        for name, default in (("right", 0.9), ("wrong", 0.4)):
            parser.add_argument(
                f"--accept-{name}",
                type=float,
                default=default,
                metavar="P",
                help=f"chance of accepting a {name} AI (%(default)s)",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        study = by_slug(Study, options["study"])
        if not study.is_open:
            raise CommandError(f"Study {study} is {study.status}; only an open one can be entered.")
        robot = Robot(options["accept_right"], options["accept_wrong"])
        for name, value in (("right", robot.accept_right), ("wrong", robot.accept_wrong)):
            if not 0 <= value <= 1:
                raise CommandError(f"--accept-{name} {value}: expected a chance from 0 to 1.")
        ends: Counter[str] = Counter()
        for number in tqdm(range(options["participants"]), desc="simulated people", disable=None):
            rng = random.Random(f"{options['seed']}:{number}")
            ends[play(study, robot, rng).status] += 1
        counts = ", ".join(f"{n} {status}" for status, n in sorted(ends.items()))
        self.stdout.write(
            f"{options['participants']} simulated people: {counts or 'none'}. "
            f"Expected accuracy {100 * robot.accuracy:.1f} %. Results leave them out by default."
        )
