"""The verdicts that a running study may show and export: those of a planned look, for its people.

A study that declares ``analysis.looks`` shows no test and no team before the first look. Between
two looks it shows those of the earlier one, for the people who had completed by then, in order of
completion; an export of a running study does the same. So neither gives more looks than planned.
The bound of the look is shown with the tests (``analysis.stats.looks``), and decides the verdict
on a team. A study without planned looks always shows both, marked as interim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.stats.looks import Look, looks_of, people_at
from trials.models import Participant, Study
from trials.study.pseudonyms import pseudonym


@dataclass(frozen=True, slots=True)
class LookShown:
    """The look that a study has reached: its number, and the people whose answers it may use.

    ``n_people`` is None once the study is closed; then everybody is included.
    """

    look: Look
    place: int
    n_looks: int
    wanted: int
    n_people: int | None

    @property
    def words(self) -> str:
        """Describe the look in a sentence, with its bound."""
        n = "all people" if self.n_people is None else f"the first {self.n_people:,} people"
        p = f"{self.look.p:.5f}".rstrip("0") if self.look.p < 0.001 else f"{self.look.p:.4f}"
        return (
            f"Look {self.place} of {self.n_looks}, {n} of {self.wanted:,}: significant where "
            f"p (Holm) is below {p} (O’Brien–Fleming bounds, 5 % over all looks); the verdict on "
            "teams has the same bound"
        )


def planned(study: Study) -> list[Look]:
    """Return the study's planned looks; empty if it declares none, and during a pilot."""
    if study.status == Study.Status.PILOT:
        return []
    shares = [int(look.removesuffix("%")) / 100 for look in study.plan.analysis.looks]
    return looks_of(shares) if shares else []


def wanted(study: Study) -> int:
    """Return the target number of people over all conditions; 0 if the study has no target."""
    quotas = list(study.conditions.values_list("quota", flat=True))
    if study.plan.design.is_within:  # the same people in every condition
        return max(quotas, default=0)
    return sum(quotas) if quotas and all(quotas) else 0


def look_shown(study: Study, n_completed: int) -> LookShown | None:
    """Return the last look that is reached; None before the first look and without a plan."""
    looks, people = planned(study), wanted(study)
    if not looks or not people:
        return None
    if study.status == Study.Status.CLOSED:
        return LookShown(looks[-1], len(looks), len(looks), people, None)
    sizes = [people_at(look.share, people) for look in looks]
    place = sum(n_completed >= size for size in sizes)
    if not place:
        return None
    return LookShown(looks[place - 1], place, len(looks), people, sizes[place - 1])


def looks_words(study: Study, shown: LookShown | None) -> str:
    """Return a sentence: which look is shown, or when the first is due; empty without a plan."""
    looks, people = planned(study), wanted(study)
    if shown is not None or not looks:
        return shown.words if shown else ""
    sizes = " and ".join(f"{people_at(look.share, people):,}" for look in looks)
    return (
        f"Looks are planned at {sizes} people; no test and no verdict on teams is shown before the "
        "first of them."
    )


def first_people(study: Study, n: int | None, *, include_simulated: bool, stage: str) -> set[str]:
    """Return the pseudonyms of the first ``n`` people who completed; of all of them for None."""
    people = Participant.objects.filter(
        study=study, stage=stage, status=Participant.Status.COMPLETED
    )
    if not include_simulated:
        people = people.filter(is_simulated=False)
    first = people.order_by("finished_at", "pk").values_list("is_simulated", "number")[:n]
    return {pseudonym(*item) for item in first}


def looks_declared(
    study: Study, *, include_simulated: bool, stage: str
) -> tuple[dict[str, Any] | None, str]:
    """Return the looks of an export (``LookPlan`` in JSON), and a note in words.

    None and an empty note for a study without planned looks, and for the answers of a pilot.
    """
    looks, people = planned(study), wanted(study)
    if not looks or not people or stage == Participant.Stage.PILOT:
        return None, ""
    completed = first_people(study, None, include_simulated=include_simulated, stage=stage)
    shown = look_shown(study, len(completed))
    is_closed = shown is not None and shown.n_people is None
    n = shown.n_people or 0 if shown else 0
    first = first_people(study, n, include_simulated=include_simulated, stage=stage)
    plan = {
        "shares": [look.share for look in looks],
        "wanted": people,
        "reached": shown.place if shown else 0,
        "participants": None if is_closed else sorted(first),
    }
    return plan, looks_words(study, shown)
