"""What the pages of a task ask for: a verdict or a class, confidence, a reason, within a time.

The page before the AI's advice and the page of the final answer ask for the same fields.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from classifiers.models import Category
from trials.models import Occasion, Participant, Response, Trial
from trials.models.answers import Input
from trials.participant import trial_view
from trials.participant.languages import grouped, spoken
from trials.services.answers import trial_of
from trials.services.choices import choices_of
from trials.steps.base import AmongTrials, Context, Looker, places_missing
from trials.steps.submission import Submission
from trials.study.design import Step
from trials.study.plan import StudyPlan, TaskPlan
from trials.study.task import MAX_BUTTONS, MAX_REASON, Confidence, confidence_of

# By the browser's clock: from the end of the time to the press of the page's script.
SLACK_MS = 1500
# Without a script the server's clock measures, and the photos' way to the person counts too.
SLACK_WITHOUT_SCRIPT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page asks for, ready for its template; ``given`` is what was typed before."""

    task: TaskPlan
    choices: Sequence[Category]
    confidence: Confidence | None
    seconds_left: int | None
    first_answer: str
    given: Submission | None = field(default=None)

    @property
    def is_one_press(self) -> bool:
        """Whether one press of a button answers."""
        return self.task.is_one_press and not self.is_list

    @property
    def is_plain(self) -> bool:
        """Whether the page has the two buttons of a verdict alone."""
        return self.is_one_press and not self.task.is_choice

    @property
    def is_list(self) -> bool:
        """Whether the classes are too many for buttons."""
        return len(self.choices) > MAX_BUTTONS

    @property
    def max_reason(self) -> int:
        """The most characters of a reason."""
        return MAX_REASON[self.task.reason]


def asked(participant: Participant, trial: Trial, occasion: str) -> Asked:
    """Return what a trial's page asks for on an occasion."""
    study = participant.study
    task = study.plan.task
    choices = choices_of(study, trial.prediction) if task.is_choice else []
    plan = spoken(study.plan)
    first = _first_answer(plan, trial) if task.first and occasion == Occasion.FINAL else ""
    return Asked(task, choices, confidence_of(plan.task), _seconds_left(participant), first)


def _first_answer(plan: StudyPlan, trial: Trial) -> str:
    """Return the answer that was given before the AI's advice, in the words of its page."""
    first = trial.responses.filter(occasion=Occasion.FIRST).select_related("choice").first()
    return "" if first is None else trial_view.answer_said(plan, first)


def _seconds_left(participant: Participant) -> int | None:
    seconds = participant.study.plan.task.seconds
    if not seconds:
        return None
    visit = participant.visits.filter(step=participant.step).first()
    begun = visit.shown_at if visit else timezone.now()
    end = begun + timedelta(seconds=seconds)
    return max(0, math.ceil((end - timezone.now()).total_seconds()))


class AsksTask(AmongTrials):
    """A page that asks what the study's task asks for, on one ``occasion``."""

    occasion: ClassVar[Occasion]

    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        return plan.trial.min_seconds

    def problem(self, participant: Participant, step: Step, submission: Submission) -> str:
        if _is_late(participant, submission):
            return ""
        task = participant.study.plan.task
        trial = trial_of(participant, step) if task.is_choice else None
        return " ".join(_problems(participant, trial, submission))

    def typed_again(self, plan: StudyPlan, step: Step, submission: Submission) -> Context:
        return {"given": submission}

    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        self.stored(trial_of(participant, step), participant, submission, now)

    def stored(
        self, trial: Trial, participant: Participant, submission: Submission, now: datetime
    ) -> Response:
        """Store an answer as it was given.

        If the time ended first, store what was entered so far.
        """
        is_late = _is_late(participant, submission)
        if is_late and not submission.is_time_over:
            submission = Submission(
                submission.step, rt_ms=submission.rt_ms, photo_px=submission.photo_px
            )
        said = _said(participant, trial, submission)
        return Response.objects.create(
            trial=trial,
            occasion=self.occasion,
            **said,
            rt_ms=submission.rt_ms,
            away_ms=submission.away_ms,
            photo_px=submission.photo_px,
            given_by=Input.TIME if is_late else submission.given_by,
            received_at=now,
        )

    def missing(self, participant: Participant, steps: Sequence[Step]) -> list[str]:
        answered = participant.trials.answered(self.occasion)
        return places_missing(self.kind, steps, answered.values_list("phase", "position"))

    def context(self, looker: Looker, trial: Trial) -> Context:
        """Return what the form of the page needs."""
        plan = spoken(looker.participant.study.plan.of(trial.condition.name))
        return {
            "asked": asked(looker.participant, trial, self.occasion),
            "at_hand": trial_view.kinds_at_hand(looker.participant.study, plan),
        }


def _problems(participant: Participant, trial: Trial | None, submission: Submission) -> list[str]:
    """Say what is missing of an answer, in the order of the page."""
    task = participant.study.plan.task
    found = []
    if trial is not None:
        if _chosen(participant, trial, submission) is None:
            found.append(_("Please choose one of the answers."))
    elif submission.is_yes is None:
        found.append(_("Please choose Yes or No."))
    confidence = confidence_of(task)
    if confidence is not None and _confidence(confidence, submission) is None:
        if confidence.is_levels:
            found.append(_("Please say how sure you are."))
        else:
            ends = {"low": confidence.low, "high": confidence.high}
            found.append(_("Please say how sure you are, from %(low)s to %(high)s.") % ends)
    if task.reason != "none":
        found += _reason_problems(submission.reason.strip(), MAX_REASON[task.reason])
    return found


def _reason_problems(reason: str, most: int) -> list[str]:
    if not reason:
        return [_("Please write a reason.")]
    if len(reason) > most:
        return [
            _("The reason has %(n)s characters; please use at most %(most)s.")
            % {"n": grouped(len(reason)), "most": grouped(most)}
        ]
    return []


def _chosen(participant: Participant, trial: Trial, submission: Submission) -> Category | None:
    offered = choices_of(participant.study, trial.prediction)
    return next((item for item in offered if str(item.index) == submission.choice), None)


def _confidence(confidence: Confidence, submission: Submission) -> int | None:
    text = submission.confidence.strip()
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(confidence.high))
    return int(text) if is_number and int(text) in confidence.values else None


def _said(participant: Participant, trial: Trial, submission: Submission) -> dict[str, Any]:
    """Return an answer's fields; without a verdict or a choice it was missed."""
    task = participant.study.plan.task
    confidence = confidence_of(task)
    chosen = _chosen(participant, trial, submission) if task.is_choice else None
    is_accepted = None if task.is_choice else submission.is_yes
    has_reason = task.reason != "none"
    return {
        "is_accepted": is_accepted,
        "choice": chosen,
        "confidence": _confidence(confidence, submission) if confidence else None,
        "reason": submission.reason.strip()[: MAX_REASON[task.reason]] if has_reason else "",
        "is_missed": is_accepted is None and chosen is None,
    }


def _is_late(participant: Participant, submission: Submission) -> bool:
    """Say whether the time of a trial was over when the page was sent.

    The browser's clock tells it, so that a connection that breaks costs no answer.
    """
    seconds = participant.study.plan.task.seconds
    if not seconds or submission.is_time_over:
        return bool(seconds)
    if submission.rt_ms is not None:
        return submission.rt_ms > 1000 * seconds + SLACK_MS
    visit = participant.visits.filter(step=submission.step).first()
    end = timedelta(seconds=seconds) + SLACK_WITHOUT_SCRIPT
    return visit is not None and timezone.now() > visit.shown_at + end
