"""Nothing that a person receives before an answer tells the truth about that trial."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classifiers.models import Image
from tests.factories import KINDS, make_document, make_study
from tests.trials.tab import Tab
from trials import services
from trials.models import Condition, Participant, Study
from trials.participant.trial_view import trial_screen
from trials.simulation import robots
from trials.study.design import Kind, Phase, Step
from trials.study.plan import CONDITIONS as ARMS
from trials.study.plan import StudyPlan
from trials.study.schema import begun

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

CONDITIONS = [item.name for item in ARMS]
WAY = "/s/trees/session/"
# Whose page it is: a signature, in which any letters may occur.
SEAL = rb"shown_to(=|\" value=\")\d+\.[\w-]+"


class Wire(Tab):
    """A browser that keeps every byte it receives: status, headers, cookies and body."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[bytes] = []

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        heads = "\n".join(f"{name}: {value}" for name, value in answer.items())
        cookies = "\n".join(f"{cooky.key}={cooky.value}" for cooky in answer.cookies.values())
        head = f"{request['PATH_INFO']}\n{answer.status_code}\n{heads}\n{cookies}\n"
        self.received.append(head.encode() + body)
        return answer

    def page_and_photos(self) -> bytes:
        """Fetch the current page with all that it links to; return every byte of it."""
        n_before = len(self.received)
        page = self.get(WAY).text
        for url in sorted(set(re.findall(r'(?:src|href)="(/(?:image|static)/[^"]+)"', page))):
            self.get(url)
        return b"\n".join(self.received[n_before:])


def enter(study: Study, condition: str) -> tuple[Wire, Participant]:
    """Let a person consent into a given condition."""
    conditions = {each.name: each for each in Condition.objects.filter(study=study)}
    for name, each in conditions.items():
        for number in range(0 if name == condition else 1):
            crowd = services.participant_enrol(
                study=study, enrolment_key=f"crowd-{name}-{number:08d}", is_simulated=False
            )
            Participant.objects.filter(pk=crowd.pk).update(condition=each)
    client = Wire()
    key = robots.KEY.search(client.get("/s/trees/").text)
    assert key is not None
    client.post("/s/trees/", {"agree": "on", "enrolment_key": key[1]})
    return client, Participant.objects.get(enrolment_key=key[1])


def walk(client: Wire, participant: Participant) -> Iterator[tuple[str, bytes]]:
    """Yield all that was received of each trial, with the truth where the AI is wrong."""
    while step := robots.STEP.search(client.get(WAY).text):
        current = participant.script[int(step[1])]
        form = {"step": step[1]}
        if current.kind == Kind.TRIAL:
            prediction = services.trial_of(participant, current).prediction
            truth = prediction.image.category
            is_right = prediction.is_right
            yield "" if is_right else truth.name, client.page_and_photos()
            form["answer"] = "yes" if is_right else "no"
        client.post(WAY, form)


def shape(received: bytes) -> bytes:
    """Return a trial's page without what differs between any two trials."""
    page = received.split(b"</html>")[0].partition(b"<main")[2]
    page = re.sub(rb' data-preload="[^"]*"', b"", page)
    page = re.sub(SEAL, b"", page)
    for kind in KINDS:
        page = page.replace(kind.encode(), b"KIND")
    page = re.sub(rb"shown_to(=|\" value=\")[\w.-]+", b"", page)
    page = re.sub(rb"/image/[\w-]+|value=\"\w*\"|\d+|\ban?\b", b"", page)
    return re.sub(rb"\s+", b" ", page)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_byte_and_no_shape_of_a_trial_tells_the_truth_or_the_source(condition: str) -> None:
    study = make_study()
    folders = [f"kind_{name}" for name in KINDS]
    sources = [name.encode() for name in ("secretfile", "gallery/", "query/", ".png", *folders)]
    digests = [image[:16].encode() for image in Image.objects.values_list("sha256", flat=True)]
    client, participant = enter(study, condition)
    assert participant.condition.name == condition
    true_names, shapes = [], set()
    for true_name, received in walk(client, participant):
        shapes.add(shape(received))
        if true_name:
            true_names.append(true_name)
            assert true_name.removeprefix("kind_").encode() not in received
    assert len(shapes) == 1
    participant.refresh_from_db()
    assert participant.status == Participant.Status.COMPLETED
    assert len(true_names) == 6  # of 2 + 4 + 6 trials
    everything = b"\n".join(client.received)  # consent, pages of text, redirects and all
    assert len(client.received) > 60
    for secret in (*sources, *digests, b"is_ai", b"is_correct", b"correctness", b"is_right"):
        assert secret not in everything


def test_new_pages_of_right_and_wrong_ais_have_the_same_shape() -> None:
    document = make_document()
    document["stages"].insert(2, {"kind": "walkthrough"})
    plan = StudyPlan.from_json(begun(document))  # with the kinds at hand
    client, participant = enter(make_study(plan=plan), "EMD-Corr")
    assert len({shape(received) for _, received in walk(client, participant)}) == 1


EVERYTHING = {
    "task": {"first": True, "confidence": {"levels": 5}},
    "trial": {"has_prior_knowledge": True, "has_definition": True},
    "quality": {"n_attention": 2},
    "recruitment": {"codes": {"completed": "SECRETCODE"}},
    "attempts": 2,
    "conditions": [
        *({"name": item.name, "classifier": item.classifier, "view": item.view} for item in ARMS),
        {"name": "No-AI-arm", "classifier": "softmax", "view": "unaided"},
    ],
}


def everything() -> Study:
    """Open a study in which every kind of screen occurs."""
    document = make_document(**EVERYTHING)
    asked = [{"name": "age", "text": "How old are you?"}]
    document["stages"].insert(-1, {"kind": "questions", "name": "about", "questions": asked})
    return make_study(plan=StudyPlan.from_json(document), n_queries=24)


def walk_everything(client: Wire, participant: Participant) -> Iterator[tuple[Step, str, bytes]]:
    """Yield every step, the true kind of its trial (or nothing), and all that it sent."""
    while step := robots.STEP.search(client.get(WAY).text):
        current = participant.script[int(step[1])]
        form, truth = {"step": step[1], "answer": "yes", "confidence": "3"}, ""
        if current.name in {*Phase}:
            prediction = services.trial_of(participant, current).prediction
            form["answer"] = "yes" if prediction.is_right else "no"
            truth = "" if prediction.is_right else prediction.image.category.label
        elif current.kind == Kind.ATTENTION:
            check = participant.attention_checks.get(position=current.position)
            form["answer"] = "yes" if check.asks_yes else "no"
        n_before = len(client.received)
        client.page_and_photos()
        client.get(f"{WAY}?page=0")
        client.post("/s/trees/events/", {"step": step[1], "events": '[["blur", 5, ""]]'})
        client.post(WAY, form)
        yield current, truth, words(client.received[n_before:])


def words(received: list[bytes]) -> bytes:
    """Return what is no picture, without random names, in which anything may occur."""
    texts = b"\n".join(item for item in received if b"\xff\xd8" not in item)
    random = rb"/image/[\w-]+|value=\"\w{64}\"|(person_\d+|csrftoken)=[\w:-]+"
    return re.sub(SEAL + rb"|" + random, b"", texts)


@pytest.mark.parametrize("condition", [*CONDITIONS, "No-AI-arm"])
def test_no_page_of_any_kind_tells_what_it_must_not(condition: str) -> None:
    study = everything()
    client, participant = enter(study, condition)
    others = Participant.objects.exclude(pk=participant.pk)
    secrets = [name for item in study.conditions.all() for name in (item.name, item.run.classifier)]
    secrets += ["SECRETCODE", "secretfile", "trial_set", participant.token]
    secrets += [f"kind_{name}" for name in KINDS]
    secrets += [str(other.seed) for other in (participant, *others)]
    secrets += [other.token for other in others]
    kinds = set()
    for step, truth, received in walk_everything(client, participant):
        kinds.add(step.kind)
        for secret in secrets:
            assert secret.encode() not in received, (step, secret)
        if truth and step.kind != Kind.FEEDBACK:
            assert truth.encode() not in received, (step, truth)
    assert kinds == set(Kind)
    assert "SECRETCODE" in client.get(WAY).text


def test_no_script_or_style_knows_a_study() -> None:
    for path in [*Path("static/js").rglob("*.js"), *Path("static/css").rglob("*.css")]:
        text = path.read_text(encoding="utf-8").lower()
        for secret in ("resnet", "emd-", "chm-", "is_correct", "is_right", "truth"):
            assert secret not in text, path


def test_the_random_name_of_a_photo_says_nothing_about_it() -> None:
    make_study()
    tokens = list(Image.objects.values_list("token", flat=True))
    assert len(set(tokens)) == len(tokens)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{20}", token) for token in tokens)


def test_the_cookie_is_a_random_key_only() -> None:
    client, participant = enter(make_study(), "kNN")
    client.get(WAY)
    assert set(client.cookies) == {f"person_{participant.study_id}", "csrftoken"}
    assert re.fullmatch(r"[A-Za-z0-9]{32}", client.cookies["csrftoken"].value)
    random, time, signature = client.cookies[f"person_{participant.study_id}"].value.split(":")
    assert re.fullmatch(r"[A-Za-z0-9_-]{20}", random)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", item) for item in (time, signature))


def test_a_shown_exemplar_is_always_of_the_predicted_kind() -> None:
    study = make_study()
    client, participant = enter(study, "EMD-Corr")
    client.get(WAY)
    trial = participant.trials.select_related("prediction__category", "prediction__image").first()
    assert trial is not None
    urls = list(trial_screen(trial, participant).urls[1:])
    tokens = [url.split("/")[-1].removesuffix(".jpg") for url in urls]
    shown = Image.objects.filter(token__in=tokens)
    assert {item.category_id for item in shown} == {trial.prediction.category_id}
