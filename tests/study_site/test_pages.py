"""Pages that belong to no room: the first one, errors, the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.factories import enrol, make_study
from trials.models import Study
from trials.participant import identity

pytestmark = pytest.mark.django_db

LISTS = ["category", "dataset", "image", "gallery", "predictionrun", "prediction"]


@pytest.fixture
def admin(client: Client) -> Client:
    """Sign an administrator in."""
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


def test_the_first_page_leads_staff_to_their_studies(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/studio/"


def test_an_unknown_address_says_what_to_do(client: Client) -> None:
    page = client.get("/nothing/here/")
    assert page.status_code == 404
    assert "does not exist" in page.text


def test_a_failure_tells_the_person_that_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    make_study()

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(identity, "_person_of", fail)
    page = Client(raise_request_exception=False).get("/s/trees/session/")
    assert page.status_code == 500
    assert "Your answers so far are stored" in page.text
    assert "disk" not in page.text


@pytest.mark.parametrize(
    ("address", "said"),
    [("/s/trees/events/", "Something went wrong"), ("/studio/study/trees/simulate/", "a button")],
)
def test_an_address_that_takes_posts_only_says_so(client: Client, address: str, said: str) -> None:
    make_study()
    page = client.get(address)
    assert (page.status_code, said in page.text) == (405, True)


def test_what_cannot_be_read_is_refused_in_the_persons_language(client: Client) -> None:
    make_study()
    fields = {f"field{number}": "" for number in range(1_001)}
    page = client.post("/s/trees/", fields, headers={"Accept-Language": "de"})
    assert page.status_code == 400
    assert "ist schiefgegangen" in page.text


@pytest.mark.parametrize(
    ("method", "address", "status"), [("GET", "/studio/no/", 404), ("POST", "/login/", 403)]
)
def test_an_error_of_the_staff_leads_back_to_the_studies(
    method: str, address: str, status: int
) -> None:
    page = Client(enforce_csrf_checks=True).generic(method, address)
    assert page.status_code == status
    assert 'href="/studio/">To the studies' in page.text


@pytest.mark.parametrize("name", [*LISTS, "study", "participant"])
def test_the_admin_shows_every_table_and_adds_to_none(admin: Client, name: str) -> None:
    enrol(make_study())
    room = "trials" if name in {"study", "participant"} else "classifiers"
    assert admin.get(f"/admin/{room}/{name}/").status_code == 200
    refused = admin.get(f"/admin/{room}/{name}/add/")
    assert (refused.status_code, "You may not do this" in refused.text) == (403, True)


def test_the_admin_changes_no_study(admin: Client) -> None:
    study = make_study()
    path = f"/admin/trials/study/{study.pk}/change/"
    assert admin.post(path, {"status": "closed", "slug": "other"}).status_code == 403
    assert Study.objects.get().status == "open"


@pytest.mark.parametrize("path", ["delete", "change"])
def test_the_admin_deletes_no_study_and_no_answer(admin: Client, path: str) -> None:
    alice = enrol(make_study())
    assert admin.post(f"/admin/trials/participant/{alice.pk}/{path}/").status_code == 403
    assert admin.post(f"/admin/trials/study/{alice.study_id}/delete/").status_code == 403
