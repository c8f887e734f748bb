"""Links of recruitment platforms: what is read, what is refused in words, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.participant.recruitment import (
    CHANNELS,
    PREVIEW,
    Arrival,
    ArrivalRefused,
    arrival_of,
    completion_url,
    mturk_origin,
    person_hash,
)

PID, SESSION, STUDY = "5f" * 12, "6a" * 12, "7b" * 12
PROLIFIC = {"PROLIFIC_PID": PID, "SESSION_ID": SESSION, "STUDY_ID": STUDY}
WORKER = {"workerId": "A1B2C3D4", "assignmentId": "3ASSIGN01", "hitId": "3HIT01"}


def test_prolifics_three_ids_are_read() -> None:
    assert arrival_of("prolific", PROLIFIC) == Arrival("prolific", PID, SESSION, STUDY)


def test_a_workers_ids_are_read_with_the_checked_address() -> None:
    query = WORKER | {"turkSubmitTo": "https://workersandbox.mturk.com"}
    worker, assignment, hit = WORKER.values()
    expected = Arrival("mturk", worker, assignment, hit, "https://workersandbox.mturk.com")
    assert arrival_of("mturk", query) == expected


def test_a_task_that_is_not_accepted_is_a_preview() -> None:
    arrival = arrival_of("mturk", {"assignmentId": PREVIEW, "hitId": "3HIT01"})
    assert arrival.is_preview
    assert not arrival.person_id


@pytest.mark.parametrize("channel", ["link", "in_person"])
def test_a_plain_link_needs_no_id(channel: str) -> None:
    assert arrival_of(channel, {}) == Arrival(channel)
    assert arrival_of(channel, {"pid": "p-17"}).person_id == "p-17"


def test_cloudresearch_sends_its_own_name() -> None:
    assert arrival_of("link", {"participantId": "ABC123"}).person_id == "ABC123"


def test_a_blank_name_hides_no_other() -> None:
    assert arrival_of("link", {"pid": " ", "participantId": "ABC123"}).person_id == "ABC123"


BLANK = [{"PROLIFIC_PID": blank, "workerId": blank} for blank in ("", " ", "\t")]


@pytest.mark.parametrize("channel", ["prolific", "mturk"])
@pytest.mark.parametrize("query", [{}, {"pid": "p-17"}, *BLANK])
def test_a_platforms_link_without_its_id_is_refused(channel: str, query: dict[str, str]) -> None:
    with pytest.raises(ArrivalRefused, match="is missing"):
        arrival_of(channel, query)


@pytest.mark.parametrize("pid", ["{{%PROLIFIC_PID%}}", PID[:-1], PID + "0", "x" * 24, "5f\x00" * 8])
def test_an_id_that_the_platform_would_not_write_is_refused_unnamed(pid: str) -> None:
    with pytest.raises(ArrivalRefused, match="does not look like an id of Prolific") as refused:
        arrival_of("prolific", PROLIFIC | {"PROLIFIC_PID": pid})
    assert pid not in str(refused.value)


@pytest.mark.parametrize("name", ["SESSION_ID", "STUDY_ID"])
@pytest.mark.parametrize("odd", ["{{%SESSION_ID%}}", "<script>", SESSION[:-1], "x" * 300, " "])
def test_an_odd_id_beside_the_persons_shuts_nobody_out(name: str, odd: str) -> None:
    arrival = arrival_of("prolific", PROLIFIC | {name: odd})
    assert arrival.person_id == PID
    assert "" in (arrival.submission_id, arrival.project_id)


def test_an_id_in_other_letters_is_the_same_persons() -> None:
    query = {name: value.upper() for name, value in PROLIFIC.items()}
    assert arrival_of("prolific", query) == arrival_of("prolific", PROLIFIC)
    worker = {name: value.lower() for name, value in WORKER.items()}
    assert arrival_of("mturk", worker) == arrival_of("mturk", WORKER)


@pytest.mark.parametrize("pid", ["two words", "p\x00", "é", "x" * 201])
def test_any_link_takes_printable_ids_only(pid: str) -> None:
    with pytest.raises(ArrivalRefused, match="damaged"):
        arrival_of("link", {"pid": pid})


@pytest.mark.parametrize(
    "url",
    [
        "http://www.mturk.com",
        "https://mturk.com.example.org",
        "https://www.mturk.com@example.org",
        "https://examplemturk.com",
        "https://www.mturk.com:8443",
        "https://a[.mturk.com",
        "javascript:alert(1)//www.mturk.com",
        "//www.mturk.com",
        "",
    ],
)
def test_results_go_to_amazon_only(url: str) -> None:
    assert mturk_origin(url) == ""


@pytest.mark.parametrize("host", ["www.mturk.com", "workersandbox.mturk.com"])
def test_amazons_two_hosts_are_taken_without_what_follows(host: str) -> None:
    assert mturk_origin(f"https://{host}/x?y=1") == f"https://{host}"


@given(st.text(max_size=80))
def test_no_text_makes_another_address_of_the_submit_url(text: str) -> None:
    origin = mturk_origin(text)
    assert not origin or origin.endswith(".mturk.com")


def test_the_same_person_has_one_hash_by_salt_and_channel() -> None:
    alice = Arrival("prolific", PID, SESSION)
    assert person_hash(alice, "s") == person_hash(Arrival("prolific", PID, "other"), "s")
    others = [(Arrival("link", PID), "s"), (alice, "t"), (Arrival("prolific", STUDY), "s")]
    hashes = {person_hash(*other) for other in [(alice, "s"), *others]}
    assert len(hashes) == 4
    assert not any(PID in item for item in hashes)
    assert person_hash(Arrival("prolific"), "s") == ""


def test_only_prolific_takes_a_code_by_a_link() -> None:
    assert completion_url("prolific", "C1") == (
        "https://app.prolific.com/submissions/complete?cc=C1"
    )
    assert completion_url("prolific", "") == ""
    assert {completion_url(name, "C1") for name in CHANNELS.keys() - {"prolific"}} == {""}
