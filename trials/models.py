"""One study, one participant, one trial, one answer.

Every trial of a person exists before the first page; the database allows one response each.
Whether a person was right is derived (``ResponseQuerySet.with_correctness``), never stored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from classifiers.models import Dataset, Prediction, PredictionRun, new_token
from trials.design import Phase, Step, script
from trials.plan import VIEWS, StudyPlan, View

PHASES = [(phase.value, phase.value) for phase in Phase]


class Study(models.Model):
    """A study and its document. The document never changes once people can enter."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"

    slug = models.SlugField(unique=True)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="studies")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    document: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    document_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.slug

    @cached_property
    def plan(self) -> StudyPlan:
        """The checked document."""
        return StudyPlan.from_json(self.document)

    @property
    def is_open(self) -> bool:
        """Whether new people may enter."""
        return self.status == self.Status.OPEN


class Condition(models.Model):
    """One arm of a study: the predictions judged in it and the view that explains them."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="conditions")
    name = models.CharField(max_length=50)
    position = models.PositiveIntegerField()
    run = models.ForeignKey(PredictionRun, models.PROTECT, related_name="+")
    view_name = models.CharField(max_length=30)

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="condition_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def view(self) -> View:
        """What this arm shows."""
        return VIEWS[self.view_name]


class TrialSet(models.Model):
    """Predictions to judge together. Belongs to a run, so that twin conditions share sets."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="trial_sets")
    run = models.ForeignKey(PredictionRun, models.PROTECT, related_name="+")
    phase = models.CharField(max_length=10, choices=PHASES)
    number = models.PositiveIntegerField()

    class Meta:
        ordering = ["study", "run", "phase", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "run", "phase", "number"], name="trial_set_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.number}"


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


class ParticipantQuerySet(models.QuerySet["Participant"]):
    """Reads of participants."""

    def holding_a_place(self, since: datetime) -> ParticipantQuerySet:
        """Return those who finished, and those on their way who were seen after ``since``."""
        active = Q(status=Participant.Status.ACTIVE, last_seen_at__gte=since)
        return self.filter(active | Q(status=Participant.Status.COMPLETED))


class Participant(models.Model):
    """One person (or robot) in one study. ``step`` indexes the study's script."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        COMPLETED = "completed"
        FAILED_VALIDATION = "failed_validation"

    study = models.ForeignKey(Study, models.PROTECT, related_name="participants")
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="participants")
    trial_set = models.ForeignKey(TrialSet, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(help_text="Counts the study's people from 1.")
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    enrolment_key = models.CharField(max_length=64, help_text="Makes a repeated consent harmless.")
    seed = models.BigIntegerField()
    is_simulated = models.BooleanField(default=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    step = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=20, blank=True, help_text="Given on the last page.")
    consented_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "is_simulated", "number"], name="participant_number_once"
            ),
            models.UniqueConstraint(
                fields=["study", "enrolment_key"], name="participant_enrolment_once"
            ),
            models.CheckConstraint(
                condition=Q(status="active", code="", finished_at__isnull=True)
                | (~Q(status="active") & ~Q(code="") & Q(finished_at__isnull=False)),
                name="code_only_at_the_end",
            ),
        ]
        indexes = [models.Index(fields=["study", "status", "last_seen_at"])]

    def __str__(self) -> str:
        return f"{self.study} {'robot' if self.is_simulated else 'person'} {self.number}"

    @cached_property
    def script(self) -> tuple[Step, ...]:
        """Every screen of this person's session."""
        plan = self.study.plan
        return script(plan.n_training, plan.n_validation, plan.n_test)


class Trial(models.Model):
    """One question to one person. ``presented_at`` is when its page was first asked for."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="trials")
    phase = models.CharField(max_length=10, choices=PHASES)
    position = models.PositiveIntegerField()
    prediction = models.ForeignKey(Prediction, models.PROTECT, related_name="+")
    presented_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["participant", "phase", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "phase", "position"], name="trial_position_once"
            ),
            models.UniqueConstraint(
                fields=["participant", "prediction"], name="trial_prediction_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} {self.phase} {self.position}"


AI_IS_RIGHT = Q(trial__prediction__category=F("trial__prediction__image__category"))
IS_CORRECT = Q(AI_IS_RIGHT, is_accepted=True) | Q(~AI_IS_RIGHT, is_accepted=False)


class ResponseQuerySet(models.QuerySet["Response"]):
    """Reads of responses."""

    def with_correctness(self) -> ResponseQuerySet:
        """Annotate ``is_ai_correct``, and ``is_correct``: accepted a right or rejected a wrong."""
        return self.annotate(is_ai_correct=AI_IS_RIGHT, is_correct=IS_CORRECT)

    def correct(self) -> ResponseQuerySet:
        """Return those that accepted a right AI or rejected a wrong one."""
        return self.filter(IS_CORRECT)


class Response(models.Model):
    """The one answer to one trial."""

    trial = models.OneToOneField(Trial, models.CASCADE, related_name="response")
    is_accepted = models.BooleanField(help_text="Answered Yes: the AI's label is right.")
    rt_ms = models.PositiveIntegerField(
        null=True, blank=True, help_text="Images shown to answer, by the browser's clock."
    )
    received_at = models.DateTimeField()

    objects = ResponseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.trial}: {'yes' if self.is_accepted else 'no'}"
