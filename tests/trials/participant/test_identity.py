"""Two people, one browser: whatever an old page sends, nothing of one lands on the other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_document, make_study
from tests.trials.doors import DOOR, NEXT, WAY, consent, finish, hidden, look, make_recruited
from tests.trials.tab import Tab, be
from trials.models import Event, Participant, Response, Study
from trials.participant import identity
from trials.services import participant_enrol
from trials.study.design import Kind
from trials.study.plan import StudyPlan

pytestmark = pytest.mark.django_db

STOP, EVENTS = "/s/trees/stop/", "/s/trees/events/"
ASKED = [{"name": "age", "text": "How old are you?"}]


@pytest.fixture
def rich_study() -> Study:
    """Open a study in which every kind of page occurs."""
    document = make_document(
        trial={"has_prior_knowledge": True, "has_definition": True}, quality={"n_attention": 1},
        task={"first": True},
    )  # fmt: skip
    document["stages"].insert(0, {"kind": "questions", "name": "about", "questions": ASKED})
    return make_study(plan=StudyPlan.from_json(document), n_queries=24)


def person_at(study: Study, name: str, kind: Kind) -> Participant:
    """Return a new person on the first page of a kind."""
    person = participant_enrol(study=study, enrolment_key=f"{name:-<16}", is_simulated=False)
    person.step = [item.kind for item in person.script].index(kind)
    person.save()
    now = timezone.now()
    first = person.trials.filter(phase="training", position=0)  # what feedback is given to
    Response.objects.bulk_create(
        Response(trial=item, is_accepted=True, received_at=now) for item in first
    )
    return person


def everything() -> list[Any]:
    """Return all that is stored of people."""
    return [list(item.objects.order_by("pk").values()) for item in (Participant, Response, Event)]


@pytest.mark.parametrize("kind", list(Kind))
def test_an_old_page_of_any_kind_is_refused_and_stores_nothing(
    rich_study: Study, kind: Kind
) -> None:
    ann, bob = person_at(rich_study, "ann", kind), person_at(rich_study, "bob", kind)
    tab = Tab()
    be(tab, ann)
    old = hidden(tab.get(WAY).text) | {"answer": "yes", "q_age": "41", "events": '[["blur", 5]]'}
    be(tab, bob)
    tab.get(WAY)
    before = everything()
    for address in (WAY, EVENTS, STOP, NEXT):
        answer = tab.post(address, old | {"answers": "delete", "leaves": "yes"})
        assert answer.status_code == 409
        assert f"The session of person {bob.number} is open in this browser now" in answer.text
    assert everything() == before


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.TRIAL])
def test_no_link_of_an_old_page_leads_into_another_session(rich_study: Study, kind: Kind) -> None:
    ann, bob = person_at(rich_study, "ann", kind), person_at(rich_study, "bob", kind)
    tab = Tab()
    be(tab, ann)
    pages = tab.get(WAY).text + tab.get(STOP).text
    links = {
        match.replace("&amp;", "&") for match in re.findall(r'<a [^>]*href="(/s/[^"]+)"', pages)
    }
    assert len(links) >= 2
    assert all(tab.get(link).status_code != 409 for link in links)
    be(tab, bob)
    assert {tab.get(link).status_code for link in links} == {409}


@pytest.mark.parametrize("sealed", ["", "0", "0.", ".x", "0.AAAA", "é\0", "0" * 5000])
def test_a_page_without_a_valid_signature_changes_nothing(rich_study: Study, sealed: str) -> None:
    tab = Tab()
    be(tab, person_at(rich_study, "ann", Kind.PAGE))
    for address in (WAY, EVENTS, STOP, NEXT):
        assert tab.post(address, {"step": "1", "shown_to": sealed}).status_code == 409
    assert not Event.objects.exists()


def test_a_signature_holds_for_one_step_of_one_person_in_one_study(rich_study: Study) -> None:
    ann, bob = person_at(rich_study, "ann", Kind.PAGE), person_at(rich_study, "bob", Kind.PAGE)
    sealed = identity.seal(ann, 3)
    assert identity.step_sealed(ann, sealed) == "3"
    assert identity.step_sealed(ann, sealed.replace("3.", "4.", 1)) is None
    assert identity.step_sealed(bob, sealed) is None
    ann.study_id += 1
    assert identity.step_sealed(ann, sealed) is None


def test_the_step_that_is_sent_must_be_the_step_that_was_shown(rich_study: Study) -> None:
    ann, tab = person_at(rich_study, "ann", Kind.PAGE), Tab()
    be(tab, ann)
    sent = {"step": str(ann.step), "shown_to": identity.seal(ann, ann.step - 1)}
    assert tab.post(WAY, sent).status_code == 409


def test_the_last_page_of_a_laboratory_frees_nobody_elses_browser() -> None:
    make_recruited("in_person")
    tab = Tab()
    consent(tab)
    finish(Participant.objects.get())
    old = hidden(tab.get(WAY).text)
    tab.post(NEXT)
    consent(tab)
    finish(Participant.objects.get(status="active"))
    assert tab.post(NEXT, old).status_code == 409
    assert tab.get(WAY).status_code == 200


def test_the_cookie_of_one_study_is_sent_to_no_other_address(rich_study: Study) -> None:
    tab = Tab()
    answer = tab.post(DOOR, hidden(look(tab).text) | {"agree": "on"})
    (cookie,) = [each for name, each in answer.cookies.items() if name.startswith("person_")]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == (DOOR, "Lax", True)
    assert "sessionid" not in tab.cookies


@pytest.mark.parametrize("changed", ["", "x", "{token}", "{token}:1:x"])
def test_a_cookie_that_was_not_signed_here_is_nobodys(rich_study: Study, changed: str) -> None:
    ann, tab = person_at(rich_study, "ann", Kind.PAGE), Tab()
    be(tab, ann)
    tab.cookies[f"person_{rich_study.pk}"] = changed.format(token=ann.token)
    assert tab.get(WAY).headers["Location"] == DOOR
