"""Stored counts of people, so that an enrolment does not count everybody."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import models

from trials.models.participants import Participant
from trials.models.studies import Study


class PlaceCount(models.Model):
    """How many people of a stage had completed before ``until``, by condition, set and sequence.

    ``counts`` has rows ``[condition, trial set, sequence, people]``; rows that were stored before
    there were sequences lack them. See ``services.place_counts``.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="place_counts")
    stage = models.CharField(max_length=10, choices=Participant.Stage)
    is_simulated = models.BooleanField()
    until = models.DateTimeField()
    counts: models.JSONField[list[list[Any]], list[list[Any]]] = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "stage", "is_simulated"], name="place_count_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} {self.stage} until {self.until}"

    @property
    def places(self) -> Counter[tuple[int, int, str]]:
        """The people by the keys of condition and test set, and by their sequence."""
        rows = ((*key, *("",) * (3 - len(key)), n) for *key, n in self.counts)
        return Counter({(arm, trial_set, sequence): n for arm, trial_set, sequence, n in rows})
