"""Whether people of a running study still see what was frozen, for the study's page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

from trials.models import Study
from trials.services import study_verify

# The check reads every photo and prediction. If it is slow, the result is cached for a multiple of
# the time that the check took.
SLOW_S = 1.0
KEPT_TIMES = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """The differences from what was frozen, one line each; ``as_of`` is the time of the check."""

    as_of: datetime
    said: tuple[str, ...]


def standing(study: Study) -> Standing:
    """Compare what people see with what was frozen."""
    key = f"standing-{study.pk}"
    known: Standing | None = cache.get(key)
    if known is not None:
        return known
    begun = time.monotonic()
    now, verdict = timezone.now(), study_verify(study)
    found = Standing(now, () if verdict.is_same else verdict.said)
    if (seconds := time.monotonic() - begun) > SLOW_S:
        cache.set(key, found, KEPT_TIMES * seconds)
    return found
