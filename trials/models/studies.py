"""Studies: the document, its arms, its trial sets, and the log of who did what."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from classifiers.models import Dataset, Prediction, PredictionRun
from trials.study.design import Phase
from trials.study.kept import Kept
from trials.study.plan import VIEWS, StudyPlan, View

MAX_AI = 150
PHASES = [(phase.value, phase.value) for phase in Phase]


_PLANS: Kept[StudyPlan] = Kept(64)


@lru_cache(maxsize=64)
def _plan_of(document: str, is_frozen: bool) -> StudyPlan:
    """Check a document and cache its plan: every page needs it, and the check is slow."""
    return StudyPlan.from_json(json.loads(document), is_frozen=is_frozen, is_stored=True)


class Study(models.Model):
    """One version of a study and its document.

    A draft's document may change. From the first pilot on it is frozen together with the
    predictions and images that people see (``frozen_sha256``): a change is a new version.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        PILOT = "pilot"
        OPEN = "open"
        PAUSED = "paused"
        CLOSED = "closed"

    slug = models.SlugField(unique=True)
    version = models.PositiveIntegerField(default=1)
    previous = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="next"
    )
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="studies")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="studies"
    )
    editors: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="shared_studies",
        help_text="Researchers who may change and launch the study, besides its owner.",
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    draft_text = models.TextField(
        blank=True, help_text="The text that a researcher typed, if it is not a valid document yet."
    )
    document: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    document_sha256 = models.CharField(max_length=64)
    frozen_sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="SHA-256 of the document, the predictions and the images.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(frozen_sha256="", frozen_at__isnull=True, status="draft")
                | (~Q(frozen_sha256="") & Q(frozen_at__isnull=False)),
                name="study_is_frozen_before_people_see_it",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @cached_property
    def plan(self) -> StudyPlan:
        """The checked document. A row that was read without it takes the plan of the process."""
        if self.is_frozen and "document" in self.get_deferred_fields():
            return _PLANS.get((self.frozen_sha256, self.document_sha256), self._plan_read)
        return self._plan_read()

    def _plan_read(self) -> StudyPlan:
        return _plan_of(json.dumps(self.document, sort_keys=True), self.is_frozen)

    @property
    def is_frozen(self) -> bool:
        """Whether the document, predictions and images are fixed."""
        return bool(self.frozen_sha256)

    @property
    def is_open(self) -> bool:
        """Whether new people may enter, for data that count or for a pilot."""
        return self.status in {self.Status.OPEN, self.Status.PILOT}


class Condition(models.Model):
    """One arm of a study: the predictions judged in it and the view that explains them.

    ``ai`` names the predictions that are judged. Conditions with the same ``ai`` share its trial
    sets, and the analysis compares them on the same photos. ``view_name`` is the view that people
    see.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="conditions")
    name = models.CharField(max_length=50)
    position = models.PositiveIntegerField()
    run = models.ForeignKey(PredictionRun, models.PROTECT, related_name="+")
    ai = models.CharField(max_length=MAX_AI, help_text="The classifier or the name of the run.")
    defer_below = models.FloatField(
        null=True,
        blank=True,
        help_text="People judge photos with a lower AI confidence; empty: all photos.",
    )
    view_name = models.CharField(max_length=30)
    persona = models.CharField(max_length=50)
    quota = models.PositiveIntegerField(
        default=0, help_text="The number of people who complete; 0: no limit."
    )
    is_on = models.BooleanField(default=True, help_text="Whether new people get this condition.")

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="condition_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """Store the condition; one whose AI has no name is judged by its run's classifier."""
        self.ai = self.ai or self.run.classifier
        super().save(*args, **options)

    @property
    def view(self) -> View:
        """What this arm shows."""
        return VIEWS[self.view_name]


class TrialSet(models.Model):
    """Predictions to judge together. Conditions with the same ``ai`` share its sets.

    Numbers count the test's sets, and the attempts at the validation, from 1.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="trial_sets")
    run = models.ForeignKey(PredictionRun, models.PROTECT, related_name="+")
    ai = models.CharField(
        max_length=MAX_AI, help_text="The same name as in the conditions that use it."
    )
    phase = models.CharField(max_length=10, choices=PHASES)
    number = models.PositiveIntegerField()

    class Meta:
        ordering = ["study", "ai", "phase", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "ai", "phase", "number"], name="trial_set_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.number}"

    def save(self, *args: Any, **options: Any) -> None:
        """Store the set; one whose AI has no name is of its run's classifier."""
        self.ai = self.ai or self.run.classifier
        super().save(*args, **options)


class TrialItem(models.Model):
    """One place in a trial set."""

    trial_set = models.ForeignKey(TrialSet, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    prediction = models.ForeignKey(Prediction, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["trial_set", "position"]
        constraints = [
            models.UniqueConstraint(fields=["trial_set", "position"], name="item_position_once"),
            models.UniqueConstraint(
                fields=["trial_set", "prediction"], name="item_prediction_once"
            ),
        ]


class StudyLog(models.Model):
    """The log of actions on a study and its people: actor, time, reason. Append-only."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="log")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    action = models.CharField(max_length=40)
    detail = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.study} {self.action}"
