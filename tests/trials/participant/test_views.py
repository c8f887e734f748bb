"""The participant's pages: the right person, the wrong person, bad input."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_study
from trials import services
from trials.models import Participant, Response, Study
from trials.simulation.robots import KEY

pytestmark = pytest.mark.django_db

TOKENS = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
DOOR, WAY = "/s/trees/", "/s/trees/session/"


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def alice(study: Study, client: Client) -> Client:
    """Return the browser of someone who has just consented."""
    consent(client)
    return client


def consent(client: Client) -> None:
    key = KEY.search(client.get(DOOR).text)
    assert key is not None
    client.post(DOOR, {"agree": "on", "enrolment_key": key[1]})


def go_to(client: Client, step: int) -> None:
    for number in range(step):
        client.post(WAY, {"step": str(number), "answer": "yes"})


def test_looking_at_the_first_page_takes_no_place(study: Study, client: Client) -> None:
    client.get(DOOR)
    client.head(DOOR)
    assert not Participant.objects.exists()
    assert not client.session.keys()


def test_consent_opens_the_introduction(alice: Client) -> None:
    assert "Meet Sam" in alice.get(WAY).text


def test_without_the_tick_nobody_enters(study: Study, client: Client) -> None:
    page = client.post(DOOR, {"enrolment_key": "x" * 20})
    assert "please tick the box" in page.text
    assert not Participant.objects.exists()


def test_a_double_click_on_consent_is_one_person(study: Study, client: Client) -> None:
    form = {"agree": "on", "enrolment_key": "x" * 20}
    Client().post(DOOR, form)
    client.post(DOOR, form)
    assert Participant.objects.count() == 1
    assert client.get(WAY).status_code == 200


def test_a_forged_enrolment_key_is_refused(study: Study, client: Client) -> None:
    page = client.post(DOOR, {"agree": "on", "enrolment_key": "<script>"})
    assert "too old" in page.text
    assert not Participant.objects.exists()


def test_who_is_inside_does_not_see_the_consent_again(alice: Client) -> None:
    assert alice.get(DOOR).headers["Location"] == WAY


def test_a_stranger_at_a_typed_address_is_led_to_the_door(study: Study, client: Client) -> None:
    assert client.get(WAY).headers["Location"] == DOOR
    answer = client.post(WAY, {"step": "0"})
    assert answer.status_code == 403
    assert f'href="{DOOR}"' in answer.text


@pytest.mark.parametrize(
    ("status", "said"),
    [("closed", "has ended"), ("paused", "is paused"), ("draft", "is not open")],
)
def test_a_study_that_nobody_can_join_says_why(
    study: Study, client: Client, status: str, said: str
) -> None:
    Study.objects.update(status=status)
    page = client.get(DOOR)
    assert page.status_code == 403
    assert f"<h1>This study {said}</h1>" in page.text


def test_who_is_inside_finishes_although_the_study_closes(alice: Client) -> None:
    Study.objects.update(status=Study.Status.CLOSED)
    go_to(alice, 3)
    assert Response.objects.count() == 1


@pytest.mark.parametrize("address", ["/s/nothing/", "/s/nothing/session/"])
def test_an_unknown_study_is_not_found(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_reloading_shows_the_same_trial(alice: Client) -> None:
    go_to(alice, 2)
    assert strip_token(alice.get(WAY).text) == strip_token(alice.get(WAY).text)


def strip_token(page: str) -> str:
    return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page)


def test_the_first_look_at_a_trial_is_kept(alice: Client) -> None:
    go_to(alice, 2)
    trial = Participant.objects.get().trials.get(phase="training", position=0)
    assert trial.presented_at is None
    alice.get(WAY)
    trial.refresh_from_db()
    first = trial.presented_at
    alice.get(WAY)
    trial.refresh_from_db()
    assert first is not None
    assert trial.presented_at == first


def test_an_old_page_sent_again_leads_to_the_current_one(alice: Client) -> None:
    go_to(alice, 4)
    answer = alice.post(WAY, {"step": "2", "answer": "no"})
    assert answer.headers["Location"] == WAY
    assert [response.is_accepted for response in Response.objects.all()] == [True]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"step": "two"},
        {"step": "-1", "answer": "yes"},
        {"step": "2", "answer": "perhaps"},
    ],
)
def test_bad_input_leaves_the_trial_open(alice: Client, form: dict[str, str]) -> None:
    go_to(alice, 2)
    assert alice.post(WAY, form).headers["Location"] == WAY
    assert not Response.objects.exists()


def test_a_trial_sent_without_an_answer_comes_back_and_says_so(alice: Client) -> None:
    go_to(alice, 2)
    page = alice.post(WAY, {"step": "2"})
    assert page.status_code == 422
    assert "Please choose Yes or No." in page.text
    assert not Response.objects.exists()


def test_the_browsers_time_is_kept_with_the_answer(alice: Client) -> None:
    go_to(alice, 2)
    alice.post(WAY, {"step": "2", "answer": "no", "rt_ms": "1234"})
    response = Response.objects.get()
    assert (response.is_accepted, response.rt_ms) == (False, 1234)


@pytest.mark.parametrize("clock", ["-5", "soon", "", "86400001", "9" * 50, "٣"])
def test_a_clock_that_went_wrong_does_not_cost_the_answer(alice: Client, clock: str) -> None:
    go_to(alice, 2)
    alice.post(WAY, {"step": "2", "answer": "no", "rt_ms": clock})
    response = Response.objects.get()
    assert (response.is_accepted, response.rt_ms) == (False, None)


def test_a_study_that_closes_under_the_click_says_so(
    study: Study, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise services.StudyRefused("closed")

    monkeypatch.setattr(services, "participant_enrol", refuse)
    page = client.post(DOOR, {"agree": "on", "enrolment_key": "x" * 20})
    assert page.status_code == 403


def test_training_tells_the_truth_after_the_answer(alice: Client) -> None:
    go_to(alice, 3)
    page = alice.get(WAY).text
    assert "Correct" in page or "Not correct" in page
    assert "this is a" in page


def test_pages_of_a_session_are_never_cached(alice: Client) -> None:
    assert "no-store" in alice.get(WAY).headers["Cache-Control"]


def test_a_page_may_load_only_our_own_files(alice: Client) -> None:
    go_to(alice, 2)
    page = alice.get(WAY)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    # A block of data is no script: the policy does not affect it, and nothing runs it.
    data = r'<script id="texts" type="application/json">[^<]*</script>'
    code = re.sub(data, "", page.text)
    assert not re.search(r"<script>|<script [^>]*>[^<]|\sstyle=|\son\w+=", code)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(alice: Client, method: str) -> None:
    assert getattr(alice, method)(WAY).status_code == 405


def test_a_crop_is_kept_for_good(alice: Client) -> None:
    go_to(alice, 2)
    url = re.search(r'src="(/image/[^"]+)"', alice.get(WAY).text)
    assert url is not None
    photo = alice.get(url[1])
    assert b"".join(photo.streaming_content).startswith(b"\xff\xd8")  # type: ignore[attr-defined]
    assert "immutable" in photo.headers["Cache-Control"]
    assert "Content-Disposition" not in photo.headers


@pytest.mark.parametrize("token", ["x" * 20, "..%2f..%2fsettings", "short"])
def test_an_unknown_or_crooked_image_name_is_not_found(client: Client, token: str) -> None:
    assert client.get(f"/image/{token}.jpg").status_code == 404


def test_a_trial_page_takes_a_fixed_number_of_queries(
    alice: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Participant.objects.update(condition=Study.objects.get().conditions.get(name="EMD-Corr"))
    go_to(alice, 2)
    alice.get(WAY)
    with django_assert_num_queries(7):
        alice.get(WAY)


def test_a_page_that_many_people_saw_reads_neither_predictions_nor_panels(
    alice: Client,
) -> None:
    go_to(alice, 2)
    first = TOKENS.sub("", alice.get(WAY).text)
    with CaptureQueriesContext(connection) as queries:
        assert TOKENS.sub("", alice.get(WAY).text) == first
    assert not [each["sql"] for each in queries if "classifiers_" in each["sql"]]
