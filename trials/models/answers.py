"""What people answered: trials, checks and questions.

Every trial of a person exists before the first page; the database allows one response for each
occasion of it (before the AI's advice, and finally). Whether a person was right is derived
(``ResponseQuerySet.with_correctness``), never stored.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Case, FilteredRelation, Q, Value, When

from classifiers.models import Category, Prediction, ai_is_right, is_accepted_label
from trials.models.participants import Participant
from trials.models.studies import PHASES, Condition


class Occasion(models.TextChoices):
    """When an answer to a trial was given: before the AI's advice, or finally."""

    FIRST = "first"
    FINAL = "final"


class TrialQuerySet(models.QuerySet["Trial"]):
    """Reads of trials."""

    def answered(self, occasion: str = Occasion.FINAL) -> TrialQuerySet:
        """Return those with an answer on an occasion."""
        return self.filter(responses__occasion=occasion)

    def with_final(self) -> TrialQuerySet:
        """Join the final answer as ``final``; its columns are null where there is none."""
        return self._with(final=Occasion.FINAL)

    def with_first(self) -> TrialQuerySet:
        """Join the answer before the AI's advice as ``first``."""
        return self._with(first=Occasion.FIRST)

    def _with(self, **occasions: str) -> TrialQuerySet:
        joined = {
            name: FilteredRelation("responses", condition=Q(responses__occasion=occasion))
            for name, occasion in occasions.items()
        }
        return self.annotate(**joined)


class Trial(models.Model):
    """One question to one person, in one condition.

    The condition is the trial's own: in a study between people it is the participant's, in a study
    within people each block has another one. ``block`` counts the person's blocks from 1, and is 0
    before them and in a study between people. ``presented_at`` is when its page was first asked
    for.
    """

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="trials")
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="trials", db_index=False)
    phase = models.CharField(max_length=10, choices=PHASES)
    position = models.PositiveIntegerField()
    block = models.PositiveSmallIntegerField(default=0)
    prediction = models.ForeignKey(Prediction, models.PROTECT, related_name="+")
    presented_at = models.DateTimeField(null=True, blank=True)

    objects = TrialQuerySet.as_manager()

    class Meta:
        ordering = ["participant", "phase", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "phase", "position"], name="trial_position_once"
            ),
            models.UniqueConstraint(
                fields=["participant", "condition", "prediction"], name="trial_prediction_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} {self.phase} {self.position}"


def verified_right(answer: str = "") -> Q:
    """Return the condition that a right AI was accepted or a wrong one rejected.

    ``answer`` is the path from a response to the answer that is judged, such as ``first__``.
    """
    ai, is_accepted = ai_is_right("trial__prediction__"), f"{answer}is_accepted"
    return Q(ai, **{is_accepted: True}) | Q(~ai, **{is_accepted: False})


def chose_right(answer: str = "") -> Q:
    """Return the condition that a class was chosen that is accepted for the photo."""
    return is_accepted_label(label=f"{answer}choice", image="trial__prediction__image")


class ResponseQuerySet(models.QuerySet["Response"]):
    """Reads of responses."""

    def final(self) -> ResponseQuerySet:
        """Return the final answers: one a trial that is done."""
        return self.filter(occasion=Occasion.FINAL)

    def with_correctness(self) -> ResponseQuerySet:
        """Annotate ``is_ai_correct``, and ``is_correct``; a missed trial is not correct.

        Right is: accepted a right or rejected a wrong AI, or chose an accepted class of the photo.
        """
        is_correct = Case(
            When(is_missed=True, then=Value(False)),
            When(choice__isnull=False, then=chose_right()),
            default=verified_right(),
            output_field=models.BooleanField(),
        )
        ai = ai_is_right("trial__prediction__")
        return self.annotate(is_ai_correct=ai, is_correct=is_correct)

    def with_first(self) -> ResponseQuerySet:
        """Join the first answer to the same trial as ``first``, and say ``first_is_correct``.

        Both are null where there is none, or where it was missed.
        """
        is_first = Q(trial__responses__occasion=Occasion.FIRST)
        is_correct = Case(
            When(first__choice__isnull=False, then=chose_right("first__")),
            When(first__is_accepted__isnull=False, then=verified_right("first__")),
            default=Value(None),
            output_field=models.BooleanField(null=True),
        )
        joined = self.annotate(first=FilteredRelation("trial__responses", condition=is_first))
        return joined.annotate(first_is_correct=is_correct)

    def correct(self) -> ResponseQuerySet:
        """Return those that are right."""
        return self.filter(verified_right() | chose_right())


class Input(models.TextChoices):
    """How an answer was given."""

    KEY = "key"
    POINTER = "pointer"
    # The trial's time was over: the answer that was chosen until then, or none.
    TIME = "time"
    UNKNOWN = ""


class Response(models.Model):
    """The one answer to one trial on one occasion.

    A task that verifies has ``is_accepted``, a task that chooses a class has ``choice``; an answer
    that was missed because the trial's time was over has neither. ``confidence`` is the person's
    own, in the units of the study's document; ``reason`` is in the person's words.

    ``rt_ms`` is the time from the moment when all images are shown to the answer, by the browser's
    clock. ``away_ms`` is the part of it in which the page was hidden or another window had the
    focus. ``photo_px`` is the width at which the judged photo was shown, in CSS pixels.
    """

    # The constraint's index begins with the trial, so that the key needs none of its own.
    trial = models.ForeignKey(Trial, models.CASCADE, related_name="responses", db_index=False)
    occasion = models.CharField(max_length=10, choices=Occasion, default=Occasion.FINAL)
    is_accepted = models.BooleanField(
        null=True, blank=True, help_text="Whether the person answered Yes: the AI's label is right."
    )
    choice = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The class that the person chose.",
    )
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True)
    is_missed = models.BooleanField(
        default=False, help_text="The time of the trial ended before the answer."
    )
    rt_ms = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Milliseconds from the images to the answer, by the browser's clock.",
    )
    away_ms = models.PositiveIntegerField(null=True, blank=True)
    photo_px = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The displayed width of the judged photo in CSS pixels."
    )
    given_by = models.CharField(max_length=10, choices=Input, default=Input.UNKNOWN, blank=True)
    received_at = models.DateTimeField()

    objects = ResponseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trial", "occasion"], name="answer_once"),
            models.CheckConstraint(
                condition=Q(is_missed=True, is_accepted__isnull=True, choice__isnull=True)
                | Q(is_missed=False, is_accepted__isnull=False, choice__isnull=True)
                | Q(is_missed=False, is_accepted__isnull=True, choice__isnull=False),
                name="answer_is_yes_no_or_a_choice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trial}, {self.occasion}: {self.said}"

    def is_right_on(self, prediction: Prediction) -> bool:
        """Whether the answer is right; ``with_correctness`` says the same to the database."""
        if self.choice_id is not None:
            return prediction.image.accepts(self.choice_id)
        return self.is_accepted is not None and self.is_accepted == prediction.is_right

    @property
    def said(self) -> str:
        """The answer as a word."""
        if self.choice is not None:
            return self.choice.label
        return {True: "yes", False: "no", None: "missed"}[self.is_accepted]


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
