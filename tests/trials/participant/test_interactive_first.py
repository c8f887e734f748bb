"""CHM-Corr++ after a first answer without the AI: nothing of it before, everything after."""

from __future__ import annotations

import random

import pytest

from tests.factories import enrol
from tests.trials.interacting import CENTRAL, MASK, SESSION, interactive_study
from tests.trials.tab import Tab, be
from trials.models import Interaction, Occasion, Participant, Response
from trials.simulation.robots import Robot, play
from trials.study.design import Kind

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ask", ["verify", "choose"])
def test_the_grid_comes_with_the_advice_and_both_answers_are_kept(client: Tab, ask: str) -> None:
    study = interactive_study(task={"ask": ask, "first": True})
    person = enrol(study)
    person.step = next(n for n, step in enumerate(person.script) if step.kind == Kind.FIRST)
    person.save()
    be(client, person)
    before, mask = client.get(SESSION).text, {"mask": CENTRAL, "at_ms": 1}
    assert "guide__" not in before
    assert client.post(MASK, {"step": person.step, **mask}).status_code == 410
    answers = [{"answer": "yes"}, {"answer": "no"}] if ask == "verify" else [
        {"choice": "0"}, {"choice": "1"}]  # fmt: skip
    client.post(SESSION, {"step": person.step, **answers[0]})
    advice = client.get(SESSION).text
    assert advice.count('class="guide__cell"') == 49
    assert client.post(MASK, {"step": person.step + 1, **mask}).status_code == 200
    client.post(SESSION, {"step": person.step + 1, "q_mask": CENTRAL, **answers[1]})
    said = Response.objects.order_by("pk").values_list("occasion", "is_accepted", "choice__index")
    assert [row[0] for row in said] == [Occasion.FIRST, Occasion.FINAL]
    assert said[0][1:] != said[1][1:]
    stored = Interaction.objects.get()
    assert (stored.mask, stored.n_changes) == (CENTRAL, 1)


def test_robots_choose_parts_only_after_their_first_answer() -> None:
    study = interactive_study(task={"ask": "verify", "first": True}, n_sets=1)
    rng = random.Random(1)
    person = play(study, Robot(), rng)
    assert person.status == Participant.Status.COMPLETED
    finals = Response.objects.filter(occasion=Occasion.FINAL, trial__participant=person).count()
    assert Interaction.objects.filter(trial__participant=person).count() == finals
    assert Response.objects.count() == 2 * finals
    steps = set(person.events.filter(kind="reranked").values_list("step", flat=True))
    assert steps
    assert {person.script[step].kind for step in steps} == {Kind.TRIAL}
