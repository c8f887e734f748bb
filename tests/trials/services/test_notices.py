"""The administrator is told of the last person that a study wanted, and of nobody else."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.factories import enrol, make_plan, make_study
from tests.trials.within import within
from trials.models import Condition, Participant
from trials.services.notices import NOTICES, full_note

pytestmark = pytest.mark.django_db


def told(caplog: pytest.LogCaptureFixture, *people: Participant) -> list[str]:
    """Return what is said when these people have completed, one after another."""
    caplog.clear()
    for person in people:
        Participant.objects.filter(pk=person.pk).update(
            status="completed", code=f"C{person.pk}", finished_at=timezone.now()
        )
        full_note(Participant.objects.get(pk=person.pk))
    return [record.getMessage() for record in caplog.records if record.name == NOTICES]


def test_a_study_within_people_is_full_when_all_have_gone_through_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = within()
    study.conditions.update(quota=2)
    alice, bob = enrol(study, "alice"), enrol(study, "bob")
    assert told(caplog, alice) == []
    assert told(caplog, bob) == ["Study trees has all the people it wanted: 2."]


def test_people_of_an_arm_that_is_off_are_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    arms = make_plan().document["conditions"][:2]
    study = make_study(plan=make_plan(conditions=[{**each, "quota": 1} for each in arms]))
    alice, bob = enrol(study, "alice"), enrol(study, "bob")
    Condition.objects.filter(pk=alice.condition_id).update(is_on=False)
    assert told(caplog, alice) == []
    assert told(caplog, bob) == ["Study trees has all the people it wanted: 1."]
