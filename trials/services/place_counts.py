"""How many people hold places, in a time that does not grow with the study.

The people who completed before a moment are counted once and the count is stored; only those who
completed later, and those under way, are counted each time. The stored count is a count of rows,
never a running sum, so it cannot drift: it is counted again after every ``REFRESH`` completions,
and deleted when somebody among its people withdraws.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet

from trials.models import Participant, PlaceCount, Study

Status = Participant.Status
# People by the keys of condition and test set, and by their sequence (empty between people).
Places = Counter[tuple[int, int, str]]

# So many completions after the stored count make a new one.
REFRESH: Final = 2000
# No transaction is open for so long: a session that ended earlier is visible to everybody.
MARGIN: Final = timedelta(minutes=10)
_KEYS: Final = ("condition", "trial_set", "sequence")


def is_holding(study: Study, now: datetime) -> Q:
    """Return the condition that a person under way holds a place.

    The person was seen within the idle time and is inside the time limit.
    """
    plan = study.plan
    under_way = Q(
        status=Status.ACTIVE, last_seen_at__gte=now - timedelta(minutes=plan.idle_minutes)
    )
    if plan.max_minutes:
        under_way &= Q(consented_at__gte=now - timedelta(minutes=plan.max_minutes))
    return under_way


def places_of(
    study: Study, *, stage: str, is_simulated: bool, now: datetime
) -> tuple[Places, Places]:
    """Return who completed, and who holds a place: the former and people under way.

    The people are counted in one statement, so nobody is missed who completes meanwhile.
    """
    stored = _stored(study, stage, is_simulated)
    people = _people(study, stage, is_simulated)
    done = Q(status=Status.COMPLETED)
    if stored is not None:
        done &= Q(finished_at__gte=stored.until)
    completed = Places() if stored is None else stored.places
    held = Places(completed)
    rows = people.filter(done | is_holding(study, now)).values_list(*_KEYS, "status")
    for *place, status, n in rows.annotate(n=Count("pk")).order_by():
        held[tuple(place)] += n
        if status == Status.COMPLETED:
            completed[tuple(place)] += n
    return completed, held


def places_recount(study: Study, *, stage: str, is_simulated: bool, now: datetime) -> None:
    """Store how many had completed some minutes ago, if many have since the last stored count.

    The caller holds the lock on the study's row.
    """
    stored, until = _stored(study, stage, is_simulated), now - MARGIN
    people = _people(study, stage, is_simulated).filter(
        status=Status.COMPLETED, finished_at__lt=until
    )
    new = people if stored is None else people.filter(finished_at__gte=stored.until)
    if new[:REFRESH].count() < REFRESH:
        return
    rows = people.values_list(*_KEYS).annotate(n=Count("pk")).order_by()
    PlaceCount.objects.update_or_create(
        study=study,
        stage=stage,
        is_simulated=is_simulated,
        defaults={"until": until, "counts": [list(row) for row in rows]},
    )


def places_forget(study: Study) -> None:
    """Delete the stored counts, because somebody who had completed is deleted.

    The lock keeps an enrolment from storing a count that still has this person.
    """
    Study.objects.select_for_update(of=("self",)).filter(pk=study.pk).first()
    PlaceCount.objects.filter(study=study).delete()


def _stored(study: Study, stage: str, is_simulated: bool) -> PlaceCount | None:
    return PlaceCount.objects.filter(study=study, stage=stage, is_simulated=is_simulated).first()


def n_waiting(study: Study, *, stage: str, is_simulated: bool, now: datetime) -> int:
    """Count the people under way who hold a place, but are not assigned to a condition yet."""
    everyone = Participant.objects.filter(study=study, stage=stage, is_simulated=is_simulated)
    return everyone.filter(is_holding(study, now), is_assigned=False).count()


def _people(study: Study, stage: str, is_simulated: bool) -> QuerySet[Participant]:
    return Participant.objects.filter(
        study=study, stage=stage, is_simulated=is_simulated, is_assigned=True
    )
