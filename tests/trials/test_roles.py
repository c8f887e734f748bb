"""Roles: who may do what, and that everyone else is told so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import Client
from django.urls import reverse

from tests.factories import make_study
from trials import services
from trials.models import Study
from trials.roles import Role, may_edit, role_of, studies_of

pytestmark = pytest.mark.django_db


def account(name: str, *roles: str, is_staff: bool = True, **fields: bool) -> User:
    user = User.objects.create(username=name, is_staff=is_staff, **fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_every_role_is_a_group_of_the_site() -> None:
    assert {item.value for item in Role} <= set(Group.objects.values_list("name", flat=True))


def test_the_highest_role_counts_and_none_is_an_analyst() -> None:
    assert role_of(account("a", "analyst", "administrator")) == Role.ADMINISTRATOR
    assert role_of(account("b", "researcher")) == Role.RESEARCHER
    assert role_of(account("c")) == Role.ANALYST
    assert role_of(account("d", is_superuser=True)) == Role.ADMINISTRATOR
    assert role_of(account("e", "researcher", is_staff=False)) is None
    assert role_of(account("f", "researcher", is_active=False)) is None
    assert role_of(AnonymousUser()) is None


def test_researchers_change_their_own_and_shared_studies() -> None:
    study, rita, roy = make_study(), account("rita", "researcher"), account("roy", "researcher")
    services.study_own(study=study, owner=rita)
    assert [may_edit(item, study) for item in (rita, roy)] == [True, False]
    services.study_share(study=study, editors=[roy])
    assert may_edit(roy, study)
    assert [list(studies_of(item)) for item in (rita, roy)] == [[study], [study]]


def test_an_analyst_changes_nothing_even_if_it_is_shared() -> None:
    study, ann = make_study(), account("ann", "analyst")
    services.study_share(study=study, editors=[ann])
    assert not may_edit(ann, study)
    assert not studies_of(ann).exists()


def status(client: Client, page: str) -> int:
    response: Any = client.get(page)
    if response.streaming:  # the export is a file: read to its end it is closed
        assert b"".join(response.streaming_content)
    return int(response.status_code)


STUDY_PAGES = ["study", "edit", "preview", "screen", "copy", "archive"]
PAGES = ["new/", "datasets/", "datasets/new/", "datasets/trees/", "datasets/jobs.json"]


def address(page: str) -> str:
    return reverse(f"studio-{page}", args=["trees"]) if page in STUDY_PAGES else f"/studio/{page}"


@pytest.mark.parametrize("page", [*PAGES, *STUDY_PAGES])
def test_the_right_person_enters_and_others_are_told_why_not(page: str) -> None:
    study = make_study()
    rita, ann, roy = (account(*item) for item in (
        ("rita", "researcher"), ("ann", "analyst"), ("roy", "researcher")
    ))  # fmt: skip
    services.study_own(study=study, owner=rita)
    there = 409 if page == "edit" else 200  # an open study is not edited
    assert status(signed_in(rita), address(page)) == there
    refused = signed_in(ann).get(address(page))
    assert refused.status_code == 403
    assert "You may not see this page" in refused.content.decode()
    assert status(signed_in(roy), address(page)) == (403 if page in STUDY_PAGES else 200)
    stranger = Client().get(address(page))
    assert (stranger.status_code, stranger["Location"].split("?")[0]) == (302, "/login/")


RESULTS = "/studio/study/trees/results/"
POSTS = [
    "/studio/check/",
    "/studio/datasets/imports/1/again/",
    "/studio/datasets/trees/gallery/",
    "/studio/datasets/trees/predict/1/",
    "/studio/study/trees/do/pause/",
    "/studio/study/trees/share/",
    "/studio/study/trees/simulate/",
]


@pytest.mark.parametrize("page", POSTS)
def test_nothing_is_done_for_an_analyst_or_a_stranger(page: str) -> None:
    make_study()
    assert signed_in(account("ann", "analyst")).post(page, {"sure": "yes"}).status_code == 403
    assert Client().post(page, {"sure": "yes"}).status_code == 302
    assert Study.objects.get().status == Study.Status.OPEN


def test_only_the_owner_shares() -> None:
    study, rita, roy = make_study(), account("rita", "researcher"), account("roy", "researcher")
    services.study_own(study=study, owner=rita)
    services.study_share(study=study, editors=[roy])
    assert signed_in(roy).post("/studio/study/trees/share/", {"editors": ""}).status_code == 403
    signed_in(rita).post("/studio/study/trees/share/", {"editors": "rita, roy"})
    assert set(study.editors.all()) == {rita, roy}


def test_sharing_with_an_unknown_name_is_refused_by_name() -> None:
    study, rita = make_study(), account("rita", "researcher")
    services.study_own(study=study, owner=rita)
    page = signed_in(rita).post("/studio/study/trees/share/", {"editors": "nobody"}, follow=True)
    assert "No staff account nobody" in page.content.decode()


def test_only_an_administrator_names_a_folder_of_the_server() -> None:
    page = signed_in(account("rita", "researcher")).get("/studio/datasets/new/")
    assert 'name="root"' not in page.content.decode()
    page = signed_in(account("ada", "administrator")).get("/studio/datasets/new/")
    assert 'name="root"' in page.content.decode()


def test_the_bar_offers_what_a_role_may_see() -> None:
    analyst = signed_in(account("ann", "analyst")).get("/studio/").text
    researcher = signed_in(account("rita", "researcher")).get("/studio/").text
    assert 'href="/studio/"' in analyst
    assert ('href="/studio/datasets/"' in analyst, 'href="/studio/datasets/"' in researcher) == (
        False,
        True,
    )


def test_a_study_s_tabs_are_those_that_a_role_may_open() -> None:
    study, rita = make_study(), account("rita", "researcher")
    services.study_own(study=study, owner=rita)
    found = {
        user.username: re.findall(
            r'<a href="/studio/study/trees/([^"]*)"', strip_of(signed_in(user).get(RESULTS).text)
        )
        for user in (rita, account("ann", "analyst"))
    }
    assert found["ann"] == ["results/", "exports/"]
    assert found["rita"] == ["edit/", "preview/", "", "people/", "monitor/", *found["ann"]]


def strip_of(page: str) -> str:
    """Return the tabs of a study's page."""
    return page.partition('<nav class="strip"')[2].partition("</nav>")[0]


@pytest.mark.parametrize("name", ["", "edit/", "preview/", "people/", "monitor/", "results/"])
def test_the_tab_of_the_page_is_marked(name: str) -> None:
    study, rita = make_study(), account("rita", "researcher")
    services.study_own(study=study, owner=rita)
    strip = strip_of(signed_in(rita).get(f"/studio/study/trees/{name}").text)
    marked = re.findall(r'href="([^"]*)" aria-current="page"', strip)
    assert marked == [f"/studio/study/trees/{name}"]
