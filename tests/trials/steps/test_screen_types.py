"""Screen types: each answers every question, and an unknown one is an error with words."""

from __future__ import annotations

import pytest

from study_site.demo.bootstrap import ROOT
from tests.factories import make_plan
from tests.trials.participant.test_views import WAY, go_to
from tests.trials.steps.test_way import enter
from trials.models import Participant
from trials.steps.base import AmongPages, AsksNothing, screen_of, screen_type, screen_types
from trials.steps.submission import Submission
from trials.study.design import Kind, Step, script
from trials.study.registries import STAGES
from trials.study.registry import UnknownName
from trials.study.script_stages import stage_of

SHOTS = ROOT / "docs" / "screenshots.md"


def test_every_built_in_kind_has_a_screen_type() -> None:
    assert set(screen_types()) >= set(Kind)
    kinds = ["page", "walkthrough", "training", "validation", "test", "questions"]
    assert [kind for kind in STAGES if kind in kinds] == kinds


def test_a_step_of_an_unknown_kind_is_an_error_with_words() -> None:
    with pytest.raises(UnknownName, match="Unknown screen type 'dream'; known: page, "):
        screen_of(Step("dream", "one"))
    with pytest.raises(UnknownName, match="'dream'"):
        stage_of(Step("dream", "one"))


def test_a_screen_type_that_leaves_a_question_open_is_refused() -> None:
    class Halfway(AsksNothing, AmongPages):
        kind = "halfway"

    with pytest.raises(TypeError, match="Halfway does not say: min_seconds, monitor_line, show"):
        screen_type(Halfway)
    assert "halfway" not in screen_types()


def test_two_entries_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="There is a screen type 'page' already"):
        screen_type(type(screen_types()["page"]))


def test_every_step_of_a_session_has_its_names() -> None:
    plan = make_plan(
        attempts=2, trial={"has_prior_knowledge": True, "has_definition": True},
        quality={"n_attention": 2},
    )  # fmt: skip
    for step in script(plan):
        screen = screen_of(step)
        assert all([screen.label(step), screen.group(step), screen.monitor_line(step)])
        assert screen.part_of(step) in {"introduction", "instructions", "debrief", *STAGES}


@pytest.mark.parametrize(
    ("kind", "step", "picture"),
    [
        ("page", "debrief", "debrief"),
        ("walkthrough", "walkthrough", "worked-example"),
        ("prior_knowledge", "training", "prior-knowledge"),
        ("definition", "training", "definition"),
        ("trial", "training", "training"),
        ("trial", "validation", "validation"),
        ("feedback", "training", "feedback"),
        ("attention", "test", "attention"),
        ("questions", "about_you", "questions"),
    ],
)
def test_the_documentation_has_a_picture_of_each_screen(kind: str, step: str, picture: str) -> None:
    found = screen_types()[kind].picture(Step(kind, step))
    assert found is not None
    assert found[0] == picture
    assert f"screenshots/{picture}-laptop.jpg" in SHOTS.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Kind.PRIOR_KNOWLEDGE, Kind.DEFINITION, Kind.FIRST])
def test_a_screen_around_trials_is_pictured_in_the_training_alone(kind: Kind) -> None:
    picture = screen_types()[kind].picture
    assert picture(Step(kind, "training")) is not None
    assert picture(Step(kind, "test")) is None


@pytest.mark.parametrize(
    ("kind", "step", "line"),
    [
        ("walkthrough", "walkthrough", "worked example"),
        ("questions", "about_you", "questions, about you"),
        ("attention", "test", "attention check 1"),
    ],
)
def test_the_monitor_names_where_somebody_is(kind: str, step: str, line: str) -> None:
    assert screen_types()[kind].monitor_line(Step(kind, step)) == line


def test_a_submission_without_an_answer_is_no_answer() -> None:
    assert Submission(step=3, is_yes=False).said_yes is False
    with pytest.raises(ValueError, match="Step 3 has no answer; expected Yes or No"):
        Submission(step=3).said_yes  # noqa: B018 - it raises


@pytest.mark.django_db
def test_a_study_without_the_debrief_in_its_document_ends_with_a_titled_page() -> None:
    document_without = [{"kind": "test", "n": 2, "n_sets": 2}]
    client = enter()
    study = Participant.objects.get().study
    study.document["stages"] = document_without
    study.save(update_fields=["document"])
    go_to(client, 3)
    assert '<h1 tabindex="-1">Thank you!</h1>' in client.get(WAY).text
