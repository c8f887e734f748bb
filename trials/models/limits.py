"""Rate-limit counts that all processes and machines share."""

from __future__ import annotations

from django.db import models


class Attempts(models.Model):
    """How often one visitor tried one thing since ``since``.

    ``who`` is a keyed hash, so the row reveals no address and no name.
    """

    who = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(db_index=True)
    n = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "attempts"

    def __str__(self) -> str:
        return f"{self.n} attempts since {self.since}"
