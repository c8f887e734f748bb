"""Models of the analysis: lifts of the blind, and requested exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NoReturn

from django.conf import settings
from django.db import models
from django.db.models.deletion import Collector
from django.utils import timezone

from classifiers.models import Job
from trials.models import Participant, Study

LIVE: Final = Participant.Stage.LIVE


def follow_a_draft(collector: Collector, field: Any, lifts: Any, using: str) -> None:
    """Delete lifts together with a draft; protect a study in which people may have taken part."""
    is_kept = any(lift.study.is_frozen for lift in lifts)
    (models.PROTECT if is_kept else models.CASCADE)(collector, field, lifts, using)


class BlindLift(models.Model):
    """The moment from which a stage's conditions are shown by name. It is written once."""

    study = models.ForeignKey(Study, follow_a_draft, related_name="blind_lifts")
    stage = models.CharField(max_length=10, choices=Participant.Stage, default=LIVE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "stage"], name="blind_lift_once_a_stage")
        ]

    def __str__(self) -> str:
        return f"{self.study} ({self.stage}): lifted by {self.user} at {self.at:%Y-%m-%d %H:%M} UTC"

    def save(self, **options: Any) -> None:
        """Store a new row; refuse to change one."""
        if not self._state.adding:
            self._refuse()
        super().save(**options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: a lift cannot be undone."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError(f"{self}. A lift is a record: it is never changed or deleted.")


def export_dir() -> Path:
    """Return the folder of the files that staff download."""
    return Path(settings.DATA_DIR) / "exports"


class Export(Job):
    """A study's export as one ZIP file. ``part`` says what is being written, in words."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="exports")
    is_simulated_included = models.BooleanField(default=False)
    stage = models.CharField(
        max_length=10, choices=Participant.Stage, default=Participant.Stage.LIVE
    )
    is_text_included = models.BooleanField(
        default=False, help_text="Whether the file contains answers in people's own words."
    )
    part = models.CharField(max_length=50, blank=True)
    file_name = models.CharField(
        max_length=200, blank=True, help_text="Empty after the file was deleted."
    )
    sha256 = models.CharField(max_length=64, blank=True)
    n_bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"export {self.pk} of {self.study}"

    @property
    def path(self) -> Path:
        """The file's path; the file exists once the export is ready."""
        return export_dir() / self.file_name

    @property
    def percent(self) -> int | None:
        """Progress of the part in percent; None before it starts."""
        return min(100, 100 * self.n_done // self.n_total) if self.n_total else None


class Summary(Job):
    """The last state of a large study's numbers, and the job that computes the next one.

    ``content`` is a signed value (``classifiers.signed``); empty before the first state.
    """

    class Kind(models.TextChoices):
        RESULTS = "results"
        MONITOR = "monitor"

    study = models.ForeignKey(Study, models.CASCADE, related_name="summaries")
    kind = models.CharField(max_length=10, choices=Kind)
    stage = models.CharField(max_length=10, choices=Participant.Stage)
    is_simulated = models.BooleanField()
    is_asked = models.BooleanField(default=False, help_text="Whether a page waits for the numbers.")
    content = models.BinaryField(default=b"")
    as_of = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0, help_text="The seconds that the last computation took.")

    class Meta:
        verbose_name_plural = "summaries"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "kind", "stage", "is_simulated"], name="summary_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.study}"
