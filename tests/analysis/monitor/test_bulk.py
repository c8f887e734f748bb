"""Several people at once: their codes as a file, and notes of payment."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from tests.factories import enrol, make_study
from trials import services
from trials.models import Identity, Participant, Study

PEOPLE = "/studio/study/trees/people/"
DO = f"{PEOPLE}selected/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """A study with Ann and Ben, who completed, Cem, who is under way, and a robot."""
    study = make_study()
    for name in ("ann", "ben", "cem"):
        person = enrol(study, name)
        ids = {"person_id": f"PID-{name}", "submission_id": f"SUB-{name}"}
        Identity.objects.create(participant=person, channel="prolific", **ids)
    enrol(study, "robot", is_simulated=True)
    ended = Participant.objects.filter(number__in=(1, 2), is_simulated=False)
    ended.update(status="completed", code="CODE", finished_at=timezone.now())
    return study


@pytest.fixture
def browser(client: Client, study: Study) -> Client:
    """The browser of the study's owner."""
    user = User.objects.create(username="rita", is_staff=True)
    user.groups.add(Group.objects.get(name="researcher"))
    services.study_own(study=study, owner=user)
    client.force_login(user)
    return client


def payments() -> list[str]:
    people = Participant.objects.filter(is_simulated=False).order_by("number")
    return list(people.values_list("payment", flat=True))


def test_only_the_selected_people_are_noted_as_paid_and_each_is_logged(
    browser: Client, study: Study
) -> None:
    posted = {"do": "pay", "payment": "paid", "who": ["p0001", "p0003", "p0099"]}
    page = browser.post(DO, posted, follow=True).text
    assert "Payment paid: noted for 2 of 2 people." in page
    assert payments() == ["paid", payments()[1], "paid"]
    assert payments()[1] != "paid"
    logged = study.log.filter(action="participant payment").values_list("detail", flat=True)
    assert {row.split()[0] for row in logged} == {"1", "3"}


def test_everybody_means_those_whom_the_filter_shows(browser: Client) -> None:
    posted = {"do": "pay", "payment": "paid", "everybody": "1"}
    browser.post(f"{DO}?state=completed", posted)
    assert [payment == "paid" for payment in payments()] == [True, True, False]


def test_the_codes_of_those_who_ended_are_a_file_and_its_reading_is_logged(
    browser: Client, study: Study
) -> None:
    answer = browser.post(DO, {"do": "codes", "everybody": "1"})
    assert 'filename="trees-codes.csv"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["participant_id"], row["submission_id"], row["code"]) for row in rows] == [
        ("PID-ann", "SUB-ann", "CODE"), ("PID-ben", "SUB-ben", "CODE"),
    ]  # fmt: skip
    Identity.objects.filter(person_id="PID-ann").update(person_id="=1+1")
    assert "\r\n'=1+1,SUB-ann,CODE," in browser.post(DO, {"do": "codes", "who": "p0001"}).text
    entries = study.log.filter(action="codes read").values_list("user__username", "detail")
    assert set(entries) == {("rita", "of 2"), ("rita", "of 1")}


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"do": "pay", "payment": "paid"}, "Nobody is selected"),
        ({"do": "pay", "payment": "all", "who": "p0001"}, "expected codes or pay"),
        ({"do": "explode", "who": "p0001"}, "expected codes or pay"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_is_said(
    browser: Client, posted: dict[str, str], said: str
) -> None:
    before = payments()
    assert said in browser.post(DO, posted, follow=True).text
    assert payments() == before


def test_an_analyst_neither_pays_nor_reads_codes(client: Client, study: Study) -> None:
    analyst = User.objects.create(username="ana", is_staff=True)
    client.force_login(analyst)
    assert client.post(DO, {"do": "codes", "everybody": "1"}).status_code == 403
