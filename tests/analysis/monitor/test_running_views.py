"""The researcher's pages while a study runs: who may, what they count, what they change."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analysis.codebook.codebook import PARTICIPANTS
from analysis.monitor.reader import running_read
from analysis.rows.frame import StudyRows
from analysis.tables.consort import consort_table
from analysis.tables.tidy import frame_of
from tests.analysis.monitor.pages import ALICE, DO, LIVE, PEOPLE, alice, cells, member
from tests.factories import enrol
from tests.trials.services.test_flags import play
from trials import services
from trials.models import Participant, Study

pytestmark = pytest.mark.django_db
READS = [LIVE, f"{LIVE}?part=1", PEOPLE, ALICE, f"{DO}withdraw/"]
WRITES = [f"{LIVE}switch/0/", f"{DO}return/", f"{DO}pay/", f"{DO}exclude/", f"{DO}withdraw/"]


@pytest.mark.parametrize("page", READS)
def test_strangers_are_sent_to_the_login(client: Client, study: Study, page: str) -> None:
    assert client.get(page)["Location"].startswith("/login/")


@pytest.mark.parametrize("page", [*READS, *WRITES])
@pytest.mark.parametrize("role", ["analyst", "researcher"])
def test_others_are_refused_in_words_and_change_nothing(
    client: Client, study: Study, page: str, role: str
) -> None:
    client.force_login(member("otto", role))
    answer = client.get(page) if page in READS else client.post(page, {"number": 1, "is_on": "0"})
    assert answer.status_code == 403
    assert "This page is for the owner of trees" in answer.text
    assert "PID-alice" not in answer.text
    assert (alice().status, alice().payment) == ("active", "none")


@pytest.mark.parametrize("page", READS)
def test_whoever_may_change_the_study_sees_its_people(browser: Client, page: str) -> None:
    answer = browser.get(page)
    assert answer.status_code == 200
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", answer.text)


@pytest.mark.parametrize(
    "page",
    ["/studio/study/none/monitor/", f"{PEOPLE}p0009/", f"{PEOPLE}x1/", f"{PEOPLE}r0001/",
     f"{DO}promote/"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(browser: Client, page: str) -> None:
    assert browser.get(page).status_code == 404


def test_places_are_told_by_condition(browser: Client, study: Study) -> None:
    arm = alice().condition
    play(study, "bob")
    Participant.objects.filter(number=2).update(condition=arm)
    late = timezone.now() - timedelta(minutes=31)
    enrol(study, "carol")
    Participant.objects.filter(number=3).update(condition=arm, last_seen_at=late)
    assert cells(browser.get(LIVE).text, arm.name)[:5] == ["no limit", "1", "1", "1", "no limit"]


def test_the_pilot_and_robots_are_counted_apart(browser: Client, study: Study) -> None:
    enrol(study, "robot", is_simulated=True)
    assert len(running_read(study).people) == 1
    assert len(running_read(study, is_simulated=True).people) == 1
    assert running_read(study, stage="pilot").people == []
    assert "simulated people</strong>" in browser.get(f"{LIVE}?robots=1").text
    assert "<dd>0</dd>" in browser.get(f"{LIVE}?stage=pilot").text


@pytest.mark.parametrize(("page", "query"), [(LIVE, "?robots=1"), (PEOPLE, "?robots=on")])
def test_a_page_of_people_says_that_it_leaves_robots_out(
    browser: Client, study: Study, page: str, query: str
) -> None:
    assert "left out." not in browser.get(page).text
    enrol(study, "robot", is_simulated=True)
    said = browser.get(page).text
    assert "1 simulated person is left out." in said
    (shown,) = re.findall(r'<a href="(\?[^"]*)">Show it</a>', said)
    assert "robots=1" in shown
    assert ">r0001<" in browser.get(PEOPLE + shown.replace("&amp;", "&")).text
    assert "left out." not in browser.get(page + query).text


@pytest.mark.parametrize("query", ["?stage=nowhere", "?robots=x", "?part="])
def test_a_wrong_address_end_shows_the_page_as_it_stands(browser: Client, query: str) -> None:
    assert "<dt>Started</dt><dd>1</dd>" in browser.get(LIVE + query).text


def test_no_answer_and_no_accuracy_is_on_the_pages(browser: Client, study: Study) -> None:
    play(study, "bob")
    for page in (LIVE, PEOPLE, f"{PEOPLE}p0002/"):
        text = browser.get(page).text.lower()
        assert "accuracy" not in text
        assert not re.search(r"<td[^>]*>\s*(yes|no|correct|wrong)\b(?! limit)", text)


def test_low_pay_is_warned_of_at_the_median_time(browser: Client, study: Study) -> None:
    play(study, "bob")
    begun = timezone.now() - timedelta(minutes=12)
    Participant.objects.filter(number=2).update(consented_at=begun, finished_at=timezone.now())
    page = browser.get(LIVE).text
    assert "12.0 min" in page
    assert "GBP 5.00" in page
    assert "Less than GBP 6.00 an hour" in page


def test_the_flow_agrees_with_the_exports(study: Study) -> None:
    for n in range(3):
        play(study, f"person{n}")
    services.participant_return(participant=enrol(study, "dora"))
    rows = frame_of(PARTICIPANTS, StudyRows(study).participants())
    names = [condition.name for condition in study.conditions.all()]
    table = consort_table(rows, names)
    wholes = table[table["reason"].isna()].groupby("meaning")["n_participants"].sum()
    found = [item for item in running_read(study).flow[:-1] if not item.is_part]
    assert {item.words: item.total for item in found} == {
        str(words): n
        for words, n in wholes.items()
        if "exclu" not in str(words) and "kept" not in str(words)
    }


def test_errors_are_told_with_their_person(browser: Client, study: Study) -> None:
    study.page_errors.create(participant=alice(), path="/s/trees/", kind="KeyError", message="…")
    page = browser.get(LIVE).text
    assert "<code>KeyError: …</code>" in page
    assert f'<a href="{ALICE}">p0001</a>' in page


def test_a_condition_is_switched_off_and_on_and_logged(browser: Client, study: Study) -> None:
    for value, said in (("0", "gets no new people"), ("1", "gets new people")):
        page = browser.post(f"{LIVE}switch/0/", {"is_on": value}, follow=True).text
        assert said in page
        assert study.conditions.get(position=0).is_on == (value == "1")
    assert study.log.filter(user__username="rita").count() == 2


@pytest.mark.parametrize(("path", "status"), [("switch/0/", 200), ("switch/77/", 404)])
def test_a_switch_of_nothing_or_to_nowhere_changes_nothing(
    browser: Client, study: Study, path: str, status: int
) -> None:
    assert browser.post(LIVE + path, {"is_on": "maybe"}, follow=True).status_code == status
    assert all(study.conditions.values_list("is_on", flat=True))


def test_who_failed_the_validation_is_shown_in_it_and_not_in_the_test(browser: Client) -> None:
    person = alice()
    while person.is_active:
        step = person.script[person.step]
        is_yes = None
        if step.kind == "trial":
            is_yes = not services.trial_of(person, step).prediction.is_right
        sent = services.Submission(step=person.step, is_yes=is_yes)
        person = services.participant_advance(participant=person, submission=sent)
    assert person.status == Participant.Status.FAILED_VALIDATION
    page = browser.get(PEOPLE).text
    assert "11 of 19: validation 4" in page
    assert "before test" not in page
    found = [
        ALICE in browser.get(f"{PEOPLE}?reached={part}").text for part in ("validation", "test")
    ]
    assert found == [True, False]
    rows = {stage.stage: stage for stage in running_read(Study.objects.get()).stages}
    assert (rows["validation"].n_ended, rows["test"].n_reached) == (1, 0)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {1, 2, 3}), ("?state=completed", {2}), ("?state=silent", {3}), ("?state=active", {1}),
        ("?reached=debrief", {2}), ("?reached=introduction", {1, 3}), ("?stage=pilot", set()),
        ("?flag=any", set()), ("?robots=on", set()), ("?state=lost", {1, 2, 3}),
    ],
)  # fmt: skip
def test_the_list_is_narrowed(browser: Client, study: Study, query: str, shown: set[int]) -> None:
    play(study, "bob")
    enrol(study, "carol")
    late = timezone.now() - timedelta(minutes=31)
    Participant.objects.filter(number=3).update(last_seen_at=late)
    page = browser.get(PEOPLE + query).text
    assert {int(n) for n in re.findall(r"people/p(\d+)/", page)} == shown
    assert ("This filter is ignored" in page) == ("lost" in query)


def test_the_list_is_narrowed_to_a_condition(browser: Client, study: Study) -> None:
    own, other = alice().condition, study.conditions.exclude(pk=alice().condition_id)[0]
    assert "p0001" in browser.get(PEOPLE, {"condition": own.name}).text
    assert "p0001" not in browser.get(PEOPLE, {"condition": other.name}).text


def test_a_long_list_has_pages(
    browser: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.monitor.people.N_A_PAGE", 1)
    enrol(study, "bob")
    for number, who in (("1", "p0001"), ("2", "p0002"), ("nine", "p0001")):
        found = re.findall(r"people/(p\d+)/", browser.get(f"{PEOPLE}?page={number}").text)
        assert found == [who]


@pytest.mark.parametrize("page", [LIVE, PEOPLE, f"{PEOPLE}?flag=repeat&state=active", ALICE])
def test_queries_do_not_grow_with_the_people(browser: Client, study: Study, page: str) -> None:
    counts = []
    for name in ("bob", "carol", "dora"):
        enrol(study, name)
        Participant.objects.update(is_repeat=True)
        with CaptureQueriesContext(connection) as queries:
            browser.get(page)
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 25
