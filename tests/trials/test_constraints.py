"""Every constraint of the trials room is hit, so that the promise is the database's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from classifiers.models import Prediction
from tests.factories import enrol, make_study
from trials.models import Condition, Participant, Response, TrialItem, TrialSet

pytestmark = pytest.mark.django_db


def refuses(name: str, row: Model, **changes: Any) -> None:
    """Assert that a copy of the row, with changes, breaks the named constraint."""
    copy = type(row)._default_manager.get(pk=row.pk)
    copy.pk = None
    for field, value in changes.items():
        setattr(copy, field, value)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        copy.save(force_insert=True)
    # PostgreSQL names the constraint, SQLite its columns.
    constraint = next(each for each in type(row)._meta.constraints if each.name == name)
    fields: list[str] = list(getattr(constraint, "fields", []))
    text = str(caught.value)
    assert name in text or all(field in text for field in fields)


def unused_in(item: TrialItem) -> int:
    """Return a prediction that the set does not hold."""
    held = TrialItem.objects.filter(trial_set=item.trial_set).values("prediction")
    return Prediction.objects.exclude(pk__in=held)[0].pk


def unused(participant: Participant) -> int:
    """Return a prediction that the person does not judge."""
    judged = participant.trials.values("prediction")
    return Prediction.objects.exclude(pk__in=judged)[0].pk


def test_two_conditions_of_a_study_cannot_share_a_name() -> None:
    make_study()
    refuses("condition_name_once", Condition.objects.all()[0])


def test_a_trial_set_stands_once() -> None:
    make_study()
    refuses("trial_set_once", TrialSet.objects.all()[0])


def test_a_place_in_a_set_is_taken_once() -> None:
    make_study()
    first, second = TrialItem.objects.filter(trial_set=TrialSet.objects.all()[0])[:2]
    refuses("item_position_once", first, prediction_id=unused_in(first))
    refuses("item_prediction_once", second, position=99)


def test_a_persons_number_is_theirs() -> None:
    alice = enrol(make_study())
    refuses("participant_number_once", alice, token="b" * 20, enrolment_key="b" * 20)


def test_an_enrolment_key_is_used_once() -> None:
    alice = enrol(make_study())
    refuses("participant_enrolment_once", alice, token="b" * 20, number=2)


def test_a_code_stands_at_the_end_only() -> None:
    enrol(make_study())
    wrong: list[dict[str, Any]] = [
        {"code": "C123"},
        {"status": "completed"},
        {"status": "completed", "code": "C123"},
        {"finished_at": timezone.now()},
    ]
    for changes in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Participant.objects.update(**changes)


def test_a_trials_position_and_its_photo_are_taken_once() -> None:
    alice = enrol(make_study())
    first, second = alice.trials.filter(phase="test")[:2]
    refuses("trial_position_once", first, prediction_id=unused(alice))
    refuses("trial_prediction_once", second, position=99)


def test_a_trial_has_one_response() -> None:
    trial = enrol(make_study()).trials.all()[0]
    Response.objects.create(trial=trial, is_accepted=True, received_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Response.objects.create(trial=trial, is_accepted=False, received_at=timezone.now())
