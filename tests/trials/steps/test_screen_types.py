"""Screen types: each answers every question, and an unknown one is an error with words."""

from __future__ import annotations

import pytest

from tests.factories import make_plan
from tests.trials.participant.test_views import WAY, go_to
from tests.trials.steps.test_way import enter
from trials.models import Participant
from trials.steps.base import AmongPages, AsksNothing, screen_of, screen_type, screen_types
from trials.study.design import Kind, Step, script
from trials.study.registries import STAGES
from trials.study.registry import UnknownName
from trials.study.script_stages import stage_of


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


@pytest.mark.django_db
def test_a_study_without_the_debrief_in_its_document_ends_with_a_titled_page() -> None:
    document_without = [{"kind": "test", "n": 2, "n_sets": 2}]
    client = enter()
    study = Participant.objects.get().study
    study.document["stages"] = document_without
    study.save(update_fields=["document"])
    go_to(client, 3)
    assert '<h1 tabindex="-1">Thank you!</h1>' in client.get(WAY).text
