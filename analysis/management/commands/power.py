"""``manage.py power --difference 4 [--study SLUG | --published RESPONSES.csv]``"""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from pandas import DataFrame
from tqdm import tqdm

from analysis.power.power import (
    MEASURES,
    Power,
    Scenario,
    differing,
    participants_needed,
    with_participant_sd,
)
from analysis.power.power_figure import power_figure
from analysis.power.simulated import Layout
from analysis.power.spreads import (
    PUBLISHED,
    Spreads,
    SpreadsRefused,
    behaviour_from,
    spreads_of,
)
from analysis.power.within import Within
from analysis.published.responses import read_responses
from analysis.rows.frame import responses_frame
from classifiers.core.figures import figure_save
from classifiers.management.lookup import by_slug
from trials.models import Participant, Study
from trials.simulation.behaviour import Behaviour

PEOPLE = {
    "accept_right": (0.9, "P", "share of yes to a right AI"),
    "accept_wrong": (0.6, "P", "share of yes to a wrong AI"),
    "sd_skill": (PUBLISHED.sd_skill, "SD", "SD of people in log odds of being correct"),
    "sd_bias": (PUBLISHED.sd_bias, "SD", "SD of people in log odds of saying yes"),
    "sd_image": (PUBLISHED.sd_image, "SD", "SD of images in log odds of being judged correctly"),
    "sd_image_arm": (
        PUBLISHED.sd_image_arm,
        "SD",
        "the same, for the part that is specific to one condition",
    ),
}
TESTS = ("mann_whitney", "welch")
CORRECTIONS = ("holm", "bonferroni", "none")


class Command(BaseCommand):
    help = "Estimate how many participants per condition a study needs, by simulating such studies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "--difference", type=float, required=True, metavar="POINTS",
            help="difference between two conditions to detect, in percentage points",
        )  # fmt: skip
        add("--measure", choices=MEASURES, default=MEASURES[0])
        add("--power", type=float, default=0.8, metavar="P", help="(%(default)s)")
        add("--alpha", type=float, default=0.05, metavar="P", help="(%(default)s)")
        add("--test", choices=TESTS, default=TESTS[0])
        add("--correction", choices=CORRECTIONS, default=CORRECTIONS[0])
        add(
            "--conditions", type=int, default=2, metavar="K",
            help=(
                "number of conditions; all pairs are tested, and one condition differs from the "
                "others"
            ),
        )  # fmt: skip
        add(
            "--tests", type=int, default=1, metavar="M",
            help=(
                "number of declared tests, if more than those pairs; the others are assumed to "
                "find nothing"
            ),
        )  # fmt: skip
        self._add_people(parser)
        add("--trials", type=int, default=30, metavar="N", help="test trials per person (30)")
        add("--sets", type=int, default=20, metavar="N", help="disjoint test sets (20)")
        add("--own-images", action="store_true", help="each condition judges different images")
        add(
            "--within", type=float, metavar="R",
            help="everybody goes through all conditions (paired t test); R: the correlation of a "
            "person's skill and bias between two conditions, 0 to 1",
        )  # fmt: skip
        add(
            "--same-photos", action="store_true",
            help="for --within: the same photos in all conditions, not a different set in each",
        )  # fmt: skip
        add("--studies", type=int, default=2000, metavar="N", help="simulated studies (2000)")
        add("--seed", type=int, default=0, metavar="S")
        add("--out", type=Path, metavar="DIR", help="write power.csv and the curve as a figure")

    def _add_people(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--study", metavar="SLUG", help="take people and images from this study"
        )
        source.add_argument(
            "--published",
            type=Path,
            metavar="CSV",
            help="people and images of a published file",
        )
        parser.add_argument(
            "--base", metavar="CONDITION", help="its condition to compare with (default: the first)"
        )
        parser.add_argument("--include-simulated", action="store_true", help="of --study")
        for name, (default, unit, meaning) in PEOPLE.items():
            flag = "--" + name.replace("_", "-")
            parser.add_argument(flag, type=float, metavar=unit, help=f"{meaning} ({default})")
        parser.add_argument(
            "--sd-accuracy", type=float, metavar="POINTS",
            help="SD of participants' accuracies; determines --sd-skill",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._plan(options)
        except ValueError as error:  # all refusals of the analysis are ValueErrors
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped; nothing was written.") from None

    def _plan(self, options: dict[str, Any]) -> None:
        _check(options)
        layout = Layout(options["trials"], options["sets"], not options["own_images"])
        base = self._base(options, layout)
        better = differing(base, options["measure"], options["difference"])
        scenario = Scenario(
            (better, *[base] * (options["conditions"] - 1)), layout, options["measure"],
            options["test"], options["correction"], options["tests"], options["alpha"],
            _within(options, layout),
        )  # fmt: skip
        self._say(scenario)
        found = participants_needed(
            scenario, options["power"], n_studies=options["studies"], seed=options["seed"],
            progress=partial(tqdm, desc="simulated studies", disable=None),
        )  # fmt: skip
        self._report(found, scenario, options["power"])
        if options["out"]:
            self._write(options["out"], found, options["power"])

    def _base(self, options: dict[str, Any], layout: Layout) -> Behaviour:
        responses = _responses(options)
        if responses is None:
            given = {name: _given(options, name) for name in PEOPLE}
            base = Behaviour.planted(given.pop("accept_right"), given.pop("accept_wrong"), **given)
            sd = options["sd_accuracy"]
            return base if sd is None else with_participant_sd(base, sd, layout)
        if responses.empty:
            raise CommandError(
                "Found no responses of people who completed; expected some to plan from. "
                "Plan without --study, or add --include-simulated."
            )
        spreads = self._spreads(responses)
        first = responses.groupby("condition", observed=True).size().index[0]
        return behaviour_from(responses, options["base"] or str(first), spreads)

    def _spreads(self, responses: DataFrame) -> Spreads:
        """Return the spreads of these answers, or the published ones if these allow no estimate."""
        of = (
            f"all {len(responses):,} answers of {responses['participant_id'].nunique():,} "
            f"participants on {responses['image'].nunique():,} images"
        )
        try:
            found = spreads_of(responses)
        except SpreadsRefused as error:
            self.stdout.write(f"Rates from {of}; spreads of the published study. {error}")
            return PUBLISHED
        self.stdout.write(f"Rates and spreads from {of}.")
        return found

    def _say(self, scenario: Scenario) -> None:
        layout = scenario.layout
        right = int(layout.is_ai_correct.sum())
        self.stdout.write(f"{layout.n_test} trials a person, {right} with a right AI:")
        for name, behaviour in zip(("with", "without"), scenario.behaviours, strict=False):
            rates = behaviour.measures(right / layout.n_test)
            sd = behaviour.participant_sd(right, layout.n_test - right)
            self.stdout.write(
                f"  {name:8} accuracy {rates['accuracy']:.1f} % (SD of participants {sd:.1f}), "
                f"AI right {rates['accuracy_ai_correct']:.1f} %, "
                f"AI wrong {rates['accuracy_ai_wrong']:.1f} %; SDs in log odds: people "
                f"{behaviour.sd_skill:.2f} (skill), {behaviour.sd_bias:.2f} (bias), images "
                f"{behaviour.sd_image:.2f}, of this condition alone {behaviour.sd_image_arm:.2f}"
            )

    def _report(self, found: Power, scenario: Scenario, power: float) -> None:
        table = found.curve.to_string(index=False, float_format="{:.3f}".format)
        over = f"{scenario.correction} over {scenario.n_declared} tests"
        who, test = "participants per condition", str(scenario.test)
        if scenario.within:
            who = f"participants, each in all {len(scenario.behaviours)} conditions,"
            test = "paired t test"
        self.stdout.write(
            f"\n{table}\n(power: share of simulated studies; low, high: its 95 % interval)\n\n"
            f"{found.n_needed:,} {who} for a power of {power:g} "
            f"(Monte-Carlo 95 %: {found.n_low:,} to {found.n_high:,}); {test} on "
            f"{scenario.measure}, alpha {scenario.alpha:g}, {over}."
        )

    def _write(self, folder: Path, found: Power, power: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        found.curve.to_csv(folder / "power.csv", index=False, lineterminator="\r\n")
        logging.getLogger("fontTools").setLevel(
            logging.WARNING
        )  # otherwise Matplotlib logs every glyph of a PDF
        figure = power_figure(found, power)
        for suffix in ("png", "svg", "pdf"):
            figure_save(figure, folder / f"power.{suffix}")
        self.stdout.write(f"Wrote power.csv, power.png, power.svg, power.pdf to {folder}")


def _within(options: dict[str, Any], layout: Layout) -> Within | None:
    """Return the design within people, if one is requested."""
    if options["within"] is None:
        if options["same_photos"]:
            raise CommandError("--same-photos without --within: expected a design within people.")
        return None
    within = Within(options["within"], "same" if options["same_photos"] else "disjoint")
    within.check(layout, options["conditions"])
    return within


def _given(options: dict[str, Any], name: str) -> float:
    value = options[name]
    return PEOPLE[name][0] if value is None else float(value)


def _check(options: dict[str, Any]) -> None:
    """Refuse numbers outside their range, and two descriptions of people."""
    for name in ("power", "alpha"):
        if not 0 < options[name] < 1:
            raise CommandError(f"--{name} {options[name]}: expected a share between 0 and 1.")
    for name, least in (("conditions", 2), ("tests", 1), ("studies", 100)):
        if options[name] < least:
            raise CommandError(f"--{name} {options[name]}: expected {least} or more.")
    if options["out"] and any(
        parent.is_file() for parent in (options["out"], *options["out"].parents)
    ):
        raise CommandError(f"--out {options['out']}: found a file, expected a folder or a name.")
    source = "study" if options["study"] else "published" if options["published"] else ""
    given = [name for name in (*PEOPLE, "sd_accuracy") if options[name] is not None]
    if source and given:
        flags = ", ".join("--" + name.replace("_", "-") for name in given)
        raise CommandError(f"{flags} with --{source}: expected one of the two descriptions.")
    if options["sd_accuracy"] is not None and options["sd_skill"] is not None:
        raise CommandError("--sd-accuracy with --sd-skill: expected one of the two.")


def _responses(options: dict[str, Any]) -> DataFrame | None:
    """Read the answers from which people and images are estimated, if there are any."""
    if options["published"]:
        return read_responses(options["published"], settings.SECRET_KEY.encode()).responses
    if options["study"]:
        study = by_slug(Study, options["study"])
        frame = responses_frame(study, include_simulated=options["include_simulated"])
        return frame[frame["participant_status"] == Participant.Status.COMPLETED]
    return None
