"""The code is the promise that every answer is stored: nobody gets it before."""

from __future__ import annotations

import pytest

from tests.factories import enrol, make_document, make_study
from tests.trials.services.test_services import advance
from trials import services
from trials.models import AttentionCheck, Participant, PriorKnowledge, Response, Study
from trials.study.design import Kind, Phase
from trials.study.kept import kept_forget
from trials.study.plan import StudyPlan

pytestmark = pytest.mark.django_db


def truth(participant: Participant) -> bool | None:
    step = participant.script[participant.step]
    if step.kind != Kind.TRIAL:
        return None
    prediction = services.trial_of(participant, step).prediction
    return prediction.category_id == prediction.image.category_id


def everything(attempts: int = 2) -> Participant:
    """Return someone who passed at once, one step before the code, of a study that asks it all."""
    asked = {"name": "age", "text": "How old are you?", "answer": "number", "is_required": True}
    more = {"name": "how", "text": "How did you decide?", "answer": "paragraph"}
    document = make_document(
        attempts=attempts, trial={"has_prior_knowledge": True}, quality={"n_attention": 1}
    )
    page = {"kind": "questions", "name": "about", "title": "You", "questions": [asked, more]}
    document["stages"].insert(-1, page)
    alice = enrol(make_study(plan=StudyPlan.from_json(document), n_queries=24))
    while alice.script[alice.step].kind != Kind.QUESTIONS:
        is_yes = truth(alice)
        alice = advance(alice, alice.step, True if is_yes is None else is_yes)
    return alice


def hand_in(participant: Participant) -> Participant:
    submission = services.Submission(step=participant.step, answers={"age": "41"})
    return services.participant_advance(participant=participant, submission=submission)


def test_attempts_that_were_jumped_over_are_not_missed() -> None:
    assert hand_in(everything(attempts=2)).status == Participant.Status.COMPLETED


@pytest.mark.parametrize("phase", list(Phase))
def test_no_code_is_given_while_an_answer_is_missing(phase: Phase) -> None:
    alice = everything()
    Response.objects.filter(trial__phase=phase, trial__position=0).delete()
    with pytest.raises(RuntimeError, match=f"not stored: .*trial {phase} 0"):
        hand_in(alice)


def test_nor_while_prior_knowledge_or_a_check_is_missing() -> None:
    alice = everything(attempts=1)
    PriorKnowledge.objects.filter(trial__phase="test", trial__position=2).delete()
    AttentionCheck.objects.update(is_yes=None)
    said = "prior_knowledge test 2, attention attention 0|attention 0, prior_knowledge test 2"
    with pytest.raises(RuntimeError, match=f"not stored: {said}"):
        hand_in(alice)


def test_nor_while_a_question_that_needs_an_answer_has_none() -> None:
    alice = everything()
    document = alice.study.document
    document["stages"].insert(0, document["stages"][-2] | {"name": "before"})
    Study.objects.update(document=document)
    kept_forget()  # no frozen study changes outside a test
    Participant.objects.update(step=alice.step + 1)
    alice = Participant.objects.get()
    with pytest.raises(RuntimeError, match="not stored: question before age"):
        hand_in(alice)
