"""What a person has answered: attempts, scores, and whether anything is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import Q, QuerySet

from classifiers.models import Prediction
from trials.models import Participant, Response, Trial
from trials.models.prepared import PreparedQuery
from trials.steps.base import screen_of
from trials.study.design import Phase, Step
from trials.study.kept import Kept


def attempt_of(participant: Participant) -> int:
    """Return the last attempt at the validation that was gone through, counted from 0."""
    validation = participant.study.plan.validation
    phase = Phase.VALIDATION
    n_answered = participant.trials.answered().filter(phase=phase).count()
    return max(0, n_answered // validation.n - 1) if validation else 0


def n_correct(participant: Participant, phase: Phase, attempt: int = 0) -> int:
    """Count a person's correct answers in one phase; of the validation, in one attempt."""
    answers = Response.objects.final().filter(trial__participant=participant, trial__phase=phase)
    validation = participant.study.plan.validation
    if phase == Phase.VALIDATION and validation is not None:
        first = attempt * validation.n
        answers = answers.filter(
            trial__position__gte=first, trial__position__lt=first + validation.n
        )
    return answers.correct().count()


def answers_missing(participant: Participant) -> list[str]:
    """Name the steps of a whole session whose answer is not stored, type by type.

    Attempts at the validation after the one that was passed are not asked for, nor are questions
    that need no answer. One query for each type that asks, and those for the attempts.
    """
    steps: dict[str, list[Step]] = {}
    for step in _asked(participant):
        steps.setdefault(step.kind, []).append(step)
    return [
        missing
        for those in steps.values()
        for missing in screen_of(those[0]).missing(participant, those)
    ]


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


def trial_of(participant: Participant, step: Step) -> Trial:
    """Return the trial of a trial's, a definition's or a feedback's step, ready for its page."""
    found = _TRIAL.first(participant.pk, step.name, step.position)
    if found is None:
        raise Trial.DoesNotExist(f"{participant} has no trial {step.name} {step.position}.")
    return _ready(participant, found)


def _two(person: int, name: str, position: int, other: str, next_: int) -> QuerySet[Trial]:
    either = Q(phase=name, position=position) | Q(phase=other, position=next_)
    return _trials().filter(either, participant=person)


def _trials() -> QuerySet[Trial]:
    return Trial.objects.select_related("condition").order_by()


_TRIAL = PreparedQuery(
    lambda person, name, position: _trials().filter(
        participant=person, phase=name, position=position
    ),
    int,
    str,
    int,
)
_TWO_TRIALS = PreparedQuery(_two, int, str, int, str, int)


def trials_of(participant: Participant, steps: Iterable[Step]) -> Callable[[Step], Trial]:
    """Return a function that finds the trial of a step, with one query for all these steps."""
    wanted = {(step.name, step.position) for step in steps}
    found: dict[tuple[str, int], Trial] = {}

    def trial(step: Step) -> Trial:
        place = (step.name, step.position)
        if place not in wanted:
            return trial_of(participant, step)
        if not found:
            ordered = sorted(wanted)
            for pair in zip(ordered[::2], ordered[1::2] or ordered, strict=False):
                for row in _TWO_TRIALS.all(participant.pk, *pair[0], *pair[1]):
                    found[row.phase, row.position] = _ready(participant, row)
        return found[place]

    return trial


_PREDICTIONS: Kept[Prediction] = Kept(5000)


def _ready(participant: Participant, trial: Trial) -> Trial:
    """Give a trial its prediction with its photo and categories, those of the process if frozen."""
    study, pk = participant.study, trial.prediction_id
    trial.participant = participant
    related = ("category", "image__category")

    def read() -> Prediction:
        return Prediction.objects.select_related(*related).get(pk=pk)

    trial.prediction = (
        _PREDICTIONS.get((study.frozen_sha256, pk), read) if study.is_frozen else read()
    )
    return trial
