"""Who may see the staff's pages, and who lifts the blind."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import Settings

from analysis.blind import arm_labels
from analysis.models import BlindLift
from tests.analysis.people import make_study, person
from tests.analysis.staff_pages import cells_of, lifted

PAGE = "/studio/study/birds/results/"
pytestmark = pytest.mark.django_db
PAGES = [
    "/studio/",
    PAGE,
    f"{PAGE}codebook.csv",
    f"{PAGE}figure/accuracy.svg",
]
LIFT = f"{PAGE}lift-blind/"
ARMS = ("ResNet-50", "kNN")


@pytest.mark.parametrize("page", [*PAGES, LIFT])
def test_a_stranger_is_sent_to_the_login(client: Client, page: str) -> None:
    make_study()
    response = client.get(page)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={page}")


@pytest.mark.parametrize("page", [*PAGES, LIFT])
def test_an_account_that_is_not_staff_is_refused(client: Client, page: str) -> None:
    make_study()
    client.force_login(User.objects.create(username="pat"))
    response = client.get(page, follow=True)
    assert "who may not see this page" in response.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_pages_cannot_be_posted_to_nor_kept_by_a_proxy(staff: Client, page: str) -> None:
    make_study()
    assert staff.post(page).status_code == 405
    assert "no-store" in staff.get(page)["Cache-Control"]


@pytest.fixture
def _quick_passwords(settings: Settings) -> None:
    """Hash passwords in no time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.usefixtures("_quick_passwords")
def test_staff_sign_in_and_out(client: Client) -> None:
    User.objects.create_user("sam", password="correct horse", is_staff=True)
    fields = {"username": "sam", "password": "correct horse", "next": "/studio/"}
    assert client.get("/login/").status_code == 200
    assert client.post("/login/", fields)["Location"] == "/studio/"
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/studio/").status_code == 302


@pytest.mark.usefixtures("_quick_passwords")
def test_the_login_says_why_an_account_that_is_not_staff_cannot_enter(client: Client) -> None:
    User.objects.create_user("pat", password="correct horse")
    response = client.post("/login/", {"username": "pat", "password": "correct horse"})
    assert "for a staff account" in response.content.decode()


def test_asking_to_lift_the_blind_changes_nothing(chief: Client) -> None:
    make_study()
    page = chief.get(LIFT).text
    assert "The site records that <strong>sam</strong> lifted the blind" in page
    assert "It cannot be undone" in page
    assert '<button class="button button--final" type="submit">Lift the blind' in page
    assert not BlindLift.objects.exists()


def test_a_lift_shows_the_conditions_and_who_lifted(chief: Client) -> None:
    study = make_study()
    for name in ARMS:
        person(study, name, "1", "1")
    assert cells_of(chief.get(PAGE).text, "Accuracy", arm_labels(study, ARMS)["kNN"])
    assert chief.post(LIFT, {"stage": "live"})["Location"] == PAGE
    page = chief.get(PAGE).text
    assert cells_of(page, "Accuracy", "kNN")[0] == "1"
    assert "The blind was lifted by sam" in page
    assert "Arm A" not in page


def test_a_second_lift_changes_nothing(chief: Client) -> None:
    lifted(make_study())
    assert chief.get(LIFT)["Location"] == PAGE
    chief.post(LIFT, {"stage": "live"})
    assert BlindLift.objects.get().user.username == "lea"


@pytest.mark.parametrize("role", ["analyst", "researcher"])
def test_only_who_may_edit_the_study_lifts_its_blind(staff: Client, role: str) -> None:
    make_study()
    User.objects.get(username="sam").groups.add(Group.objects.get(name=role))
    assert f'href="{LIFT}"' not in staff.get(PAGE).text
    assert (staff.get(LIFT).status_code, staff.post(LIFT, {"stage": "live"}).status_code) == (
        403,
        403,
    )
    assert not BlindLift.objects.exists()


@pytest.mark.parametrize("names", [["kNN"], ["ResNet-50"], []])
def test_while_an_arm_has_nobody_no_arm_has_a_number(staff: Client, names: list[str]) -> None:
    study = make_study()
    for name in names:
        person(study, name, "1", "1")
    page = staff.get(PAGE).text
    assert "Numbers by arm appear when somebody has completed in every condition." in page
    assert "Arm A: no data. Arm B: no data." in page


def test_a_lift_needs_a_form_of_this_site() -> None:
    make_study()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create(username="sam", is_staff=True))
    assert strict.post(LIFT).status_code == 403
    assert not BlindLift.objects.exists()
