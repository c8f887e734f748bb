"""What a researcher does with several people at once: notes of payment, and their codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db import transaction

from trials.models import Identity, Participant, Study, StudyLog
from trials.services.outcomes import participant_pay
from trials.study.pseudonyms import pseudonym

User = Any
CODE_COLUMNS: Final = ("participant_id", "submission_id", "code", "person", "state", "payment")


@transaction.atomic
def people_pay(
    *, people: Iterable[Participant], payment: Participant.Payment, user: User = None
) -> int:
    """Note the same payment for several people; return for how many it is new. Each is logged."""
    changed = [person for person in people if person.payment != payment]
    for person in changed:
        participant_pay(participant=person, payment=payment, user=user)
    return len(changed)


def codes_give(
    *, study: Study, people: Iterable[Participant], user: User = None
) -> list[tuple[str, ...]]:
    """Return the recruitment ids and codes of people who ended (``CODE_COLUMNS``), and log it.

    People without a code are left out, because nothing of theirs waits for a payment. The log names
    who took the ids and how many.
    """
    rows = list(_codes(people))
    StudyLog.objects.create(study=study, user=user, action="codes read", detail=f"of {len(rows)}")
    return rows


def _codes(people: Iterable[Participant]) -> Iterator[tuple[str, ...]]:
    found = [person for person in people if person.code]
    known = {item.participant_id: item for item in Identity.objects.filter(participant__in=found)}
    for person in found:
        identity = known.get(person.pk)
        yield (
            identity.person_id if identity else "",
            identity.submission_id if identity else "",
            person.code,
            pseudonym(person.is_simulated, person.number),
            person.status,
            person.payment,
        )
