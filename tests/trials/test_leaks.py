"""Nothing that a person receives before an answer tells the truth about that trial."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from classifiers.models import Image
from tests.factories import KINDS, make_study
from trials import robots, services
from trials.design import Kind
from trials.models import Condition, Participant, Study
from trials.screens import trial_screen

pytestmark = pytest.mark.django_db

CONDITIONS = ["ResNet-50", "kNN", "EMD-NN", "EMD-Corr"]
WAY = "/s/trees/session/"


def everything(client: Client, url: str) -> bytes:
    """Return every byte of an answer: status, headers, cookies and body."""
    answer = client.get(url)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    heads = "\n".join(f"{name}: {value}" for name, value in answer.items())
    cookies = "\n".join(f"{each.key}={each.value}" for each in client.cookies.values())
    return f"{answer.status_code}\n{heads}\n{cookies}\n{url}\n".encode() + body


def page_and_photos(client: Client) -> bytes:
    """Return the current page with every photo that it shows."""
    page = everything(client, WAY)
    urls = sorted(set(re.findall(rb'(?:src|href)="(/image/[^"]+)"', page)))
    return b"\n".join([page, *(everything(client, url.decode()) for url in urls)])


def enter(study: Study, condition: str) -> tuple[Client, Participant]:
    """Let a person consent into a given condition."""
    conditions = {each.name: each for each in Condition.objects.filter(study=study)}
    for name, each in conditions.items():
        for number in range(0 if name == condition else 1):
            crowd = services.participant_enrol(
                study=study, enrolment_key=f"crowd-{name}-{number:08d}", is_simulated=False
            )
            Participant.objects.filter(pk=crowd.pk).update(condition=each)
    client = Client()
    key = robots.KEY.search(client.get("/s/trees/").text)
    assert key is not None
    client.post("/s/trees/", {"agree": "on", "enrolment_key": key[1]})
    return client, Participant.objects.get(enrolment_key=key[1])


def walk(client: Client, participant: Participant) -> Iterator[tuple[Kind, str, bytes]]:
    """Yield each trial's step with all that was received, and answer it rightly."""
    while step := robots.STEP.search(client.get(WAY).text):
        current = participant.script[int(step[1])]
        form = {"step": step[1]}
        if current.kind == Kind.TRIAL:
            prediction = services.trial_of(participant, current).prediction
            truth = prediction.image.category
            is_right = prediction.category_id == truth.pk
            yield current.kind, "" if is_right else truth.name, page_and_photos(client)
            form["answer"] = "yes" if is_right else "no"
        client.post(WAY, form)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_byte_of_a_trial_names_the_truth_or_the_source(condition: str) -> None:
    study = make_study()
    sources = [name.encode() for name in ("secretfile", "gallery/", "query/", ".png", "kind_")]
    digests = [each[:16].encode() for each in Image.objects.values_list("sha256", flat=True)]
    client, participant = enter(study, condition)
    assert participant.condition.name == condition
    n_wrong_ai = 0
    for _, true_name, received in walk(client, participant):
        for secret in (*sources, *digests, b"is_ai", b"is_correct", b"correctness"):
            assert secret not in received
        if true_name:
            n_wrong_ai += 1
            assert true_name.removeprefix("kind_").encode() not in received
    participant.refresh_from_db()
    assert participant.status == Participant.Status.COMPLETED
    assert n_wrong_ai == 6  # of 2 + 4 + 6 trials


@pytest.mark.parametrize("condition", CONDITIONS)
def test_pages_of_right_and_wrong_ais_have_the_same_shape(condition: str) -> None:
    client, participant = enter(make_study(), condition)
    shapes = set()
    for _, _, received in walk(client, participant):
        page = received.split(b"</html>")[0].partition(b"<main")[2]
        for kind in KINDS:
            page = page.replace(kind.encode(), b"KIND")
        page = re.sub(rb"/image/[\w-]+|value=\"\w*\"|\d+|\ban?\b", b"", page)
        shapes.add(re.sub(rb"\s+", b" ", page))
    assert len(shapes) == 1


def test_the_random_name_of_a_photo_says_nothing_about_it() -> None:
    make_study()
    tokens = list(Image.objects.values_list("token", flat=True))
    assert len(set(tokens)) == len(tokens)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{20}", token) for token in tokens)


def test_the_cookie_is_a_random_key_only() -> None:
    client, participant = enter(make_study(), "kNN")
    client.get(WAY)
    assert set(client.cookies) == {"sessionid", "csrftoken"}
    for cookie in client.cookies.values():
        assert re.fullmatch(r"[A-Za-z0-9]{32}", cookie.value)
        assert participant.token not in cookie.value


def test_a_shown_exemplar_is_always_of_the_predicted_kind() -> None:
    study = make_study()
    client, participant = enter(study, "EMD-Corr")
    client.get(WAY)
    trial = participant.trials.select_related("prediction__category", "prediction__image").first()
    assert trial is not None
    urls = [exemplar.url for exemplar in trial_screen(trial, participant).exemplars]
    tokens = [url.split("/")[-1].removesuffix(".jpg") for url in urls]
    shown = Image.objects.filter(token__in=tokens)
    assert {each.category_id for each in shown} == {trial.prediction.category_id}
