"""Every address of the site, found by itself: the right person, the wrong one, bad input."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import enrol, make_study
from trials import services
from trials.models import Participant, Response, Study, StudyLog

pytestmark = pytest.mark.django_db

PUBLIC = {
    "consent", "next-person", "session", "stop", "events", "study-schema", "crop", "login",
    "logout",
}  # fmt: skip
ARGUMENTS = {
    "slug": "trees", "pk": 1, "who": "p0001", "position": 0, "token": "x" * 20, "name": "pause",
    "kind": "svg",
}  # fmt: skip
# What browsers and scanners send: nothing, nonsense, a byte that PostgreSQL refuses, too much.
NONSENSE = ["", "\x00", "<script>", "../../etc/passwd", "9" * 40, "-1", "ä" * 5000]
FIELDS = [
    "page", "part", "stage", "robots", "state", "condition", "reached", "flag", "simulated", "at",
    "analysed", "step", "answer", "answers", "events", "agree", "arrival", "enrolment_key", "pid",
    "text", "slug", "template", "file", "name", "editors", "number", "is_on", "sure", "n", "seed",
    "username", "password", "next", "classifier", "backbone", "device_width", "rt_ms", "payment",
]  # fmt: skip


def patterns(
    resolver: URLResolver, above: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every address's name with the names of its arguments."""
    for each in resolver.url_patterns:
        wanted = above | frozenset(each.pattern.converters)
        if isinstance(each, URLPattern):
            yield each.name or "", wanted
        elif each.app_name != "admin":
            yield from patterns(each, wanted)


VIEWS = {name: wanted for name, wanted in patterns(get_resolver()) if name}


# What every account on the staff may see.
STAFF = {
    "studio", "studio-results", "studio-table", "studio-figure", "studio-lift-blind",
    "studio-exports", "studio-export-file",
}  # fmt: skip
RESEARCHERS = VIEWS.keys() - PUBLIC - STAFF


def address(name: str, **changes: str) -> str:
    return reverse(name, kwargs={key: (ARGUMENTS | changes)[key] for key in VIEWS[name]})


@pytest.fixture
def study() -> Study:
    """A study of Rita's in which somebody has begun."""
    study = make_study()
    services.study_own(study=study, owner=account("rita", "researcher"))
    enrol(study)
    return study


def account(name: str, role: str) -> User:
    user = User.objects.create(username=name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def browser(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def stored() -> tuple[object, ...]:
    """Return all that a request could change without leave."""
    return (
        *Study.objects.values_list("status", "document_sha256", "owner"),
        *Participant.objects.values_list("status", "payment", "exclusion", "step"),
        Response.objects.count(), StudyLog.objects.count(),
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(VIEWS.keys() - PUBLIC))
def test_a_stranger_sees_and_changes_nothing(study: Study, name: str) -> None:
    before = stored()
    for answer in (browser(None).get(address(name)), browser(None).post(address(name))):
        assert answer.status_code in {302, 405}
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/login/?next=")
    assert stored() == before


@pytest.mark.parametrize("name", sorted(RESEARCHERS))
def test_an_analyst_changes_nothing(study: Study, name: str) -> None:
    client, before = browser(account("ann", "analyst")), stored()
    for answer in (client.get(address(name)), client.post(address(name), {"sure": "yes"})):
        assert answer.status_code in {403, 405}
    assert stored() == before


@pytest.mark.parametrize("name", sorted(each for each in RESEARCHERS if "study/" in address(each)))
def test_a_colleague_does_not_enter_a_study_that_is_not_shared(study: Study, name: str) -> None:
    client, before = browser(account("roy", "researcher")), stored()
    for answer in (client.get(address(name)), client.post(address(name), {"sure": "yes"})):
        assert answer.status_code in {403, 405}
    assert stored() == before


@pytest.mark.parametrize("name", sorted(each for each in VIEWS if "slug" in VIEWS[each]))
def test_what_does_not_exist_is_not_found(study: Study, name: str) -> None:
    client = browser(User.objects.get(username="rita"))
    for answer in (client.get(address(name, slug="nope")), client.post(address(name, slug="nope"))):
        assert answer.status_code in {404, 405}


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_nonsense_is_answered_and_never_a_failure(study: Study, name: str) -> None:
    client = browser(User.objects.get(username="rita"))
    for value in NONSENSE:
        typed = dict.fromkeys(FIELDS, value)
        for answer in (client.get(address(name), typed), client.post(address(name), typed)):
            assert answer.status_code < 500, value
            if answer.streaming:  # a file: read to its end it is closed
                assert b"".join(answer)
