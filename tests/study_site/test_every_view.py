"""Every address of the site, found by itself: the right person, the wrong one, bad input."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from analysis.blind import blind_lift
from analysis.rows.overview import stage_shown
from tests.factories import enrol, make_study
from tests.trials.services.test_flags import play
from trials import services
from trials.models import Participant, Response, Study, StudyLog

pytestmark = pytest.mark.django_db

PUBLIC = {
    "consent", "next-person", "session", "stop", "events", "study-schema", "crop", "login",
    "logout", "mask", "panel-file", "docs", "whole-photo",
}  # fmt: skip
ARGUMENTS = {
    "slug": "trees", "pk": 1, "who": "p0001", "position": 0, "token": "x" * 20, "name": "pause",
    "kind": "svg", "path": "index.html", "size": "screen",
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
    for url_pattern in resolver.url_patterns:
        wanted = above | frozenset(url_pattern.pattern.converters)
        if isinstance(url_pattern, URLPattern):
            yield url_pattern.name or "", wanted
        elif url_pattern.app_name != "admin":
            yield from patterns(url_pattern, wanted)


VIEWS = {name: wanted for name, wanted in patterns(get_resolver()) if name}


# What every account on the staff may see.
STAFF = {
    "studio", "studio-results", "studio-table", "studio-figure",
    "studio-exports", "studio-export-file", "studio-metrics",
}  # fmt: skip
RESEARCHERS = VIEWS.keys() - PUBLIC - STAFF


def address(name: str, /, **changes: str) -> str:
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


@pytest.mark.parametrize("name", sorted(item for item in RESEARCHERS if "study/" in address(item)))
def test_a_colleague_does_not_enter_a_study_that_is_not_shared(study: Study, name: str) -> None:
    client, before = browser(account("roy", "researcher")), stored()
    for answer in (client.get(address(name)), client.post(address(name), {"sure": "yes"})):
        assert answer.status_code in {403, 405}
    assert stored() == before


@pytest.mark.parametrize("name", sorted(item for item in VIEWS if "slug" in VIEWS[item]))
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


REAL_NAMES = {
    "studio-table": "accuracy", "studio-figure": "accuracy", "studio-person-act": "pay",
    "studio-act": "close",
}  # fmt: skip
STATES = [
    ("draft", "nobody"), ("pilot", "nobody"), ("pilot", "under way"), ("open", "nobody"),
    ("open", "under way"), ("open", "all excluded"), ("paused", "under way"),
    ("paused", "all excluded"), ("closed", "nobody"), ("closed", "under way"),
    ("closed", "all excluded"),
]  # fmt: skip


# Elsewhere the owner and an analyst stand for those who may change the study and those who may not.
EVERY_ROLE = [("draft", "nobody"), ("open", "under way")]


def study_in(status: str, people: str) -> Study:
    """Return Rita's study in a state, with people of one kind."""
    rita = account("rita", "researcher")
    study = make_study()
    if people == "under way":
        enrol(study)
    elif people == "all excluded":
        services.participant_exclude(participant=play(study, "alice"), reason="asked to")
    if status == "draft":
        document, dataset = study.document, study.dataset
        Study.objects.update(slug="other")
        return services.study_draft(slug="trees", dataset=dataset, document=document, user=rita)
    Participant.objects.update(stage="pilot" if status == "pilot" else "live")
    Study.objects.update(status=status, owner=rita)
    return Study.objects.get()


def walk(client: Client) -> None:
    """Open every address of the study, and send an empty form to it."""
    for name in sorted(VIEWS.keys() - {"logout"}):
        changes = {"name": REAL_NAMES[name]} if name in REAL_NAMES else {}
        for answer in (client.get(address(name, **changes)), client.post(address(name, **changes))):
            assert answer.status_code < 500, name
            if answer.streaming:  # a file: read to its end it is closed
                assert b"".join(answer)


@pytest.mark.parametrize(
    ("status", "people"),
    [
        # A walk takes seconds: on another database, the two states that every role sees are enough.
        pytest.param(*state, marks=() if state in EVERY_ROLE else pytest.mark.one_database)
        for state in STATES
    ],
)
def test_every_view_answers_in_every_state_for_every_role(status: str, people: str) -> None:
    study = study_in(status, people)
    users = [study.owner, account("ann", "analyst")]
    if (status, people) in EVERY_ROLE:
        users += [None, account("roy", "researcher"), account("ada", "administrator")]
    for user in users:
        walk(browser(user))
    if study.is_frozen:
        study.refresh_from_db()
        blind_lift(study=study, user=study.owner, stage=stage_shown(study))
        walk(browser(study.owner))
