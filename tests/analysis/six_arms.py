"""A study of the reference study's six conditions, answered through the services."""

from __future__ import annotations

import random

from tests.factories import enrol, make_study
from trials import services
from trials.models import Participant, Study
from trials.study.design import Kind


def answered_study(n_people: int = 18) -> Study:
    """Let people go through a whole study; some fail the validation or leave."""
    study = make_study()
    for number in range(n_people):
        walk(enrol(study, f"person{number}"), random.Random(number), leaves=number % 9 == 8)
    return study


def walk(participant: Participant, rng: random.Random, *, leaves: bool = False) -> None:
    """Answer every trial, mostly rightly; ``leaves`` stops in the test."""
    while participant.status == Participant.Status.ACTIVE:
        step = participant.script[participant.step]
        accepts: bool | None = None
        if step.kind == Kind.TRIAL:
            if leaves and step.name == "test" and step.position == 2:
                return
            trial = services.trial_of(participant, step)
            services.step_show(participant=participant)
            accepts = trial.prediction.is_right == (rng.random() < 0.85)
        participant = services.participant_advance(
            participant=participant,
            submission=services.Submission(
                step=participant.step, is_yes=accepts, rt_ms=900, away_ms=100, given_by="key"
            ),
        )
