"""Enrolment: who may enter, who is already in the study, and which trials they get."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.translation import gettext as _

from trials.models import Identity, Participant, Study, mode_of
from trials.participant.recruitment import Arrival, person_hash
from trials.services.assignment import trials_lay_out
from trials.services.outcomes import participant_log
from trials.services.place_counts import places_recount
from trials.services.quotas import place_for
from trials.services.refusals import (
    AlreadyTookPart,
    BegunElsewhere,
    PageTaken,
    StudyNotOpen,
)
from trials.study import design


@transaction.atomic
def participant_enrol(
    *,
    study: Study,
    enrolment_key: str,
    is_simulated: bool,
    arrival: Arrival | None = None,
    device: Mapping[str, Any] | None = None,
    language: str = "",
) -> Participant:
    """Enrol a person who consented, and create their trials.

    The condition, then the test set inside it, are the least filled by people who finished or were
    seen lately; ties are broken by the person's seed. A study may assign people only after the
    validation; then the person gets a place in the study, without a condition. The lock on the
    study's row serializes simultaneous enrolments. The same ``enrolment_key`` again (a double click
    on "I agree"), or the same recruitment id on another device, returns the same participant.
    Raises ``StudyNotOpen``, ``StudyFull``, ``AlreadyTookPart``, ``BegunElsewhere`` or
    ``PageTaken``.
    """
    arrival = arrival or Arrival(study.plan.recruitment.channel)
    hashed = hash_of(arrival)
    study = _locked(study, hashed)
    known = _by_key(study, enrolment_key, hashed) or participant_known(study, arrival)
    if known is not None:
        return known
    is_repeat = entry_check(study, arrival)
    now = timezone.now()
    # Not the count: a deleted person leaves a gap.
    everyone = Participant.objects.filter(study=study, is_simulated=is_simulated)
    number = (everyone.aggregate(last=Max("number"))["last"] or 0) + 1
    seed = design.participant_seed(study.plan.seed, number, is_simulated)
    places_recount(study, stage=mode_of(study), is_simulated=is_simulated, now=now)
    seat = place_for(study, is_simulated=is_simulated, seed=seed, now=now)
    participant = Participant.objects.create(
        study=study,
        condition=seat.condition,
        trial_set=seat.trial_set,
        sequence=seat.sequence,
        is_assigned=seat.is_assigned,
        number=number,
        enrolment_key=enrolment_key,
        person_hash=hashed,
        seed=seed,
        stage=mode_of(study),
        is_simulated=is_simulated,
        is_repeat=is_repeat,
        consent_version=study.plan.consent.version,
        device=dict(device or {}),
        language=language or study.plan.language,
        consented_at=now,
        last_seen_at=now,
    )
    if arrival.person_id:
        Identity.objects.create(
            participant=participant,
            channel=arrival.channel,
            person_id=arrival.person_id,
            submission_id=arrival.submission_id,
            project_id=arrival.project_id,
            submit_url=arrival.submit_url,
        )
    trials_lay_out(participant)
    return participant


def hash_of(arrival: Arrival) -> str:
    """Return the site's salted hash of a recruitment id; empty without an id."""
    return person_hash(arrival, settings.PERSON_SALT)


def _locked(study: Study, hashed: str) -> Study:
    """Lock the study; for a person with an id also the studies that share its people.

    The order is always the same, so that no deadlock is possible.
    """
    is_asked = hashed and study.plan.quality.repeat != "allow"
    keys = related_studies(study) if is_asked else [study.pk]
    rows = Study.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
    return next(row for row in rows if row.pk == study.pk)


def _by_key(study: Study, enrolment_key: str, hashed: str) -> Participant | None:
    """Return the participant who already sent this page."""
    same = _people(study).filter(enrolment_key=enrolment_key).first()
    if same is not None and (same.person_hash != hashed or same.is_released):
        raise PageTaken(_("This page was used before. Please open the link again."))
    return same


def _people(study: Study) -> QuerySet[Participant]:
    return Participant.objects.filter(study=study).select_related("study", "condition", "trial_set")


def participant_known(study: Study, arrival: Arrival) -> Participant | None:
    """Return the participant of a proven arrival, if they may continue or see the last page again.

    A person under way continues. A person who finished sees the last page again with the same
    submission of the platform; without submissions, only if the study takes each person once. A
    finished person with another submission does not, because one code must not complete two
    submissions.
    """
    before = participant_proven(study, arrival)
    if before is None or before.is_active:
        return before
    submission = _submission_of(before)
    if submission and arrival.submission_id:
        return before if submission == arrival.submission_id else None
    is_same_stage = before.stage == mode_of(study)
    return before if is_same_stage and study.plan.quality.repeat == "block" else None


def participant_proven(study: Study, arrival: Arrival) -> Participant | None:
    """Return an arrival's latest participation here, if the arrival proves who it is.

    An id alone proves nothing, because others may know it. A proof is the platform's id of the
    submission together with the person's id, a signed link, or the cookie of the browser.
    """
    before = participant_before(study, arrival)
    return before if before is not None and _proves(arrival, before) else None


def _proves(arrival: Arrival, participant: Participant) -> bool:
    known, told = _submission_of(participant), arrival.submission_id
    is_same = bool(known and told) and hmac.compare_digest(known.encode(), told.encode())
    return arrival.is_proven or is_same


def _submission_of(participant: Participant) -> str:
    found = Identity.objects.filter(participant=participant)
    return found.values_list("submission_id", flat=True).first() or ""


@transaction.atomic
def participant_arrive(*, participant: Participant, arrival: Arrival) -> None:
    """Store and log the newest submission of a person under way who accepted the task again.

    The caller knows that the arrival is this person's own.
    """
    is_theirs = bool(participant.person_hash) and hash_of(arrival) == participant.person_hash
    if not participant.is_active or not arrival.submission_id or not is_theirs:
        return
    other = Identity.objects.filter(participant=participant).exclude(
        submission_id=arrival.submission_id
    )
    if other.update(
        submission_id=arrival.submission_id,
        project_id=arrival.project_id,
        submit_url=arrival.submit_url,
    ):
        participant_log(participant, "back by another submission", None)


def participant_before(study: Study, arrival: Arrival) -> Participant | None:
    """Return an arrival's latest participation in this study, by the salted hash of the id.

    Released sessions are left out. The result does not prove who the arrival is.
    """
    hashed = hash_of(arrival)
    if not hashed:
        return None
    mine = _people(study).filter(person_hash=hashed, is_released=False)
    return mine.filter(status=Participant.Status.ACTIVE).first() or mine.order_by("-number").first()


def entry_check(study: Study, arrival: Arrival) -> bool:
    """Say whether the person took part before and may again; refuse a person who may not enter.

    Raises ``StudyNotOpen``, ``BegunElsewhere`` or ``AlreadyTookPart``. It changes nothing: the
    entry page calls it too, before the person reads and consents.
    """
    if not study.is_open:
        raise StudyNotOpen("This study is not open.")
    before = participant_before(study, arrival)
    if before is not None and before.is_active:
        raise BegunElsewhere(
            _(
                "A session with the id of this link has started in another browser or under "
                "another submission. It can be continued only there."
            )
        )
    hashed, repeat = hash_of(arrival), study.plan.quality.repeat
    if not hashed or repeat == "allow":
        return False
    among = Participant.objects.filter(study__in=related_studies(study), person_hash=hashed)
    if repeat == "block" and among.filter(is_released=False).exists():
        raise AlreadyTookPart(
            _(
                "You took part in this study, or in one that belongs to it, before. Each person "
                "can take part once."
            )
        )
    return among.exists()


def places_check(study: Study, *, is_simulated: bool) -> None:
    """Raise ``StudyFull`` or ``StudyNotOpen`` if nobody could enter. No place is taken."""
    place_for(study, is_simulated=is_simulated, seed=0, now=timezone.now())


def related_studies(study: Study) -> list[int]:
    """Return the studies that share people with this one: by versions, by groups, and by both.

    The relation is transitive: a study's version may be in a group that the study itself is not in.
    So all of these studies share the same people.
    """
    group = KT("document__quality__repeat_group")
    linked: dict[int | str, set[int | str]] = defaultdict(set)
    for pk, *others in Study.objects.values_list("pk", "previous", group):
        for other in filter(None, others):
            linked[pk].add(other)
            linked[other].add(pk)
    found: set[int | str] = {study.pk}
    ahead = [*found]
    while ahead:
        new = linked[ahead.pop()] - found
        found |= new
        ahead += new
    return sorted(item for item in found if isinstance(item, int))
