"""A study in which people choose the parts of the photo, and a person at its first trial."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.factories import enrol, make_document, make_study
from tests.trials.tab import be
from trials.models import Participant, Study, Trial
from trials.study.design import Kind
from trials.study.plan import StudyPlan

PLUS_PLUS = [{"name": "CHM-Corr++", "classifier": "chm-corr", "view": "interactive"}]
CENTRAL = "0" * 21 + "0011100" + "0" * 21
WHOLE = "1" * 49
SESSION, MASK = "/s/trees/session/", "/s/trees/mask/"


def interactive_study(wording: dict[str, str] | None = None, **changes: Any) -> Study:
    """Open a study of one interactive condition, with words of its own if there are any."""
    own = {"wording": wording} if wording else {}
    conditions = [{**arm, **own} for arm in PLUS_PLUS]
    return make_study(plan=StudyPlan.from_json(make_document(conditions=conditions, **changes)))


def at_a_trial(client: Client, study: Study, key: str = "alice") -> tuple[Participant, Trial]:
    """Return a person who has the first trial's page open, and that trial."""
    person = enrol(study, key)
    person.step = next(n for n, step in enumerate(person.script) if step.kind == Kind.TRIAL)
    person.save()
    be(client, person)
    client.get(SESSION)
    step = person.script[person.step]
    return person, person.trials.get(phase=step.name, position=step.position)
