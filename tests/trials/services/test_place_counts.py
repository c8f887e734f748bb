"""Stored counts of places equal a count of everybody, whoever comes, finishes and leaves."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import enrol, make_plan, make_study
from tests.trials.services.test_services import answer
from trials import services
from trials.models import Participant, PlaceCount, Study
from trials.services import place_counts
from trials.services.place_counts import places_of, places_recount
from trials.services.quotas import places_held

pytestmark = pytest.mark.django_db
LIVE = Participant.Stage.LIVE
LATER = place_counts.MARGIN + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_counts, "REFRESH", 2)


def counted(study: Study, now: datetime) -> tuple[Counter[tuple[int, int, str]], ...]:
    return places_of(study, stage=LIVE, is_simulated=False, now=now)


def recounted(study: Study, now: datetime) -> tuple[Counter[tuple[int, int, str]], ...]:
    """The oracle: everybody, one by one."""
    people = Participant.objects.filter(study=study, stage=LIVE, is_simulated=False)
    keys = ("condition", "trial_set", "sequence")
    done = people.filter(status="completed").values_list(*keys)
    return Counter(done), Counter(places_held(study, people, now).values_list(*keys))


def store(study: Study) -> datetime:
    """Store a count as an enrolment does, after the margin."""
    now = timezone.now() + LATER
    places_recount(study, stage=LIVE, is_simulated=False, now=now)
    return now


def test_a_stored_count_and_those_who_finish_later_are_everybody() -> None:
    study = make_study()
    people = [enrol(study, f"person{n}") for n in range(6)]
    for person in people[:3]:
        answer(person)
    now = store(study)
    assert sum(PlaceCount.objects.get().places.values()) == 3
    Participant.objects.filter(pk=answer(people[3]).pk).update(finished_at=now)
    assert counted(study, now) == recounted(study, now)


def test_a_count_is_stored_after_many_completions_only() -> None:
    study = make_study()
    answer(enrol(study, "alice"))
    store(study)
    assert not PlaceCount.objects.exists()


def test_who_finished_a_moment_ago_is_not_in_the_stored_count() -> None:
    study = make_study()
    for name in ("alice", "bob"):
        answer(enrol(study, name))
    places_recount(study, stage=LIVE, is_simulated=False, now=timezone.now())
    assert not PlaceCount.objects.exists()


def test_whoever_withdraws_leaves_the_stored_count() -> None:
    study = make_study()
    people = [answer(enrol(study, f"person{n}")) for n in range(3)]
    now = store(study)
    services.participant_withdraw(participant=people[0])
    assert counted(study, now) == recounted(study, now)
    assert sum(counted(study, now)[0].values()) == 2


def test_a_full_study_is_full_by_its_stored_count() -> None:
    conditions = [{**each, "quota": 1} for each in make_plan().document["conditions"]]
    study = make_study(plan=make_plan(conditions=conditions))
    for number in range(len(conditions)):
        answer(enrol(study, f"person{number}"))
    store(study)
    with pytest.raises(services.StudyFull, match="all the people"):
        enrol(study, "late")


def test_a_stored_count_knows_the_orders_of_blocks_and_reads_counts_without_them() -> None:
    stored = PlaceCount(counts=[[1, 2, "2 1", 3], [1, 2, "1 2", 4]])
    assert stored.places == {(1, 2, "2 1"): 3, (1, 2, "1 2"): 4}
    assert PlaceCount(counts=[[1, 2, 3]]).places == {(1, 2, ""): 3}
