"""People (and robots) in a study, and separately their ids on recruitment platforms."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from classifiers.tokens import new_token
from trials.models.studies import Condition, Study, TrialSet
from trials.study.design import Step, script, trial_near
from trials.study.kept import Kept
from trials.study.layout import Layout, layout_of
from trials.study.orders import order_read
from trials.study.plan import StudyPlan
from trials.study.script_stages import validation_end

_SCRIPTS: Kept[tuple[Step, ...]] = Kept(64)


class Participant(models.Model):
    """One person (or robot) in one study. ``step`` indexes the person's script.

    In a study within people, ``sequence`` is the order of the blocks, ``condition`` is the first
    one of the first block, and ``trial_set`` is the test set in that condition.

    In a study that assigns people after the validation, a person without ``is_assigned`` has the
    condition whose screens everybody sees before, and a test set that means nothing.

    How a session ended (``status``), what is owed (``payment``) and whether a researcher left
    the person out of the analysis (``exclusion``) are three facts that never follow from each
    other.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        COMPLETED = "completed"
        FAILED_VALIDATION = "failed_validation"
        FAILED_ATTENTION = "failed_attention"
        TIMED_OUT = "timed_out"
        RETURNED = "returned"
        WITHDRAWN = "withdrawn"

    class Stage(models.TextChoices):
        PILOT = "pilot"
        LIVE = "live"

    class Payment(models.TextChoices):
        NONE = "none"
        DUE = "due"
        PAID = "paid"
        REFUSED = "refused"

    study = models.ForeignKey(Study, models.PROTECT, related_name="participants")
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="participants")
    trial_set = models.ForeignKey(TrialSet, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(help_text="The number of the person in the study, from 1.")
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    enrolment_key = models.CharField(
        max_length=64, help_text="A consent that is sent twice with one key enrols one person."
    )
    person_hash = models.CharField(
        max_length=64, blank=True, db_index=True, help_text="A salted hash of the recruitment id."
    )
    seed = models.BigIntegerField()
    sequence = models.CharField(
        max_length=100,
        blank=True,
        help_text="The numbers of the blocks in the order of this person; may be empty.",
    )
    is_assigned = models.BooleanField(
        default=True,
        help_text="Whether the person has a condition; if not, the validation is not passed yet.",
    )
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.LIVE)
    is_simulated = models.BooleanField(default=False)
    is_repeat = models.BooleanField(
        default=False,
        help_text="Whether the person took part before and was allowed to do it again.",
    )
    is_released = models.BooleanField(
        default=False, help_text="A researcher lets this person start again; the data are kept."
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    payment = models.CharField(max_length=10, choices=Payment, default=Payment.NONE)
    exclusion = models.CharField(
        max_length=200,
        blank=True,
        help_text="Why a researcher excluded this person; empty: not excluded.",
    )
    step = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=30, blank=True, help_text="The code on the last page.")
    consent_version = models.CharField(max_length=50)
    device: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict,
        help_text="The kind of device, the browser, the window, the pixel ratio and the time zone.",
    )
    language = models.CharField(
        max_length=10, default="en", help_text="The BCP 47 tag of the language of the pages."
    )
    consented_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "is_simulated", "number"], name="participant_number_once"
            ),
            models.UniqueConstraint(
                fields=["study", "enrolment_key"], name="participant_enrolment_once"
            ),
            # The lock on the study serializes enrolments; this constraint applies even if the code
            # has a fault.
            models.UniqueConstraint(
                fields=["study", "stage", "person_hash"],
                condition=Q(status="active") & ~Q(person_hash=""),
                name="participant_active_once",
            ),
            models.CheckConstraint(
                condition=Q(status="active", code="", finished_at__isnull=True)
                | Q(status__in=["returned", "withdrawn"], finished_at__isnull=False)
                | (~Q(status="active") & ~Q(code="") & Q(finished_at__isnull=False)),
                name="code_only_at_the_end",
            ),
        ]
        indexes = [
            models.Index(fields=["study", "status", "last_seen_at"]),
            models.Index(fields=["study", "status", "finished_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.study} {'robot' if self.is_simulated else 'person'} {self.number}"

    @property
    def plan(self) -> StudyPlan:
        """The study's plan as this person's condition has it; within people, the first one."""
        plan = self.study.plan
        return plan.of(self.condition.name) if plan.has_changes else plan

    @cached_property
    def layout(self) -> Layout | None:
        """The condition and block of each trial, in a study within people."""
        if not self.sequence:
            return None
        return layout_of(self.study.plan, order_read(self.sequence), self.seed)

    @cached_property
    def script(self) -> tuple[Step, ...]:
        """Every screen of this person's session."""
        study, layout = self.study, self.layout
        plan = self.plan if layout is None else study.plan.laid(layout)
        if not study.is_frozen:
            return script(plan)
        name = self.condition.name if study.plan.has_changes and layout is None else ""
        key = (study.frozen_sha256, study.document_sha256, name, layout)
        return _SCRIPTS.get(key, lambda: script(plan))

    def condition_at(self, place: int) -> Condition:
        """Return the condition of a screen of the session.

        In a study within people it is that of its trial. A page has the condition of the trial that
        follows it, and the last pages have that of the last trial.
        """
        if self.layout is None:
            return self._common_at(place) or self.condition
        name = self.layout.condition(*trial_near(self.script, place))
        return (
            self.condition if name == self.condition.name else self.study.conditions.get(name=name)
        )

    def _common_at(self, place: int) -> Condition | None:
        """Return the condition of the screens before an assignment after the validation."""
        common = self.study.plan.common
        if common is None or not self.is_assigned or common.name == self.condition.name:
            return None
        is_before = place < (validation_end(self.script) or 0)
        return self.study.conditions.get(name=common.name) if is_before else None

    def knows_next(self, place: int) -> bool:
        """Whether the screen after a place is known, or is that of a condition not assigned yet."""
        return self.is_assigned or place + 1 < (validation_end(self.script) or 0)

    def plan_at(self, place: int) -> StudyPlan:
        """Return the study's plan as the condition of a screen has it."""
        return self.study.plan.of(self.condition_at(place).name)

    @property
    def is_active(self) -> bool:
        """Whether the session is under way."""
        return self.status == self.Status.ACTIVE


def mode_of(study: Study) -> str:
    """Return the mode that a study is in: pilot, or live in every other state."""
    is_pilot = study.status == Study.Status.PILOT
    return Participant.Stage.PILOT if is_pilot else Participant.Stage.LIVE


class Identity(models.Model):
    """A person's ids on a recruitment platform; a separate table, so that few may read it.

    ``person_id`` is Prolific's PROLIFIC_PID or MTurk's workerId; ``submission_id`` their
    SESSION_ID or assignmentId; ``project_id`` their STUDY_ID or hitId.
    """

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="identity")
    channel = models.CharField(max_length=20)
    person_id = models.CharField(max_length=200)
    submission_id = models.CharField(max_length=200, blank=True)
    project_id = models.CharField(max_length=200, blank=True)
    submit_url = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return f"{self.channel} identity of {self.participant}"
