"""Flags of real rows: every sign reaches its person, in a fixed number of queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import enrol, make_plan, make_study
from trials import services
from trials.models import Event, Participant, Response, StepVisit, Study
from trials.services.flags import COLUMNS, flags_of_all
from trials.study.design import Kind

pytestmark = pytest.mark.django_db


def play(
    study: Study, name: str, rt_ms: int = 2000, away_ms: int = 0, is_careful: bool = True
) -> Participant:
    """Let someone go to the end; the test's answers alternate, times grow a little."""
    person = enrol(study, name)
    while person.is_active:
        services.step_show(participant=person)
        step = person.script[person.step]
        is_yes = step.position % 2 == 0
        if step.kind == Kind.ATTENTION:
            check = person.attention_checks.get(position=step.position)
            is_yes = check.asks_yes == is_careful
        elif step.kind == Kind.TRIAL and step.name != "test":
            is_yes = services.trial_of(person, step).prediction.is_right
        submission = services.Submission(
            step=person.step, is_yes=is_yes, rt_ms=rt_ms + 700 * step.position, away_ms=away_ms
        )
        person = services.participant_advance(participant=person, submission=submission)
    now = timezone.now()
    StepVisit.objects.filter(participant=person).update(
        shown_at=now - timedelta(minutes=1), done_at=now
    )
    return person


@pytest.fixture
def study() -> Study:
    return make_study(plan=make_plan(quality={"n_attention": 2, "identical_run": 4}))


def names(person: Participant) -> list[str]:
    return [
        participant_flag.name
        for participant_flag in services.participant_flags([person])[person.pk]
    ]


def test_a_careful_person_has_no_flags(study: Study) -> None:
    assert names(play(study, "alice")) == []


def test_times_and_absence_are_read_from_the_tests_answers(study: Study) -> None:
    assert names(play(study, "alice", rt_ms=100)) == ["too_fast"]
    assert names(play(study, "bob", rt_ms=60_000, away_ms=40_000)) == ["away", "inhuman_timing"]


def test_answers_count_in_their_order(study: Study) -> None:
    alice = play(study, "alice")
    rows = Response.objects.filter(trial__participant=alice, trial__phase="test")
    rows.update(is_accepted=True)
    rows.filter(trial__position=1).update(is_accepted=False)
    assert names(alice) == ["identical_run"]
    rows.filter(trial__position=4).update(is_accepted=False)
    assert names(alice) == []


def test_failed_checks_are_flagged(study: Study) -> None:
    assert names(play(study, "alice", is_careful=False)) == ["failed_attention"]


def test_events_and_repeats_reach_their_person_only(study: Study) -> None:
    alice, bob = play(study, "alice"), play(study, "bob")
    Event.objects.create(
        participant=alice, step=1, kind="webdriver", at_ms=3, received_at=timezone.now()
    )
    Participant.objects.filter(pk=bob.pk).update(is_repeat=True)
    found = services.participant_flags(Participant.objects.order_by("number"))
    assert [[item.name for item in found[p.pk]] for p in (alice, bob)] == [
        ["webdriver"],
        ["repeat"],
    ]


def test_a_time_longer_than_the_visit_is_flagged(study: Study) -> None:
    alice = play(study, "alice")
    last = alice.script.index(next(s for s in alice.script[::-1] if s.kind == Kind.TRIAL))
    visit = alice.visits.get(step=last)
    assert visit.done_at is not None
    alice.visits.filter(step=last).update(shown_at=visit.done_at - timedelta(seconds=2))
    assert names(alice) == ["inhuman_timing"]


@pytest.mark.parametrize("n", [1, 4])
def test_the_number_of_queries_does_not_grow_with_the_people(
    study: Study, n: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [enrol(study, f"person{number}") for number in range(n)]
    with django_assert_num_queries(5):
        services.participant_flags(people)


def test_the_flags_of_a_whole_study_are_those_of_its_people(
    study: Study, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hasty, idle = play(study, "hasty", rt_ms=10), enrol(study, "idle")
    play(study, "careless", is_careful=False)
    everybody = Participant.objects.order_by("-number")
    with django_assert_num_queries(6):
        found = {each.pk: own for each, own in flags_of_all(everybody.only(*COLUMNS))}
    assert found == services.participant_flags(everybody)
    assert found[hasty.pk]
    assert found[idle.pk] == []


def test_nobody_has_no_flags() -> None:
    assert services.participant_flags([]) == {}
