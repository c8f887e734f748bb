"""``manage.py simulate STUDY --participants N --seed S``"""

from __future__ import annotations

import random
from argparse import ArgumentParser
from collections import Counter
from statistics import fmean
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from classifiers.management.lookup import by_slug
from classifiers.management.numbers import at_least
from trials.models import Study
from trials.simulation.behaviour import Behaviour, BehaviourRefused, Times
from trials.simulation.habits import HABITS as USUAL_HABITS
from trials.simulation.habits import Habits, HabitsRefused
from trials.simulation.robots import play

RATES = {"accept_right": 0.9, "accept_wrong": 0.4}
SPREADS = {
    "sd_skill": "SD of people in log odds of being correct",
    "sd_bias": "SD of people in log odds of saying yes",
    "sd_image": "SD of images in log odds of being judged correctly",
}
HABITS = {
    "own_right": "chance that an answer without the AI is right",
    "switch_right": "chance to take the advice of a right AI after another first answer",
    "switch_wrong": "chance to take the advice of a wrong AI after another first answer",
    "sure_right": "mean confidence in right answers, as a share of the scale",
    "sure_wrong": "mean confidence in wrong answers, as a share of the scale",
}


class Command(BaseCommand):
    help = "Let simulated people play whole sessions of a study through its real pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="slug of an open study")
        parser.add_argument("--participants", type=at_least(1), default=20, metavar="N")
        parser.add_argument("--seed", type=int, default=0, metavar="S")
        for name, default in RATES.items():
            kind = name.removeprefix("accept_")
            parser.add_argument(
                f"--accept-{kind}", type=float, default=default, metavar="P",
                help=f"share of yes to a {kind} AI, over people and images (%(default)s)",
            )  # fmt: skip
        parser.add_argument(
            "--condition", action="append", default=[], metavar="NAME=RIGHT,WRONG",
            help="the two shares of one condition, e.g. kNN=0.95,0.65; may be given several times",
        )  # fmt: skip
        for name, meaning in SPREADS.items():
            flag = "--" + name.replace("_", "-")
            parser.add_argument(flag, type=float, default=0, metavar="SD", help=f"{meaning} (0)")
        for name, meaning in HABITS.items():
            flag, usual = "--" + name.replace("_", "-"), getattr(USUAL_HABITS, name)
            parser.add_argument(
                flag, type=float, default=usual, metavar="P",
                help=f"{meaning} (%(default)s); only if the task asks for it",
            )  # fmt: skip
        parser.add_argument(
            "--learning", type=float, default=0, metavar="L",
            help="log odds of being correct that people gain with each trial of the test; the "
            "shares are then those of its first trial (0)",
        )  # fmt: skip
        parser.add_argument(
            "--careless", type=float, default=0, metavar="P",
            help="share of people who click at random, fast (0)",
        )  # fmt: skip
        parser.add_argument(
            "--drop-out", type=float, default=0, metavar="P",
            help="share of people who stop taking part, anywhere in the session (0)",
        )  # fmt: skip
        parser.add_argument(
            "--slow", type=float, default=0, metavar="P",
            help="share of trials during which someone leaves for a minute (0)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        study = by_slug(Study, options["study"])
        if not study.is_open:
            raise CommandError(f"Study {study} is {study.status}; only an open one can be entered.")
        names = list(study.conditions.order_by("position").values_list("name", flat=True))
        if not 0 <= options["drop_out"] <= 1:
            raise CommandError(f"--drop-out {options['drop_out']}: expected a share from 0 to 1.")
        try:
            cast = _cast(names, options)
        except (BehaviourRefused, HabitsRefused) as error:
            raise CommandError(_flagged(str(error))) from error
        ends: Counter[str] = Counter()
        for number in tqdm(range(options["participants"]), desc="simulated people", disable=None):
            rng = random.Random(f"{options['seed']}:{number}")
            leaves_at = _leaves_at(options["drop_out"], f"{options['seed']}:{number}:leaves")
            ends[play(study, cast, rng, leaves_at=leaves_at).status] += 1
        counts = ", ".join(f"{n} {status}" for status, n in sorted(ends.items()))
        expected = _accuracies(cast, _n_test(study))
        self.stdout.write(
            f"{options['participants']} simulated people: {counts or 'none'}. "
            f"Expected accuracy {expected}. Results leave them out by default."
        )


def _leaves_at(share: float, seed: str) -> float | None:
    """Return after which share of the session somebody leaves; None for who stays."""
    rng = random.Random(seed)
    return rng.random() if rng.random() < share else None


def _cast(names: list[str], options: dict[str, Any]) -> dict[str, Behaviour]:
    """Return the people of each condition."""
    rates = dict.fromkeys(names, (options["accept_right"], options["accept_wrong"]))
    for text in options["condition"]:
        name, chances = _condition(text)
        if name not in rates:
            raise BehaviourRefused(
                f"--condition {text}: no condition {name!r}; the study has {', '.join(names)}."
            )
        rates[name] = chances
    others = {name: options[name] for name in (*SPREADS, "careless", "learning")}
    habits = Habits(**{name: options[name] for name in HABITS})
    times = Times(slow=options["slow"])
    return {
        name: Behaviour.planted(*chances, **others, times=times, habits=habits)
        for name, chances in rates.items()
    }


def _condition(text: str) -> tuple[str, tuple[float, float]]:
    name, _, numbers = text.rpartition("=")
    try:
        right, wrong = map(float, numbers.split(","))
    except ValueError as error:
        raise BehaviourRefused(
            f"--condition {text}: expected NAME=RIGHT,WRONG, such as kNN=0.95,0.65."
        ) from error
    return name, (right, wrong)


def _n_test(study: Study) -> int:
    """Return how many trials a person's test has."""
    plan = study.plan
    return plan.test.n * (len(plan.conditions) if plan.design.is_within else 1)


def _accuracies(cast: dict[str, Behaviour], n: int) -> str:
    """Say the expected accuracies over a test; one figure if all conditions have the same.

    Within people, each condition comes as often early as late.
    """
    texts = {}
    for name, each in cast.items():
        places = range(n if each.learning else 1)
        texts[name] = f"{fmean(each.after(k).measures()['accuracy'] for k in places):.1f} %"
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return ", ".join(f"{name} {text}" for name, text in texts.items())


def _flagged(refusal: str) -> str:
    """Replace a field's name at the start of a refusal by its option."""
    name, space, rest = refusal.partition(" ")
    if name in (*RATES, *SPREADS, *HABITS, "careless", "learning", "slow"):
        name = "--" + name.replace("_", "-")
    return name + space + rest
