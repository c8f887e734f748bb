"""Counts of a study's people, and its declared analysis: small reads for pages and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from django.db.models import Count, Q

from trials.models import Participant, Study, mode_of
from trials.study.groups import groups_of
from trials.study.plan import TaskPlan
from trials.study.task import confidence_of, top_of

Status = Participant.Status
PERCENT_HIGH = 100


def n_robots(study: Study, stage: str = Participant.Stage.LIVE) -> int:
    """Count the simulated participants of a study."""
    return Participant.objects.filter(study=study, is_simulated=True, stage=stage).count()


def stage_shown(study: Study) -> str:
    """Return the stage whose results the pages show: during a pilot the pilot, else the study."""
    return mode_of(study)


def declared_of(study: Study) -> dict[str, Any]:
    """Return the study's declared analysis, as JSON values."""
    plan = study.plan
    of_task = {"confidence": confidence} if (confidence := confidence_kind(plan.task)) else {}
    arms = study.conditions.order_by("position")
    return {
        "conditions": [
            {
                "name": arm.name,
                "classifier": arm.ai,
                "is_unaided": not arm.view.has_statement,
            }
            for arm in arms
        ],
        "exclusions": list(plan.exclusions),
        "family": plan.analysis.family,
        "margin": plan.analysis.margin,
        "seed": plan.seed,
        **of_task,
        **({"offers_best": True} if top_of(plan.task) else {}),
        **({"is_within": True, "orders": groups_of(plan)} if plan.design.is_within else {}),
    }


def confidence_kind(task: TaskPlan) -> str:
    """Return how the analysis treats a task's confidence; empty if it is not asked for.

    A scale that ends at 100 is the probability of being right in percent. Levels, and other
    scales, are only ordered.
    """
    asked = confidence_of(task)
    if asked is None:
        return ""
    return "ordered" if asked.is_levels or asked.high != PERCENT_HIGH else "percent"


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of a condition's participants by progress; ``n_simulated`` counts any status.

    ``n_ended`` counts every end except completion and the validation. These four counts include
    robots only on request. ``n_simulated`` always counts them, so that a page can say how many were
    left out.
    """

    condition: str
    n_completed: int
    n_active: int
    n_failed_validation: int
    n_ended: int
    n_simulated: int

    @property
    def n_total(self) -> int:
        """Participants of every status."""
        return self.n_completed + self.n_active + self.n_failed_validation + self.n_ended


# The people of a study within people, who go through all conditions.
EVERY: Final = "every condition"
COUNTS = tuple(field.name for field in fields(Progress))[1:]


def progress_counts(
    study: Study, *, include_simulated: bool = False, stage: str = Participant.Stage.LIVE
) -> list[Progress]:
    """Return one row per condition in the study's order, in one query.

    In a study within people it is one row, because everybody goes through every condition. People
    who are not assigned to a condition yet are in no row.
    """
    here = Q(participants__stage=stage, participants__is_assigned=True)
    counted = here if include_simulated else here & Q(participants__is_simulated=False)

    def of(*statuses: str) -> Count:
        return Count("participants", filter=counted & Q(participants__status__in=statuses))

    named = (Status.COMPLETED, Status.ACTIVE, Status.FAILED_VALIDATION)
    completed, active, failed = named
    rows = study.conditions.order_by("position").annotate(
        n_completed=of(completed),
        n_active=of(active),
        n_failed_validation=of(failed),
        n_ended=of(*(item for item in Status if item not in named)),
        n_simulated=Count("participants", filter=here & Q(participants__is_simulated=True)),
    )
    found = [Progress(*row) for row in rows.values_list("name", *COUNTS)]
    return [progress_sum(found, EVERY)] if study.plan.design.is_within else found


def progress_sum(rows: Sequence[Progress], name: str) -> Progress:
    """Return the counts of several rows together."""
    return Progress(name, **{each: sum(getattr(row, each) for row in rows) for each in COUNTS})
