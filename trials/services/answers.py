"""What a person has answered: attempts, scores, and whether anything is missing."""

from __future__ import annotations

from collections.abc import Container, Mapping

from django.db.models import QuerySet

from trials.models import Participant, Response, Trial
from trials.study.design import Kind, Phase, Step


def attempt_of(participant: Participant) -> int:
    """Return the last attempt at the validation that was gone through, counted from 0."""
    validation = participant.study.plan.validation
    phase = Phase.VALIDATION
    n_answered = participant.trials.filter(phase=phase, response__isnull=False).count()
    return max(0, n_answered // validation.n - 1) if validation else 0


def n_correct(participant: Participant, phase: Phase, attempt: int = 0) -> int:
    """Count a person's correct answers in one phase; of the validation, in one attempt."""
    answers = Response.objects.filter(trial__participant=participant, trial__phase=phase)
    validation = participant.study.plan.validation
    if phase == Phase.VALIDATION and validation is not None:
        first = attempt * validation.n
        answers = answers.filter(
            trial__position__gte=first, trial__position__lt=first + validation.n
        )
    return answers.correct().count()


def answers_missing(participant: Participant) -> list[str]:
    """Name the steps of a whole session whose answer is not stored, as the script asks for them.

    Attempts at the validation after the one that was passed are not asked for, nor are questions
    that need no answer. Six queries.
    """
    plan, trials = participant.study.plan, participant.trials
    checks = participant.attention_checks.exclude(is_yes=None).values_list("position", flat=True)
    stored: Mapping[Kind, Container[tuple[str, int]]] = {
        Kind.TRIAL: _places(trials.filter(response__isnull=False)),
        Kind.PRIOR_KNOWLEDGE: _places(trials.filter(prior_knowledge__isnull=False)),
        Kind.ATTENTION: {("attention", position) for position in checks},
    }
    missing = [
        f"{step.kind} {step.name} {step.position}"
        for step in _asked(participant)
        if step.kind in stored and (step.name, step.position) not in stored[step.kind]
    ]
    given = set(participant.question_answers.values_list("page", "name"))
    return missing + [
        f"question {page} {each.name}"
        for page, asked in plan.questions.items()
        for each in asked.questions
        if each.is_required and (page, each.name) not in given
    ]


def _places(trials: QuerySet[Trial]) -> set[tuple[str, int]]:
    return set(trials.values_list("phase", "position"))


def _asked(participant: Participant) -> list[Step]:
    """Return the script less the attempts that someone who passed has jumped over."""
    validation = participant.study.plan.validation
    if validation is None:
        return list(participant.script)
    scores = [n_correct(participant, Phase.VALIDATION, each) for each in range(validation.attempts)]
    passed = [n for n, each in enumerate(scores) if each >= validation.pass_mark]
    end = (min(passed, default=validation.attempts - 1) + 1) * validation.n
    return [
        each for each in participant.script if each.name != Phase.VALIDATION or each.position < end
    ]
