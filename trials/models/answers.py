"""What people did: trials and answers, checks, questions, and the log of their sessions.

Every trial of a person exists before the first page; the database allows one response each.
Whether a person was right is derived (``ResponseQuerySet.with_correctness``), never stored.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from classifiers.models import Prediction, ai_is_right
from trials.models.participants import Participant
from trials.models.studies import PHASES


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


AI_IS_RIGHT = ai_is_right("trial__prediction__")
IS_CORRECT = Q(AI_IS_RIGHT, is_accepted=True) | Q(~AI_IS_RIGHT, is_accepted=False)


class ResponseQuerySet(models.QuerySet["Response"]):
    """Reads of responses."""

    def with_correctness(self) -> ResponseQuerySet:
        """Annotate ``is_ai_correct``, and ``is_correct``: accepted a right or rejected a wrong."""
        return self.annotate(is_ai_correct=AI_IS_RIGHT, is_correct=IS_CORRECT)

    def correct(self) -> ResponseQuerySet:
        """Return those that accepted a right AI or rejected a wrong one."""
        return self.filter(IS_CORRECT)


class Input(models.TextChoices):
    """How an answer was given."""

    KEY = "key"
    POINTER = "pointer"
    UNKNOWN = ""


class Response(models.Model):
    """The one answer to one trial.

    ``rt_ms`` is the time from the moment when all images are shown to the answer, by the browser's
    clock. ``away_ms`` is the part of it in which the page was hidden or another window had the
    focus.
    """

    trial = models.OneToOneField(Trial, models.CASCADE, related_name="response")
    is_accepted = models.BooleanField(help_text="Answered Yes: the AI's label is right.")
    rt_ms = models.PositiveIntegerField(
        null=True, blank=True, help_text="Images shown to answer, by the browser's clock."
    )
    away_ms = models.PositiveIntegerField(null=True, blank=True)
    given_by = models.CharField(max_length=10, choices=Input, default=Input.UNKNOWN, blank=True)
    received_at = models.DateTimeField()

    objects = ResponseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.trial}: {'yes' if self.is_accepted else 'no'}"


class PriorKnowledge(models.Model):
    """Whether a person had seen the class that the AI named, asked before the photo."""

    trial = models.OneToOneField(Trial, models.CASCADE, related_name="prior_knowledge")
    is_known = models.BooleanField()
    rt_ms = models.PositiveIntegerField(null=True, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "prior knowledge"


class AttentionCheck(models.Model):
    """A screen that asks for a given answer. It is not a trial: it only measures care."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="attention_checks")
    position = models.PositiveIntegerField()
    asks_yes = models.BooleanField()
    is_yes = models.BooleanField(null=True, blank=True)
    rt_ms = models.PositiveIntegerField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["participant", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "position"], name="attention_position_once"
            ),
        ]


class QuestionAnswer(models.Model):
    """The answer to one question of a page of questions."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="question_answers")
    page = models.CharField(max_length=40)
    name = models.CharField(max_length=40)
    value = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["participant", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "page", "name"], name="question_once"),
        ]


class StepVisit(models.Model):
    """When a person was on one screen: first requested, done, how often shown."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="visits")
    step = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    shown_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    n_shown = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["participant", "step"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "step"], name="visit_once"),
        ]


class Event(models.Model):
    """Something that happened on a person's screen, as the browser reported it.

    ``at_ms`` counts from when the page was ready, by the browser's clock.
    """

    class Kind(models.TextChoices):
        BLUR = "blur"
        FOCUS = "focus"
        HIDDEN = "hidden"
        VISIBLE = "visible"
        IMAGE_SLOW = "image_slow"
        IMAGE_FAILED = "image_failed"
        IMAGE_RECOVERED = "image_recovered"
        OFFLINE = "offline"
        RETRIED = "retried"
        ZOOM = "zoom"
        PASTE = "paste"
        RESIZE = "resize"
        HONEYPOT = "honeypot"
        WEBDRIVER = "webdriver"
        # Reported by the entry page: the session continued on a device that the study does not
        # accept.
        OTHER_DEVICE = "other_device"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="events")
    step = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    at_ms = models.PositiveIntegerField()
    detail = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["participant", "pk"]
        constraints = [
            # A batch that a browser sends twice, because the response was lost, is stored once.
            models.UniqueConstraint(
                fields=["participant", "step", "kind", "at_ms", "detail"], name="event_once"
            ),
        ]
