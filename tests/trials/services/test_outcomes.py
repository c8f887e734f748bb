"""How sessions end; what is owed; who is left out: three facts apart, each with its log."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import ForeignKey
from django.utils import timezone

from tests.factories import enrol, make_plan, make_study
from tests.trials.services.test_services import advance, answer
from trials import services
from trials.models import (
    Event,
    Identity,
    Participant,
    PriorKnowledge,
    QuestionAnswer,
    Response,
    StudyLog,
)

pytestmark = pytest.mark.django_db
Payment = Participant.Payment


def log() -> list[str]:
    rows = StudyLog.objects.filter(action__startswith="participant").order_by("pk")
    return [f"{row.action}: {row.detail}" for row in rows]


def full_participant() -> Participant:
    """Return someone of whom every kind of row is stored."""
    study = make_study(plan=make_plan(quality={"n_attention": 1}))
    alice = answer_all(enrol(study))
    now = timezone.now()
    Identity.objects.create(participant=alice, channel="link", person_id="alice")
    Event.objects.create(participant=alice, step=0, kind="blur", at_ms=1, received_at=now)
    QuestionAnswer.objects.create(
        participant=alice, page="about", name="age", value="44", received_at=now
    )
    trial = alice.trials.all()[0]
    PriorKnowledge.objects.create(trial=trial, is_known=True, received_at=now)
    services.step_show(participant=alice)
    Participant.objects.update(person_hash="h" * 64, device={"kind": "phone"})
    alice.page_errors.create(study=study, path="/s/trees/session/", kind="ValueError")
    alice.visits.create(step=0, kind="page", name="introduction", shown_at=now)
    return alice


def answer_all(participant: Participant) -> Participant:
    while participant.is_active:
        step = participant.script[participant.step]
        is_yes = True
        if step.kind == "trial":
            is_yes = services.trial_of(participant, step).prediction.is_right
        participant = advance(participant, participant.step, is_yes)
    return participant


def test_withdrawing_deletes_all_that_a_person_gave() -> None:
    alice = full_participant()
    pointing = [
        (model, field.name)
        for model in apps.get_app_config("trials").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is Participant
    ]
    assert len(pointing) == 7
    assert all(model._default_manager.filter(**{name: alice}) for model, name in pointing)
    services.participant_withdraw(participant=alice)
    assert not any(model._default_manager.filter(**{name: alice}) for model, name in pointing)
    assert not Response.objects.exists()
    assert not PriorKnowledge.objects.exists()
    alice.refresh_from_db()
    assert (alice.status, alice.person_hash, alice.device, alice.code) == ("withdrawn", "", {}, "")


def test_withdrawing_twice_is_withdrawing_once() -> None:
    alice = enrol(make_study())
    for _ in range(2):
        services.participant_withdraw(participant=alice)
    assert log() == ["participant withdrawn: 1"]


def test_who_withdrew_answers_no_more() -> None:
    alice = enrol(make_study())
    services.participant_withdraw(participant=alice)
    assert advance(alice, 0).step == 0


def test_a_return_is_noted_once_and_gives_no_code() -> None:
    alice, staff = enrol(make_study()), get_user_model().objects.create_user("sam")
    for _ in range(2):
        alice = services.participant_return(participant=alice, user=staff)
    assert (alice.status, alice.code, alice.payment) == ("returned", "", Payment.NONE)
    assert log() == ["participant returned: 1"]
    assert StudyLog.objects.latest("pk").user == staff


def test_who_finished_cannot_be_noted_as_returned() -> None:
    alice = answer(enrol(make_study()))
    with pytest.raises(services.StudyRefused, match="is completed; only someone under way"):
        services.participant_return(participant=alice)


def test_a_time_out_that_comes_too_late_takes_nothing_away() -> None:
    alice = enrol(make_study())
    stale = Participant.objects.get(pk=alice.pk)
    answer(alice)
    assert services.participant_time_out(participant=stale).status == "completed"


def test_a_time_out_keeps_the_answers_and_gives_its_own_code() -> None:
    study = make_study(plan=make_plan(recruitment={"codes": {"timed_out": "LATE"}}))
    alice = enrol(study)
    for step, is_yes in ((0, None), (1, None), (2, True)):
        alice = advance(alice, step, is_yes)
    ended = services.participant_time_out(participant=alice)
    assert (ended.status, ended.code, Response.objects.count()) == ("timed_out", "LATE", 1)


@pytest.mark.parametrize("n_wrong", [0, 4])
def test_only_a_completed_person_is_owed_something_at_once(n_wrong: int) -> None:
    ended = answer(enrol(make_study()), n_wrong=n_wrong)
    assert (ended.payment == Payment.DUE) == (ended.status == "completed")


def test_a_robot_is_owed_nothing() -> None:
    assert answer(enrol(make_study(), is_simulated=True)).payment == Payment.NONE


def test_payment_and_exclusion_never_touch_each_other() -> None:
    alice = answer(enrol(make_study()))
    services.participant_exclude(participant=alice, reason="  said so  ")
    alice.refresh_from_db()
    assert (alice.exclusion, alice.payment, alice.status) == ("said so", "due", "completed")
    services.participant_pay(participant=alice, payment=Payment.PAID)
    alice.refresh_from_db()
    assert (alice.exclusion, alice.payment, alice.status) == ("said so", "paid", "completed")


def test_the_log_tells_every_change_of_payment_once() -> None:
    alice = answer(enrol(make_study()))
    for payment in (Payment.PAID, Payment.PAID, Payment.REFUSED):
        services.participant_pay(participant=alice, payment=payment)
    assert log() == ["participant payment: 1 due to paid", "participant payment: 1 paid to refused"]


def test_an_exclusion_is_taken_back_by_an_empty_reason() -> None:
    alice = enrol(make_study())
    for reason in ("fell asleep", "fell asleep", ""):
        services.participant_exclude(participant=alice, reason=reason)
    alice.refresh_from_db()
    assert alice.exclusion == ""
    assert log() == ["participant excluded: 1 fell asleep", "participant included: 1"]


def test_codes_of_a_studys_own_are_one_for_each_outcome() -> None:
    codes = {"completed": "C-1", "failed_validation": "F-2"}
    study = make_study(plan=make_plan(recruitment={"codes": codes}))
    ended = [answer(enrol(study, f"person{n}"), n_wrong=4 * n) for n in range(2)]
    assert [item.code for item in ended] == ["C-1", "F-2"]


def test_a_code_reads_as_nothing_else() -> None:
    code = answer(enrol(make_study())).code
    assert not set("IO01") & set(code[1:])
