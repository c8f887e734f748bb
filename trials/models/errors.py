"""Errors of the site on the pages of a study's people."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from trials.models.participants import Participant
from trials.models.studies import Study


class PageError(models.Model):
    """An unhandled error on a participant's page, without any text that the person typed.

    Equal errors of one person, or of unknown visitors, are one row: ``n`` counts them, and ``at``
    is the time of the last.

    Withdrawal deletes those of a person (``participant_withdraw``).
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="page_errors")
    participant = models.ForeignKey(
        Participant, models.CASCADE, null=True, blank=True, related_name="page_errors"
    )
    path = models.CharField(max_length=200, help_text="The path of the page, without the query.")
    kind = models.CharField(max_length=100, help_text="The type of the exception.")
    message = models.CharField(max_length=300, blank=True)
    n = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.path}"
