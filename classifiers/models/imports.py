"""Imports of uploaded predictions of an outside AI."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from classifiers.job_model import PhasedJob
from classifiers.models.datasets import Dataset
from classifiers.models.predictions import PredictionRun
from classifiers.run_names import MAX_NAME


class PredictionImport(PhasedJob):
    """An import of uploaded files, which become a run of an outside AI: all rows or none.

    ``folder`` holds the files until the import has ended. ``refused`` lists the first rows that
    were refused, each as [file, line, reason]; ``n_refused`` counts all of them.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="prediction_imports")
    name = models.CharField(max_length=MAX_NAME)
    folder = models.CharField(max_length=1000)
    n_refused = models.PositiveIntegerField(default=0)
    refused: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(
        default=list, blank=True
    )
    run = models.ForeignKey(PredictionRun, models.SET_NULL, null=True, blank=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"predictions {self.name} into {self.dataset}"
