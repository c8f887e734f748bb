"""A study may speak in its own words; the standard ones stand where it says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.factories import make_document, make_study
from tests.trials.doors import WAY, consent
from tests.trials.tab import Tab
from trials.models import Condition, Participant
from trials.services import trial_of
from trials.study.design import Kind
from trials.study.plan import PlanRefused, StudyPlan

WORDING = {
    "statement": "{persona} meint zu **{percent}**: **{label}**.",
    "statement_without_confidence": "{persona} meint: **{label}**.",
    "question": "Ist das <{label}>?",
    "yes": "Ja",
    "no": "Nein",
    "examples": "{persona} zeigt Fotos von {label}",
    "matched_parts": "Was {persona} zusammenbringt",
    "prior_knowledge": "Schon einmal **{label}** gesehen?",
    "prior_knowledge_note": "",
    "definition": "Was heißt **{label}**?",
    "attention_title": "Eine Probe.",
    "attention": "Bitte **{answer}** antworten.",
    "before_validation": "Jetzt kommen {n_validation} Fotos.",
    "retry_validation": "{n_correct} von {n_validation}; noch {attempts_left}.",
    "before_test": "Nun {n_test} Fotos.",
    "failed_validation": "Leider **nicht** bestanden.",
    "failed_attention": "Bitte lesen.",
    "timed_out": "Zu spät.",
}
VIEWS = {"unaided": "alone", "none": "ResNet-50", "exemplars": "kNN", "correspondences": "EMD-Corr"}


def speaking(view: str, wording: dict[str, str], **changes: Any) -> Client:
    """Open a study of one condition in these words, and consent to it."""
    classifier = "emd-corr" if view == "correspondences" else "knn"
    arm = {"name": VIEWS[view], "classifier": classifier, "view": view}
    document = make_document(conditions=[arm], wording=wording, **changes)
    make_study(plan=StudyPlan.from_json(document), n_queries=24)
    client = Tab()
    consent(client)
    return client


def pages(client: Client, *, is_right: bool = True) -> dict[str, str]:
    """Walk to the end; return a page of each kind of screen, and the last one as ``end``."""
    found = {}
    while (participant := Participant.objects.select_related("study", "condition").get()).is_active:
        step = participant.script[participant.step]
        found[step.name if step.kind == Kind.PAGE else step.kind] = client.get(WAY).text
        form = {"step": str(participant.step), "answer": "yes"}
        if step.kind == Kind.TRIAL:
            agrees = trial_of(participant, step).prediction.is_right == is_right
            form["answer"] = "yes" if agrees else "no"
        client.post(WAY, form)
    return found | {"end": client.get(WAY).text}


@pytest.mark.one_database
@pytest.mark.django_db
@pytest.mark.parametrize("view", VIEWS)
def test_trial_screens_speak_the_studys_words(view: str) -> None:
    screens = {"has_prior_knowledge": True, "has_definition": True}
    client = speaking(view, WORDING, trial=screens, quality={"n_attention": 1})
    assert Condition.objects.get().view_name == view
    found = pages(client)
    trial = found["trial"]
    assert "Ist das &lt;" in trial
    assert ">Ja <kbd>" in trial
    assert ">Nein <kbd>" in trial
    assert "Is this" not in trial
    assert ("Sam meint zu <strong>" in trial) == (view != "unaided")
    assert ("Sam zeigt Fotos von" in trial) == (view == "exemplars")
    assert ("Was Sam zusammenbringt" in trial) == (view == "correspondences")
    assert "Schon einmal <strong>" in found["prior_knowledge"]
    assert "In life or in a picture" not in found["prior_knowledge"]
    assert "Was heißt <strong>" in found["definition"]
    assert "Eine Probe." in found["attention"]
    assert any(
        f"Bitte <strong>{word}</strong> antworten" in found["attention"] for word in ["Ja", "Nein"]
    )
    assert "Jetzt kommen 4 Fotos" in found["before_validation"]
    assert "Nun 6 Fotos" in found["before_test"]
    assert "You passed the check" not in found["before_test"]


@pytest.mark.one_database
@pytest.mark.django_db
def test_attempts_and_ends_speak_them_too() -> None:
    found = pages(speaking("none", WORDING, attempts=2), is_right=False)
    assert "0 von 4; noch 1." in found["retry_validation"]
    assert "Leider <strong>nicht</strong> bestanden." in found["end"]
    assert "these photos are hard" not in found["end"]


@pytest.mark.one_database
@pytest.mark.django_db
def test_what_a_study_leaves_out_is_said_in_the_standard_words() -> None:
    found = pages(speaking("none", {"yes": "Yep"}, trial={"has_confidence": False}))
    assert "Sam guessed this is a" in found["trial"]
    assert ">Yep <kbd>" in found["trial"]
    assert ">No <kbd>" in found["trial"]
    assert "You passed the check" in found["before_test"]


@pytest.mark.one_database
@pytest.mark.django_db
def test_simulated_people_understand_any_wording() -> None:
    speaking("exemplars", WORDING, quality={"n_attention": 1})
    call_command("simulate", "trees", participants=2, seed=1)
    robots = Participant.objects.filter(is_simulated=True)
    assert {robot.status for robot in robots} <= {"completed", "failed_validation"}
    assert robots.filter(status="completed").exists()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("question", "Is it right?", "{label}"),
        ("statement", "Sam is sure.", "{label}"),
        ("attention", "Please answer.", "{answer}"),
        ("no", "Yes", "another word than wording.yes"),
        ("yes", " Yes", "a word or two"),
        ("question", "  ", "a sentence"),
    ],
)
def test_words_that_nobody_could_answer_are_refused(name: str, text: str, expected: str) -> None:
    with pytest.raises(PlanRefused, match=rf"wording\.{name}: .*{expected}"):
        StudyPlan.from_json(make_document(wording={name: text}))
