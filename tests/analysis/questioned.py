"""A study with every type of question, played in its pilot and in earnest."""

from __future__ import annotations

import random

from tests.factories import make_document, make_study
from trials import services
from trials.models import Participant, Study
from trials.study.design import Kind
from trials.study.plan import StudyPlan

QUESTIONS = [
    {"name": "age", "text": "How old are you?", "answer": "number", "is_required": True},
    {"name": "sees", "text": "Which?", "answer": "choice", "choices": ["NA", "both  eyes", "=1"]},
    {"name": "town", "text": "Where do you live?", "answer": "line"},
    {"name": "remarks", "text": "Anything else?", "answer": "paragraph"},
]
ANSWERS = {
    "age": "41.5", "sees": "both eyes", "town": "Secretville", "remarks": "=Ann, the\n'only' one",
}  # fmt: skip
DEVICE = {
    "kind": "tablet", "browser": "Firefox", "width": 1180, "height": 820, "pixel_ratio": 2.5,
    "time_zone": "America/Argentina/Ushuaia",
}  # fmt: skip
PEOPLE = {"pilot": 2, "live": 6}


def questioned_study() -> Study:
    """Let two people play the pilot and six the study; the last of the six is a repeat."""
    document = make_document(trial={"has_prior_knowledge": True, "n_exemplars": 2})
    page = {"kind": "questions", "name": "about_you", "questions": QUESTIONS}
    document["stages"].insert(-1, page)
    study = make_study(plan=StudyPlan.from_json(document))
    for stage, n in PEOPLE.items():
        Study.objects.update(status="pilot" if stage == "pilot" else "open")
        study = Study.objects.get()
        for number in range(n):
            person = services.participant_enrol(
                study=study, enrolment_key=f"{stage}{number:-<16}", is_simulated=False,
                device=DEVICE if number else {},
            )  # fmt: skip
            walk(person, random.Random(number), ANSWERS if number else {"age": "7"})
    Participant.objects.filter(number=sum(PEOPLE.values())).update(is_repeat=True, payment="paid")
    return Study.objects.get()


def walk(person: Participant, rng: random.Random, answers: dict[str, str]) -> None:
    """Answer everything, the AI's answers mostly rightly."""
    while person.status == Participant.Status.ACTIVE:
        step = person.script[person.step]
        services.step_show(participant=person)
        is_yes: bool | None = None
        if step.kind == Kind.TRIAL:
            is_yes = services.trial_of(person, step).prediction.is_right == (rng.random() < 0.9)
        elif step.kind == Kind.PRIOR_KNOWLEDGE:
            is_yes = rng.random() < 0.5
        submission = services.Submission(
            step=person.step, is_yes=is_yes, rt_ms=900, away_ms=100, given_by="key", answers=answers
        )
        person = services.participant_advance(participant=person, submission=submission)
