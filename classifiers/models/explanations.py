"""Requests to explain one photo: jobs of a worker, deleted after a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from classifiers.core.catalogue import parameters_resolved
from classifiers.job_model import PhasedJob
from classifiers.models.datasets import Image
from classifiers.models.predictions import Gallery
from classifiers.tokens import new_token


class Explanation(PhasedJob):
    """A photo, a gallery and a classifier. ``token`` is its unguessable address.

    ``image`` is a dataset's photo; an uploaded one is stored, re-encoded, in ``folder``. ``answer``
    has the decisions of kNN and of the classifier as ``Decision.to_json`` writes them.
    """

    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    gallery = models.ForeignKey(Gallery, models.CASCADE, related_name="explanations")
    classifier = models.CharField(max_length=30)
    parameters: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict,
        blank=True,
        help_text="The parameters that differ from the defaults of the classifier.",
    )
    image = models.ForeignKey(Image, models.CASCADE, null=True, blank=True, related_name="+")
    answer: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )

    def __str__(self) -> str:
        return f"explanation {self.pk} by {self.classifier}"

    @property
    def all_parameters(self) -> dict[str, Any]:
        """All parameters of the classifier: given values and defaults."""
        return parameters_resolved(self.classifier, self.parameters)

    @property
    def folder(self) -> Path:
        """The folder of its photo, its figures and its cosines."""
        return Path(settings.GALLERY_DIR) / "explanations" / self.token
