"""Every page that a participant can meet, as HTML, in studies that together show all texts."""

from __future__ import annotations

from typing import Any

from tests.factories import make_document, make_study
from tests.trials.doors import CODES, DOOR, WAY, finish, hidden
from tests.trials.tab import Tab, be
from trials.models import Condition, Participant, Study
from trials.services import trial_of
from trials.study.design import Kind, Step
from trials.study.plan import StudyPlan

PAID = {"channel": "link", "codes": CODES, "pay": 2.5}
ASKED = {"levels": 3, "labels": []}
QUESTIONS = {
    "kind": "questions",
    "name": "about",
    "questions": [
        {"name": "age", "text": "Q1?", "answer": "number", "is_required": True},
        {"name": "why", "text": "Q2?", "answer": "choice", "choices": ["A1", "A2"]},
        {"name": "more", "text": "Q3?", "answer": "paragraph"},
    ],
}
# One study for each way of asking: its conditions, and what differs from the factory's document.
WORLDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "matched parts": (
        {"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"},
        {
            "trial": {
                "has_prior_knowledge": True,
                "has_definition": True,
                "min_seconds": 1,
                "layout": "equal",
                "has_kinds": True,
                "n_true_photos": 2,
                "has_own_answer": True,
                "has_window": True,
            },
            "quality": {"n_attention": 1, "attention_end": "end", "max_failed_attention": 1},
            "device": {"kinds": ["computer", "tablet"], "min_width": 600},
            "recruitment": PAID,
            "contact": "C1",
            "ethics": "E1",
            "topic": "T1",
            "has_score": True,
            "max_minutes": 60,
            "attempts": 2,
        },
    ),
    "examples": (
        {"name": "kNN", "classifier": "knn", "view": "exemplars"},
        {"recruitment": {"channel": "in_person"}, "quality": {"n_attention": 1}},
    ),
    "parts chosen": ({"name": "CHM-Corr", "classifier": "chm-corr", "view": "interactive"}, {}),
    "panels": ({"name": "EMD-NN", "classifier": "emd-corr", "view": "panels"}, {}),
    "no AI": (
        {"name": "alone", "classifier": "knn", "view": "unaided"},
        {"attempts": 3},
    ),
    "choice": (
        {"name": "ResNet-50", "classifier": "softmax", "view": "none"},
        {
            "task": {
                "ask": "choose",
                "first": True,
                "confidence": ASKED,
                "reason": "line",
                "seconds": 30,
            },
            "contact": "C1",
        },
    ),
    "scale": (
        {"name": "kNN", "classifier": "knn", "view": "none"},
        {"task": {"first": True, "confidence": {"scale": [50, 100]}, "reason": "paragraph"}},
    ),
    "parts in turn": (
        [
            {"name": "alone", "classifier": "knn", "view": "unaided"},
            {"name": "kNN", "classifier": "knn", "view": "exemplars"},
        ],
        {"design": {"kind": "within"}, "n_sets": 2},
    ),
    "choice alone": (
        {"name": "alone", "classifier": "knn", "view": "unaided"},
        {"task": {"ask": "choose"}, "consent": {"minimum_age": 0}},
    ),
}


def make_world(name: str, **more: Any) -> Study:
    """Open the study of a world; ``more`` are fields of its document."""
    arms, changes = WORLDS[name]
    arms = arms if isinstance(arms, list) else [arms]
    sizes = {"n_training": 2, "n_validation": 2, "pass_mark": 2, "n_test": 2, "n_sets": 1}
    document = make_document(conditions=arms, **(sizes | changes | more))
    document["stages"].insert(2, QUESTIONS)
    if "layout" in document.get("trial", {}):
        document["stages"].insert(3, {"kind": "walkthrough"})
    return make_study(plan=StudyPlan.from_json(document), n_queries=20)


def pages_of(study: Study, *, is_right: bool = True) -> dict[str, str]:
    """Walk through a session; return the page of every step, refused answers, and the end.

    The first photo of the training is answered wrong in any case, so that both feedbacks are shown.
    """
    client = Tab()
    found = {"consent": client.get(DOOR).text}
    fields = hidden(found["consent"])
    found["not agreed"] = client.post(DOOR, fields).text
    client.post(DOOR, fields | {"agree": "on", "device_kind": "computer"})
    while (participant := _person()).is_active:
        step = participant.script[participant.step]
        name = f"{step.kind} {step.name} {step.position}"
        found[name] = client.get(WAY).text
        participant.visits.update(shown_at="2020-01-01T00:00:00Z")
        if step.kind not in {Kind.PAGE, Kind.FEEDBACK, Kind.DEFINITION}:
            refused = client.post(WAY, {"step": str(participant.step), "reason": ""})
            found[f"{name} refused"] = refused.text
            found[f"{name} missed"] = client.get(WAY).text
        if _person().step == participant.step:
            is_first = (step.name, step.position) == ("training", 0)
            client.post(WAY, _fields(participant, step, is_right and not is_first))
        assert not _person().is_active or _person().step > participant.step, name
    found["end"] = client.get(WAY).text
    return found


def _fields(participant: Participant, step: Step, is_right: bool) -> dict[str, str]:
    fields = {"step": str(participant.step), "answer": "yes", "q_age": "30", "rt_ms": "900"}
    fields |= {"confidence": "3", "reason": "R1"}
    if (participant.plan.task.confidence or "none") == {"scale": [50, 100]}:
        fields["confidence"] = "70"
    if step.kind in {Kind.TRIAL, Kind.FIRST}:
        prediction = trial_of(participant, step).prediction
        agrees = prediction.is_right == is_right
        fields["answer"] = "yes" if agrees else "no"
        right = prediction.image.category_id
        others = prediction.image.category.dataset.categories.exclude(pk=right)
        fields["choice"] = str(prediction.image.category.index if is_right else others[0].index)
    elif step.kind == Kind.ATTENTION:
        check = participant.attention_checks.get(position=step.position)
        fields["answer"] = "yes" if check.asks_yes == is_right else "no"
    return fields


def _person() -> Participant:
    return Participant.objects.select_related("study", "condition").latest("pk")


def other_pages(study: Study) -> dict[str, str]:
    """Return the pages at the ends of sessions, of people who stop, and of those not let in."""
    client, person = Tab(), _person()
    be(client, person)
    found = {}
    for status in Participant.Status.values:
        if status != Participant.Status.ACTIVE:
            finish(person, status, "" if status in {"returned", "withdrawn"} else "XX-1")
            found[f"end {status}"] = client.get(WAY).text
    back = {"status": "active", "code": "", "finished_at": None, "step": 1}
    Participant.objects.filter(pk=person.pk).update(**back)
    found["stop"] = client.get("/s/trees/stop/").text
    found["read again"] = client.get(f"{WAY}?page=0").text
    found["at the door again"] = client.get(DOOR).text
    return found | _refused_pages(client)


def _refused_pages(person: Tab) -> dict[str, str]:
    stranger = Tab()
    found = {"lost": stranger.post(WAY, {"step": "1"}).text}
    found["other's page"] = person.post(WAY, {"step": "1", "shown_to": "x"}).text
    fields = hidden(stranger.get(DOOR).text)
    found["declined"] = stranger.post(DOOR, fields | {"decline": "yes"}).text
    found["changed"] = stranger.post(DOOR, fields | {"arrival": "x"}).text
    found["cut"] = stranger.get(f"{DOOR}?back=x").text
    phone = {"agree": "on", "device_kind": "phone", "device_width": "300"}
    found["device"] = stranger.post(DOOR, fields | phone).text
    Condition.objects.update(quota=1)
    found["full"] = stranger.get(DOOR).text
    Study.objects.update(status="closed")
    found["closed"] = stranger.get(DOOR).text
    return found
