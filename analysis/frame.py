"""The one reader of stored answers: rows of the database become tidy frames and counts.

Simulated participants are left out unless asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from django.db.models import Count, Q, QuerySet
from pandas import DataFrame

from analysis.codebook import RESPONSES
from trials.design import Phase
from trials.models import Participant, Response, Study

DTYPES = {
    "string": "str",
    "integer": "Int64",
    "number": "float64",
    "boolean": "bool",
    "datetime": "datetime64[ms, UTC]",
}

_PARTICIPANT = "trial__participant__"
_PREDICTION = "trial__prediction__"
# The columns that come from the database, before those that need a word said differently.
LOOKUPS = {
    "participant_id": _PARTICIPANT + "number",
    "is_simulated": _PARTICIPANT + "is_simulated",
    "participant_status": _PARTICIPANT + "status",
    "condition": _PARTICIPANT + "condition__name",
    "classifier": _PARTICIPANT + "condition__run__classifier",
    "view": _PARTICIPANT + "condition__view_name",
    "trial_set": _PARTICIPANT + "trial_set__number",
    "trial_index": "trial__position",
    "item_id": _PREDICTION + "image__sha256",
    "image": _PREDICTION + "image__source",
    "true_label": _PREDICTION + "image__category__label",
    "ai_label": _PREDICTION + "category__label",
    "ai_confidence": _PREDICTION + "confidence",
    "ai_votes": _PREDICTION + "n_votes",
    "is_ai_correct": "is_ai_correct",
    "response": "is_accepted",
    "is_correct": "is_correct",
    "presented_at": "trial__presented_at",
    "received_at": "received_at",
    "rt_ms": "rt_ms",
}


def responses_frame(study: Study, *, include_simulated: bool = False) -> DataFrame:
    """Return one row a test response, of participants of every status, in one query.

    Columns, their order and their types are those of ``codebook.RESPONSES``. Rows are sorted by
    participant number (people before robots) and place in the test.
    """
    rows = (
        Response.objects.with_correctness()
        .filter(trial__participant__study=study, trial__phase=Phase.TEST)
        .order_by(LOOKUPS["is_simulated"], LOOKUPS["participant_id"], LOOKUPS["trial_index"])
    )
    if not include_simulated:
        rows = rows.filter(trial__participant__is_simulated=False)
    raw = DataFrame.from_records(
        rows.values_list(*LOOKUPS.values()).iterator(), columns=list(LOOKUPS)
    )
    numbers = raw["participant_id"].astype(str).str.zfill(4)
    frame = raw.assign(
        study=study.slug,
        document_sha256=study.document_sha256,
        participant_id=raw["is_simulated"].map({False: "p", True: "r"}).astype(str) + numbers,
        trial_index=raw["trial_index"].astype("Int64") + 1,
        item_id=raw["item_id"].astype(str).str[:16],
        response=raw["response"].map({False: "no", True: "yes"}),
        presented_at=pd.to_datetime(raw["presented_at"], utc=True),
        received_at=pd.to_datetime(raw["received_at"], utc=True),
    )
    return frame[[column.name for column in RESPONSES]].astype(
        {column.name: DTYPES[column.type] for column in RESPONSES}
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How many participants of a condition are how far; ``n_simulated`` of any status.

    The three statuses count robots only when they were asked for; ``n_simulated`` always does,
    so that a page can say how many were left out.
    """

    condition: str
    n_completed: int
    n_active: int
    n_failed_validation: int
    n_simulated: int

    @property
    def n_total(self) -> int:
        """Participants of every status."""
        return self.n_completed + self.n_active + self.n_failed_validation


def progress_counts(study: Study, *, include_simulated: bool = False) -> list[Progress]:
    """Return one row a condition in the study's order, in one query."""
    counted = Q() if include_simulated else Q(participants__is_simulated=False)

    def of(status: Participant.Status) -> Count:
        return Count("participants", filter=counted & Q(participants__status=status))

    rows = study.conditions.order_by("position").annotate(
        n_completed=of(Participant.Status.COMPLETED),
        n_active=of(Participant.Status.ACTIVE),
        n_failed_validation=of(Participant.Status.FAILED_VALIDATION),
        n_simulated=Count("participants", filter=Q(participants__is_simulated=True)),
    )
    names = ("name", "n_completed", "n_active", "n_failed_validation", "n_simulated")
    return [Progress(*row) for row in rows.values_list(*names)]


def studies_overview() -> QuerySet[Study]:
    """Return all studies, newest first, with their counts of people and of robots."""
    people, robots = (Q(participants__is_simulated=each) for each in (False, True))
    completed = Q(participants__status=Participant.Status.COMPLETED)
    return Study.objects.order_by("-created_at", "-pk").annotate(
        n_people=Count("participants", filter=people),
        n_completed=Count("participants", filter=people & completed),
        n_simulated=Count("participants", filter=robots),
    )
