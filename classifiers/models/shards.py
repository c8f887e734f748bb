"""Parts of jobs, which any worker may do while another worker leads the job."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from classifiers.job_model import Job


class Shard(Job):
    """Some of a job's photos: ids in, one file out. Its row is deleted once the file is merged.

    ``work`` names the job (``gallery-12``, ``targets-12-…``, ``runs-3-4``), ``place`` orders its
    shards. ``is_head``: the leading worker does it, directly into the job's own files. ``attempts``
    counts the workers that took it, also those whose process ended without an error. Helpers do not
    take a shard with an ``error``; the leading worker does it again.
    """

    work = models.CharField(max_length=1000)
    place = models.PositiveIntegerField()
    images: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    is_head = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the file, when the shard is done."
    )
    skipped: models.JSONField[list[list[Any]], list[list[Any]]] = models.JSONField(
        default=list, help_text="Photos that could not be read, as [id, reason]."
    )

    class Meta:
        ordering = ["work", "place"]
        indexes = [models.Index(fields=["work", "place"])]

    def __str__(self) -> str:
        return f"{self.work}, photos {self.place} to {self.place + len(self.images) - 1}"

    @property
    def file(self) -> Path:
        """The file of the result, in a folder that all workers share."""
        return work_folder(self.work) / f"{self.place:08d}.zip"


def work_folder(work: str) -> Path:
    """Return the folder of a job's shards."""
    name = work if len(work) <= 200 else hashlib.sha256(work.encode()).hexdigest()
    return Path(settings.GALLERY_DIR) / "shards" / name
