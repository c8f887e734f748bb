"""Notices for administrators: the site sends them by mail and webhook."""

from __future__ import annotations

import logging
from typing import Final

from django.utils import timezone

from trials.models import Participant, mode_of
from trials.services.place_counts import places_of

# The site's handler of notices sends what this logger says (``study_site.operations.notices``).
NOTICES: Final = "trials.notices"
logger = logging.getLogger(NOTICES)


def full_note(participant: Participant) -> None:
    """Say that a study is complete, when this person was the last one it wanted.

    The caller has stored that the person completed. Without a quota in every arm that takes people
    a study is never complete.
    """
    study = participant.study
    if participant.is_simulated or participant.stage != mode_of(study):
        return
    quotas = dict(study.conditions.filter(is_on=True).values_list("pk", "quota"))
    if not quotas or not all(quotas.values()) or participant.condition_id not in quotas:
        return
    places, _ = places_of(study, stage=participant.stage, is_simulated=False, now=timezone.now())
    if study.plan.design.is_within:
        if places.total() == max(quotas.values()):
            logger.warning("Study %s has all the people it wanted: %d.", study, places.total())
        return
    done = dict.fromkeys(quotas, 0)
    for (condition, _, _), n in places.items():
        if condition in done:
            done[condition] += n
    is_last = done[participant.condition_id] == quotas[participant.condition_id]
    if is_last and all(done[key] >= quota for key, quota in quotas.items()):
        logger.warning("Study %s has all the people it wanted: %d.", study, sum(done.values()))
