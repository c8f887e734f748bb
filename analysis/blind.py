"""Who may see which arm is which, and since when.

The pilot and the study itself are blinded apart: each has its letters, and a lift counts for the
stage that it was asked for. Until someone lifts a stage's blind, the study's staff see its arms by
letters, in an order that nothing on the page gives away. It guards against knowing by accident: who
may read the database, or takes part in the study and watches a count, can still find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from string import ascii_uppercase
from typing import Any, Final

from django.utils.crypto import salted_hmac
from pandas import DataFrame

from analysis.models import LIVE, BlindLift
from analysis.results.sheets import ALL_ARMS
from analysis.rows.overview import COUNTS, Progress
from analysis.stats.analysis_sets import RELIANCE
from trials.models import Study

# Of these tables, nothing but the arm's name tells which AI is judged in it. What is not listed
# here waits for the lift: team scores, difficulty and images hold numbers of the AI itself, and
# times could be found again on the pages of the people, which name their conditions.
SHOWN: Final = ("measures", "accuracy_by", "exclusions")
SHOWN_FACTORS: Final = ("ai", "half", "position")
# Not defined in an unaided arm, and in no other: that they are missing would tell which it is.
WAITING_MEASURES: Final = RELIANCE
# Who runs the study sees how many people each condition has: counts of an arm would name it.
WAITING_COUNTS: Final = ("n_participants", "n_trials")


class NothingToLift(ValueError):
    """The study is a draft: nobody has seen it, so there are no arms to name."""


def blind_lift(*, study: Study, user: Any, stage: str = LIVE) -> BlindLift:
    """Lift the blind of one stage; the first lift stays whatever comes after it.

    Raises ``NothingToLift`` for a draft.
    """
    if not study.is_frozen:
        raise NothingToLift(
            f"Study {study} is a draft, expected a frozen study. Start the pilot or open the study."
        )
    lift, _ = BlindLift.objects.get_or_create(study=study, stage=stage, defaults={"user": user})
    return lift


def lift_of(study: Study, stage: str = LIVE) -> BlindLift | None:
    """Return a stage's lift with its user, in one query; None while it is blinded."""
    return BlindLift.objects.filter(study=study, stage=stage).select_related("user").first()


def arm_labels(study: Study, conditions: Iterable[str], stage: str = LIVE) -> dict[str, str]:
    """Return ``Arm A``, ``Arm B``, … of each condition, ordered by their letters.

    The order is that of a keyed hash of each name: the same on every page for as long as the
    site keeps its ``SECRET_KEY``, another one in every study and in its pilot, and not to be
    computed without the key.
    """

    def secret(name: str) -> str:
        value = f"{study.pk}:{study.document_sha256}:{stage}:{name}"
        return salted_hmac("analysis.blind", value, algorithm="sha256").hexdigest()

    shuffled = sorted(set(conditions), key=secret)
    return {name: f"Arm {_letters(place)}" for place, name in enumerate(shuffled)}


def _letters(place: int) -> str:
    more, place = divmod(place, len(ascii_uppercase))
    return f"{_letters(more - 1) if more else ''}{ascii_uppercase[place]}"


def blinded(tables: Mapping[str, DataFrame], labels: Mapping[str, str]) -> dict[str, DataFrame]:
    """Return the tables that may be seen blinded: arms by their labels and in their order.

    How many people and trials an arm has is missing; exclusions are those of all arms together.
    """
    shown = {name: tables[name] for name in SHOWN if name in tables}
    if "accuracy_by" in shown:
        table = shown["accuracy_by"]
        shown["accuracy_by"] = table[table["factor"].isin(SHOWN_FACTORS)]
    if "measures" in shown:
        table = shown["measures"]
        shown["measures"] = table[~table["measure"].isin(WAITING_MEASURES)]
    exclusions = shown.pop("exclusions", None)
    shown = {name: _relabelled(table, labels) for name, table in shown.items()}
    return shown if exclusions is None else shown | {"exclusions": _of_all_arms(exclusions)}


def first_of_each_arm(people: DataFrame, conditions: Iterable[str]) -> DataFrame:
    """Return the people who completed first, as many in each condition as in the smallest.

    The monitor names the conditions and counts who completed. With equal numbers in all arms,
    neither a number that is missing, nor the width of an interval, nor which arm a new person
    changes tells which arm is which condition. ``people`` are rows of ``participants.csv``.
    """
    completed = people[people["status"] == "completed"].sort_values(
        ["finished_at", "participant_id"], kind="stable"
    )
    sizes = completed["condition"].value_counts()
    n = min((int(sizes.get(name, 0)) for name in conditions), default=0)
    return completed.groupby("condition", sort=False).head(n) if n else completed.iloc[:0]


def _of_all_arms(exclusions: DataFrame) -> DataFrame:
    counts = exclusions.drop(columns="condition")
    keys = ["rule", "note"]
    rows = counts.groupby(keys, sort=False, as_index=False, dropna=False)
    return rows.sum().assign(condition=ALL_ARMS)[list(exclusions)]


def progress_blinded(progress: Iterable[Progress]) -> list[Progress]:
    """Return one row, of all arms together."""
    rows = list(progress)
    sums = {name: sum(getattr(row, name) for row in rows) for name in COUNTS}
    return [Progress(condition=ALL_ARMS, **sums)]


def _relabelled(table: DataFrame, labels: Mapping[str, str]) -> DataFrame:
    order: Sequence[str] = list(labels.values())
    named = table.assign(
        condition=table["condition"].map(labels).astype(str),
        **{name: float("nan") for name in WAITING_COUNTS if name in table},
    )
    places = named["condition"].map(order.index)
    return named.loc[places.sort_values(kind="stable").index].reset_index(drop=True)
