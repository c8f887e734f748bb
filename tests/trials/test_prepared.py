"""Prepared queries find and change what the ORM's own do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.factories import enrol, make_study
from trials.models import Participant, Trial
from trials.models.prepared import PreparedQuery, PreparedUpdate
from trials.study.design import Phase

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> list[Participant]:
    study = make_study()
    return [enrol(study, key) for key in ("alice", "bob")]


def test_a_prepared_query_finds_the_objects_of_the_orm(people: list[Participant]) -> None:
    query = PreparedQuery(
        lambda person, phase: Trial.objects.select_related("participant__study").filter(
            participant=person, phase=phase
        ),
        int,
        str,
    )
    for person in people:
        expected = list(person.trials.filter(phase="test"))
        found = query.all(person.pk, Phase.TEST)
        assert [vars(each) | {"_state": 0} for each in found] == [
            vars(each) | {"_state": 0} for each in expected
        ]
        assert {each.participant.study.slug for each in found} == {person.study.slug}
        assert {each.participant.consented_at for each in found} == {person.consented_at}
        assert found[0].participant.device == person.device


def test_a_prepared_query_that_finds_nothing_says_none(people: list[Participant]) -> None:
    query = PreparedQuery(lambda key: Participant.objects.filter(pk=key), int)
    assert (query.first(0), query.first(people[1].pk)) == (None, people[1])


def test_a_prepared_query_can_lock(people: list[Participant]) -> None:
    query = PreparedQuery(lambda key: Participant.objects.select_for_update().filter(pk=key), int)
    with transaction.atomic():
        assert query.first(people[0].pk) == people[0]


def test_a_prepared_update_changes_and_counts_its_rows(people: list[Participant]) -> None:
    update = PreparedUpdate(
        lambda key, step, now: (
            Participant.objects.filter(pk=key),
            {"step": step, "last_seen_at": now},
        ),
        int, int, datetime,
    )  # fmt: skip
    later = timezone.now() + timedelta(days=1)
    assert (update.run(people[0].pk, 7, later), update.run(0, 7, later)) == (1, 0)
    first, second = Participant.objects.order_by("pk")
    assert (first.step, first.last_seen_at, second.step) == (7, later, 0)


def test_arguments_that_do_not_fit_are_refused() -> None:
    query = PreparedQuery(lambda key: Participant.objects.filter(pk=key), int)
    with pytest.raises(TypeError, match="2 arguments; expected 1"):
        query.all(1, 2)
    update = PreparedUpdate(lambda key: (Participant.objects.filter(pk=key), {"step": 1}), int)
    with pytest.raises(TypeError, match="2 arguments; expected 1"):
        update.run(1, 2)
    unused = PreparedQuery(lambda key, slug: Participant.objects.filter(pk=key), int, str)
    with pytest.raises(ValueError, match=r"Arguments \[1\] are not in the query"):
        unused.all(1, "x")
