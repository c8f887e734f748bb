"""Who gets a place, who is known, and how the counts are explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import enrol, make_plan, make_study
from tests.trials.services.test_services import answer
from trials import services
from trials.models import Condition, Identity, Participant, Study
from trials.participant.recruitment import Arrival
from trials.services.enrolment import related_studies

pytestmark = pytest.mark.django_db
LIVE, PILOT = Participant.Stage.LIVE, Participant.Stage.PILOT


def come(study: Study, person: str, key: str = "", submission: str = "") -> Participant:
    """Let someone with a recruitment id consent."""
    return services.participant_enrol(
        study=study,
        enrolment_key=key or f"{study.slug}-{person}-{submission:-<16}",
        is_simulated=False,
        arrival=Arrival("link", person, submission),
    )


def another(study: Study, slug: str, **changes: Any) -> Study:
    """Open a study on the same predictions."""
    other = services.study_create(slug=slug, dataset=study.dataset, plan=make_plan(**changes))
    services.study_open(study=other)
    return other


def one_place(study: Study) -> Condition:
    """Leave one arm with one place."""
    Condition.objects.filter(study=study).exclude(name="kNN").update(is_on=False)
    Condition.objects.filter(study=study, name="kNN").update(quota=1)
    return Condition.objects.get(study=study, name="kNN")


def places(study: Study, name: str = "kNN", stage: str = LIVE) -> services.ArmPlaces:
    arms = services.arm_places(study, stage=stage)
    return next(arm for arm in arms if arm.condition.name == name)


def silence(participant: Participant) -> None:
    long_ago = timezone.now() - timedelta(minutes=participant.study.plan.idle_minutes + 1)
    Participant.objects.filter(pk=participant.pk).update(last_seen_at=long_ago)


# ---- once ----


@pytest.mark.parametrize("repeat", ["block", "flag", "allow"])
def test_who_is_under_way_goes_on_whatever_the_rule(repeat: str) -> None:
    study = make_study(plan=make_plan(quality={"repeat": repeat}))
    assert come(study, "alice", "k" * 20, "s1") == come(study, "alice", "l" * 20, "s1")


@pytest.mark.parametrize(("first", "then"), [("", ""), ("s1", ""), ("", "s1"), ("s1", "s2")])
@pytest.mark.parametrize("repeat", ["block", "flag", "allow"])
def test_an_id_alone_walks_into_no_session(repeat: str, first: str, then: str) -> None:
    study = make_study(plan=make_plan(quality={"repeat": repeat}))
    come(study, "alice", "k" * 20, first)
    with pytest.raises(services.BegunElsewhere, match="another browser"):
        come(study, "alice", "l" * 20, then)
    assert Participant.objects.count() == 1


def test_who_is_released_begins_anew_and_loses_nothing() -> None:
    study = make_study()
    before = come(study, "alice")
    services.participant_release(participant=before)
    again = come(study, "alice", "l" * 20)
    before.refresh_from_db()
    assert (before.status, before.is_released, again.is_repeat) == ("returned", True, True)
    assert before.trials.count() == again.trials.count()
    assert study.log.filter(action="participant released").count() == 1


def test_a_finished_session_may_be_released_too_and_keeps_its_code() -> None:
    study = make_study()
    done = answer(come(study, "alice"))
    services.participant_release(participant=done)
    assert come(study, "alice", "l" * 20).pk != done.pk
    assert Participant.objects.get(pk=done.pk).code == done.code


def test_who_withdrew_is_not_released() -> None:
    alice = come(make_study(), "alice")
    services.participant_withdraw(participant=alice)
    with pytest.raises(services.StudyRefused, match="withdrew"):
        services.participant_release(participant=alice)


def test_blocked_people_see_their_last_page_again() -> None:
    study = make_study()
    done = answer(come(study, "alice", submission="s1"))
    assert come(study, "alice", "l" * 20, "s1") == done
    with pytest.raises(services.AlreadyTookPart):
        come(study, "alice", "m" * 20)


@pytest.mark.parametrize(("repeat", "is_seen"), [("block", True), ("flag", False)])
def test_a_finished_person_without_a_submission_sees_the_last_page_where_each_comes_once(
    repeat: str, is_seen: bool
) -> None:
    study = make_study(plan=make_plan(quality={"repeat": repeat}))
    done = answer(come(study, "alice", "k" * 20))
    arrival = Arrival("link", "alice", is_proven=True)
    assert services.participant_known(study, arrival) == (done if is_seen else None)


@pytest.mark.parametrize(("repeat", "is_repeat"), [("flag", True), ("allow", False)])
def test_people_who_may_repeat_are_new_and_marked_where_asked(repeat: str, is_repeat: bool) -> None:
    study = make_study(plan=make_plan(quality={"repeat": repeat}))
    done = answer(come(study, "alice"))
    again = come(study, "alice", "l" * 20)
    assert (again != done, again.is_repeat, done.is_repeat) == (True, is_repeat, False)


def test_an_arm_is_no_way_around_the_rule() -> None:
    study = make_study()
    answer(come(study, "alice", submission="s1"))
    with pytest.raises(services.AlreadyTookPart, match="take part once"):
        come(study, "alice", submission="s2")


def test_a_version_knows_the_people_of_the_one_before_and_the_one_after() -> None:
    study = make_study()
    second = services.study_version(study=study)
    services.study_open(study=second)
    third = services.study_version(study=second)
    come(second, "alice")
    for item in (study, third):
        assert related_studies(item) == [study.pk, second.pk, third.pk]
    with pytest.raises(services.AlreadyTookPart):
        come(study, "alice")


def test_studies_of_one_group_know_each_others_people() -> None:
    grouped = {"quality": {"repeat_group": "birds"}}
    study = make_study(plan=make_plan(**grouped))
    other, stranger = another(study, "other", **grouped), another(study, "stranger")
    come(study, "alice")
    with pytest.raises(services.AlreadyTookPart):
        come(other, "alice")
    assert come(stranger, "alice").study == stranger


@pytest.mark.parametrize("group", ["birds", "17"])
def test_whoever_is_known_by_a_long_way_is_known(group: str) -> None:
    study = make_study()
    middle, far = (another(study, name, quality={"repeat_group": group}) for name in "mf")
    Study.objects.filter(pk=middle.pk).update(previous=study)
    last = services.study_open(study=services.study_version(study=far))
    come(last, "alice")
    assert related_studies(study) == related_studies(last) == [study.pk, middle.pk, far.pk, last.pk]
    with pytest.raises(services.AlreadyTookPart):
        come(study, "alice")


def test_the_id_itself_is_kept_apart_from_the_answers() -> None:
    alice = come(make_study(), "alice-the-worker")
    assert "alice" not in str(Participant.objects.values().exclude(enrolment_key="").get()).replace(
        alice.enrolment_key, ""
    )
    assert Identity.objects.get().person_id == "alice-the-worker"


def test_a_page_that_someone_else_sent_is_refused() -> None:
    study = make_study()
    come(study, "alice", "k" * 20)
    with pytest.raises(services.PageTaken, match="open the link again"):
        come(study, "bob", "k" * 20)


def test_people_without_an_id_are_never_taken_for_each_other() -> None:
    study = make_study()
    assert enrol(study, "one") != enrol(study, "two")


# ---- places ----


def test_a_full_study_says_whether_waiting_helps() -> None:
    study = make_study()
    one_place(study)
    alice = enrol(study, "alice")
    with pytest.raises(services.StudyFull, match="may become free again") as full:
        enrol(study, "bob")
    assert not full.value.is_for_good
    answer(alice)
    with pytest.raises(services.StudyFull, match="all the people it wanted") as full:
        enrol(study, "bob")
    assert full.value.is_for_good


@pytest.mark.parametrize("leave", ["returned", "timed_out", "failed", "silent", "withdrawn"])
def test_whoever_leaves_frees_the_place(leave: str) -> None:
    study = make_study()
    one_place(study)
    alice = enrol(study, "alice")
    if leave == "returned":
        services.participant_return(participant=alice)
    elif leave == "timed_out":
        services.participant_time_out(participant=alice)
    elif leave == "failed":
        answer(alice, n_wrong=4)
    elif leave == "silent":
        silence(alice)
    else:
        services.participant_withdraw(participant=answer(alice))
    assert enrol(study, "bob").condition.name == "kNN"


def test_a_session_past_the_time_limit_holds_no_place() -> None:
    study = make_study(plan=make_plan(max_minutes=30))
    one_place(study)
    enrol(study, "alice")
    Participant.objects.update(consented_at=timezone.now() - timedelta(minutes=31))
    assert (places(study).silent, places(study).free) == (1, 1)
    enrol(study, "bob")


def test_who_comes_back_late_finishes_and_the_count_says_so() -> None:
    study = make_study()
    one_place(study)
    alice = enrol(study, "alice")
    silence(alice)
    answer(enrol(study, "bob"))
    answer(alice)
    arm = places(study)
    assert (arm.completed, arm.held, arm.free, arm.beyond) == (2, 2, 0, 1)
    with pytest.raises(services.StudyFull):
        enrol(study, "carol")


def test_every_person_is_counted_once_in_the_arms() -> None:
    study = make_study()
    people = [enrol(study, f"person{n}") for n in range(12)]
    answer(people[0])
    answer(people[1], n_wrong=4)
    services.participant_return(participant=people[2])
    services.participant_time_out(participant=people[3])
    services.participant_withdraw(participant=people[4])
    silence(people[5])
    names = [
        "completed", "under_way", "silent", "failed_validation", "failed_attention",
        "timed_out", "returned", "withdrawn",
    ]  # fmt: skip
    arms = services.arm_places(study, stage=LIVE)
    totals = [sum(getattr(arm, name) for arm in arms) for name in names]
    assert totals == [1, 6, 1, 1, 0, 1, 1, 1]
    assert arms[0].free is None


def test_a_pilots_people_take_no_place_of_the_study() -> None:
    study = make_study()
    one_place(study)
    services.study_pause(study=study)
    services.study_pilot(study=study)
    pilot = answer(enrol(study, "alice"))
    services.study_open(study=study)
    live = enrol(study, "bob")
    assert (pilot.stage, live.stage) == (PILOT, LIVE)
    assert (places(study, stage=PILOT).completed, places(study).under_way) == (1, 1)


def test_robots_fill_places_of_their_own() -> None:
    study = make_study()
    one_place(study)
    enrol(study, "robot", is_simulated=True)
    enrol(study, "alice")
    with pytest.raises(services.StudyFull):
        enrol(study, "robot2", is_simulated=True)
    assert places(study).held == 1


def test_an_arm_that_is_off_gets_nobody_and_offers_nothing() -> None:
    study = make_study()
    arm = Condition.objects.get(name="kNN")
    services.condition_switch(condition=arm, is_on=False)
    people = [enrol(study, f"person{n}") for n in range(10)]
    assert arm not in [person.condition for person in people]
    assert places(study).free == 0


def test_excluding_someone_from_the_analysis_frees_no_place() -> None:
    study = make_study()
    one_place(study)
    done = answer(enrol(study, "alice"))
    services.participant_exclude(participant=done, reason="a test of ours")
    assert places(study).free == 0
