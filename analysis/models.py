"""What the analysis remembers: whose blind was lifted, and the exports that staff asked for."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from analysis.blind import BlindLift
from classifiers.models import Job
from trials.models import Study

__all__ = ["BlindLift", "Export", "export_dir"]


def export_dir() -> Path:
    """Return where the files lie that staff download."""
    return Path(settings.DATA_DIR) / "exports"


class Export(Job):
    """A study's export as one ZIP file. ``part`` says what is being written, in words."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="exports")
    is_simulated_included = models.BooleanField(default=False)
    part = models.CharField(max_length=50, blank=True)
    file_name = models.CharField(max_length=200, blank=True, help_text="Empty when cleaned away.")
    sha256 = models.CharField(max_length=64, blank=True)
    n_bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"export {self.pk} of {self.study}"

    @property
    def path(self) -> Path:
        """Where the file lies, or will."""
        return export_dir() / self.file_name

    @property
    def percent(self) -> int | None:
        """How far the part is; None before it began."""
        return min(100, 100 * self.n_done // self.n_total) if self.n_total else None
