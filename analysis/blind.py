"""The blind of a study: who may see the names of the arms, and since when.

The pilot and the main study are blinded separately: each has its own letters, and a lift is for
one stage. Until someone lifts a stage's blind, the study's staff see its arms by letters, in an
order that the page does not reveal. The blind prevents knowing by accident. Someone who may read
the database, or who takes part in the study and watches a count, can still find out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from string import ascii_uppercase
from typing import Any, Final

from django.utils.crypto import salted_hmac
from pandas import DataFrame

from analysis.models import LIVE, BlindLift
from analysis.results.flow import flow_of_all
from analysis.results.sheets import ALL_ARMS
from analysis.rows.overview import Progress, progress_sum
from analysis.stats.analysis_sets import RELIANCE
from trials.models import Study

# In these tables, only the arm's name tells which AI is judged in it. Tables that are not listed
# here are hidden until the lift: team scores, difficulty and images have numbers of the AI itself,
# and times could be matched with the pages of people, which name their conditions.
SHOWN: Final = ("measures", "accuracy_by", "exclusions")
SHOWN_FACTORS: Final = ("ai", "half", "position")
# The list of people shows the order of their blocks. So within people, the places of an arm's
# trials would identify it.
SHOWN_FACTORS_WITHIN: Final = ("ai",)
# These are missing only in an unaided arm, so that a missing value would identify it.
WAITING_MEASURES: Final = RELIANCE
# The monitor shows how many people each condition has, so counts of an arm would identify it.
WAITING_COUNTS: Final = ("n_participants", "n_trials")


class NothingToLift(ValueError):
    """Raised for a draft: nobody has taken part, so there are no arms to name."""


def blind_lift(*, study: Study, user: Any, stage: str = LIVE) -> BlindLift:
    """Lift the blind of one stage; if it is lifted already, keep the first lift.

    Raises ``NothingToLift`` for a draft.
    """
    if not study.is_frozen:
        raise NothingToLift(
            f"Study {study} is a draft, expected a frozen study. Start the pilot or open the study."
        )
    lift, _ = BlindLift.objects.get_or_create(study=study, stage=stage, defaults={"user": user})
    return lift


def lift_of(study: Study, stage: str = LIVE) -> BlindLift | None:
    """Return a stage's lift with its user, in one query; None while the stage is blinded."""
    return BlindLift.objects.filter(study=study, stage=stage).select_related("user").first()


def arm_labels(study: Study, conditions: Iterable[str], stage: str = LIVE) -> dict[str, str]:
    """Return ``Arm A``, ``Arm B``, … of each condition, ordered by their letters.

    Conditions are ordered by a keyed hash of their names. The order is the same on every page as
    long as the site keeps its ``SECRET_KEY``. It differs between studies and between a study
    and its pilot, and cannot be computed without the key.
    """

    def secret(name: str) -> str:
        value = f"{study.pk}:{study.document_sha256}:{stage}:{name}"
        return salted_hmac("analysis.blind", value, algorithm="sha256").hexdigest()

    shuffled = sorted(set(conditions), key=secret)
    return {name: f"Arm {_letters(place)}" for place, name in enumerate(shuffled)}


def _letters(place: int) -> str:
    more, place = divmod(place, len(ascii_uppercase))
    return f"{_letters(more - 1) if more else ''}{ascii_uppercase[place]}"


def blinded(
    tables: Mapping[str, DataFrame], labels: Mapping[str, str], *, is_within: bool = False
) -> dict[str, DataFrame]:
    """Return the tables that may be shown blinded, with arms named and ordered by their labels.

    Counts of people and trials per arm are missing; exclusions and the flow are summed over all
    arms.
    """
    shown = {name: tables[name] for name in SHOWN if name in tables}
    if "accuracy_by" in shown:
        table = shown["accuracy_by"]
        factors = SHOWN_FACTORS_WITHIN if is_within else SHOWN_FACTORS
        shown["accuracy_by"] = table[table["factor"].isin(factors)]
    if "measures" in shown:
        table = shown["measures"]
        shown["measures"] = table[~table["measure"].isin(WAITING_MEASURES)]
    exclusions = shown.pop("exclusions", None)
    shown = {name: _relabelled(table, labels) for name, table in shown.items()}
    if exclusions is not None:
        shown["exclusions"] = _of_all_arms(exclusions)
    if "consort" in tables:
        shown["consort"] = flow_of_all(tables["consort"], ALL_ARMS)
    return shown


def first_of_each_arm(people: DataFrame, conditions: Collection[str]) -> DataFrame:
    """Return the first people who completed, the same number in each condition.

    The number is that of the smallest condition. The monitor names the conditions and counts who
    completed, so unequal numbers could identify an arm: by a missing number, by the width of an
    interval, or by which arm a new person changes. ``people`` are rows of ``participants.csv``.
    Without ``conditions``, as in a study within people, everybody is in every arm.
    """
    completed = people[people["status"] == "completed"].sort_values(
        ["finished_at", "participant_id"], kind="stable"
    )
    if not conditions:
        return completed
    sizes = completed["condition"].value_counts()
    n = min((int(sizes.get(name, 0)) for name in conditions), default=0)
    return completed.groupby("condition", sort=False).head(n) if n else completed.iloc[:0]


def _of_all_arms(exclusions: DataFrame) -> DataFrame:
    counts = exclusions.drop(columns="condition")
    keys = ["rule", "note"]
    rows = counts.groupby(keys, sort=False, as_index=False, dropna=False)
    return rows.sum().assign(condition=ALL_ARMS)[list(exclusions)]


def progress_blinded(progress: Iterable[Progress]) -> list[Progress]:
    """Return one row for all arms together."""
    return [progress_sum(list(progress), ALL_ARMS)]


def _relabelled(table: DataFrame, labels: Mapping[str, str]) -> DataFrame:
    order: Sequence[str] = list(labels.values())
    named = table.assign(
        condition=table["condition"].map(labels).astype(str),
        **{name: float("nan") for name in WAITING_COUNTS if name in table},
    )
    places = named["condition"].map(order.index)
    return named.loc[places.sort_values(kind="stable").index].reset_index(drop=True)
