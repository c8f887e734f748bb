"""Files that study documents name, kept by their content."""

from __future__ import annotations

from django.db import models


class StudyList(models.Model):
    """A list of photos or of trials. Documents name it by ``sha256``; it never changes."""

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:8]}"
