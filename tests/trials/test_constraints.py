"""Every constraint of the trials room is hit, so that the promise is the database's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from classifiers.models import Prediction
from tests.factories import enrol, make_plan, make_study
from trials import services
from trials.models import (
    AttentionCheck,
    Condition,
    Event,
    Identity,
    Participant,
    PlaceCount,
    PriorKnowledge,
    QuestionAnswer,
    Response,
    StepVisit,
    Study,
    TrialItem,
    TrialSet,
)

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
    constraint = next(item for item in type(row)._meta.constraints if item.name == name)
    fields: list[str] = list(getattr(constraint, "fields", []))
    text = str(caught.value)
    assert name in text or all(f".{field}" in text for field in fields)


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


def test_a_stage_has_one_count_of_its_places() -> None:
    count = PlaceCount.objects.create(
        study=make_study(), stage="live", is_simulated=False, until=timezone.now()
    )
    refuses("place_count_once", count)


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
        with pytest.raises(IntegrityError, match="code_only_at_the_end"), transaction.atomic():
            Participant.objects.update(**changes)


@pytest.mark.parametrize("status", ["returned", "withdrawn"])
def test_who_left_may_be_without_a_code(status: str) -> None:
    enrol(make_study())
    assert Participant.objects.update(status=status, finished_at=timezone.now()) == 1


def test_one_recruitment_id_is_under_way_once_in_a_study_and_stage() -> None:
    alice = enrol(make_study())
    Participant.objects.update(person_hash="h" * 64)
    other = {"token": "b" * 20, "enrolment_key": "b" * 20, "number": 2}
    refuses("participant_active_once", alice, **other)
    free: list[dict[str, Any]] = [
        {"stage": "pilot"},
        {"person_hash": ""},
        {"status": "returned", "finished_at": timezone.now()},
    ]
    for number, changes in enumerate(free, 2):
        alice.pk, alice.number = None, number
        alice.token = alice.enrolment_key = str(number) * 20
        alice.person_hash, alice.stage, alice.status, alice.finished_at = (
            "h" * 64,
            "live",
            "active",
            None,
        )
        for name, value in changes.items():
            setattr(alice, name, value)
        alice.save(force_insert=True)
    assert Participant.objects.count() == 4


def test_a_persons_token_is_theirs() -> None:
    alice = enrol(make_study())
    alice.pk, alice.number, alice.enrolment_key = None, 2, "b" * 20
    with pytest.raises(IntegrityError, match="token"), transaction.atomic():
        alice.save(force_insert=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"frozen_sha256": ""},
        {"frozen_at": None},
        {"frozen_sha256": "", "frozen_at": None},
        {"frozen_sha256": "", "frozen_at": None, "status": "pilot"},
    ],
)
def test_people_see_frozen_studies_only(changes: dict[str, Any]) -> None:
    make_study()
    name = "study_is_frozen_before_people_see_it"
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Study.objects.update(**changes)
    assert Study.objects.update(frozen_sha256="", frozen_at=None, status="draft") == 1


def test_a_study_has_one_name_and_one_next_version() -> None:
    study = make_study()
    services.study_version(study=study)
    for changes in ({"slug": "trees"}, {"slug": "third", "previous": study}):
        document = {"dataset": study.dataset, "document": {}, "document_sha256": ""}
        with pytest.raises(IntegrityError), transaction.atomic():
            Study.objects.create(**(document | changes))


def test_a_trials_position_and_its_photo_are_taken_once() -> None:
    alice = enrol(make_study())
    first, second = alice.trials.filter(phase="test")[:2]
    refuses("trial_position_once", first, prediction_id=unused(alice))
    refuses("trial_prediction_once", second, position=99)


def test_a_trial_has_one_answer_on_each_occasion() -> None:
    trial = enrol(make_study()).trials.all()[0]
    said = {"trial": trial, "received_at": timezone.now()}
    Response.objects.create(**said, is_accepted=True, occasion="first")
    refuses("answer_once", Response.objects.create(**said, is_accepted=False))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"is_accepted": True, "is_missed": True},
        {"has_choice": True, "is_missed": True},
        {"is_accepted": True, "has_choice": True},
    ],
)
def test_an_answer_is_yes_or_no_or_a_class_or_missed(said: dict[str, bool]) -> None:
    trial = enrol(make_study()).trials.all()[0]
    choice = trial.prediction.category if said.pop("has_choice", False) else None
    with pytest.raises(IntegrityError, match="answer_is_yes_no_or_a_choice"), transaction.atomic():
        Response.objects.create(trial=trial, choice=choice, received_at=timezone.now(), **said)


def test_a_trial_has_one_answer_on_prior_knowledge() -> None:
    trial = enrol(make_study()).trials.all()[0]
    PriorKnowledge.objects.create(trial=trial, is_known=True, received_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        PriorKnowledge.objects.create(trial=trial, is_known=False, received_at=timezone.now())


def test_a_person_is_identified_once() -> None:
    alice = enrol(make_study())
    Identity.objects.create(participant=alice, channel="link", person_id="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        Identity.objects.create(participant=alice, channel="link", person_id="b")


def test_a_check_stands_at_its_place_once() -> None:
    enrol(make_study(plan=make_plan(quality={"n_attention": 1})))
    refuses("attention_position_once", AttentionCheck.objects.get())


def test_a_question_a_screen_and_an_event_are_stored_once() -> None:
    alice, now = enrol(make_study()), timezone.now()
    row = QuestionAnswer.objects.create(
        participant=alice, page="about", name="age", value="44", received_at=now
    )
    refuses("question_once", row, value="45")
    visit = StepVisit.objects.create(participant=alice, step=0, kind="page", name="a", shown_at=now)
    refuses("visit_once", visit, kind="trial")
    event = Event.objects.create(participant=alice, step=0, kind="blur", at_ms=5, received_at=now)
    refuses("event_once", event)


def test_every_named_constraint_of_the_room_is_hit_above() -> None:
    names = {
        constraint.name
        for model in apps.get_app_config("trials").get_models()
        for constraint in model._meta.constraints
    }
    above = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f'"{name}"' not in above] == []
