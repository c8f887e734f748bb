"""A page of the study's own questions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trials.models import Participant, QuestionAnswer
from trials.participant import texts
from trials.participant.languages import grouped, said, spoken
from trials.steps.base import AmongPages, Context, Judge, Looker, Page, screen_type
from trials.steps.submission import Submission
from trials.study.contradictions import RESERVED_NAMES, STANDARD_PAGES
from trials.study.design import Kind, StageType, Step, stage_add
from trials.study.numbers_typed import NoNumber, number_read
from trials.study.plan import StudyPlan
from trials.study.plan_parts import made
from trials.study.stage_plans import QuestionPlan, QuestionsPlan

MAX_LENGTH = 5000


class QuestionsStage(StageType):
    """A page of questions in the document."""

    kind = "questions"
    rank = 50
    part = QuestionsPlan

    def made(self, values: Mapping[str, Any]) -> QuestionsPlan:
        asked = tuple(made(QuestionPlan, value) for value in values["questions"])
        return made(QuestionsPlan, {**values, "questions": asked})

    def script(self, plan: StudyPlan, stage: QuestionsPlan) -> Iterator[Step]:
        yield Step(Kind.QUESTIONS, stage.name)

    def contradictions(self, stage: QuestionsPlan) -> Iterator[tuple[str, object, str]]:
        if stage.name in (*RESERVED_NAMES, *STANDARD_PAGES):
            yield "name", stage.name, "another name than that of a page"
        names = [each.name for each in stage.questions]
        if len(set(names)) < len(names):
            yield "questions", names, "names that are all different"
        for position, each in enumerate(stage.questions):
            if (each.answer == "choice") != bool(each.choices):
                yield f"questions[{position}].choices", each.choices, "choices, if answer is choice"
            for number, choice in enumerate(each.choices):
                # Browsers send line ends differently, and answers are stripped.
                if choice != choice.strip() or len(choice.splitlines()) > 1:
                    expected = "one line without blanks at its ends"
                    yield f"questions[{position}].choices[{number}]", choice, expected


stage_add(QuestionsStage())


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as its field shows it."""

    question: QuestionPlan
    value: str
    problem: str

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Each choice as it is stored, and as it is shown."""
        return self.question.options


@screen_type
class QuestionsScreen(AmongPages):
    """Questions of several types on one page, with what is wrong beside each."""

    kind = Kind.QUESTIONS
    rank = 70
    is_text = False

    def show(self, looker: Looker, step: Step) -> Page:
        page = looker.plan.questions[step.name]
        values = texts.placeholders(looker.plan, looker.condition.persona)
        context = {
            "title": page.title or _("Some questions"),
            "body": texts.render(page.text, values),
            "questions": asked(page.questions),
        }
        return Page("trials/questions.html", context)

    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        return 0

    def problem(self, participant: Participant, step: Step, submission: Submission) -> str:
        page = participant.study.plan.questions[step.name]
        n = len(problems(page.questions, submission.answers))
        if not n:
            return ""
        return ngettext(
            "Please look at the question marked below.",
            "Please look at the %(n)s questions marked below.",
            n,
        ) % {"n": n}

    def typed_again(self, plan: StudyPlan, step: Step, submission: Submission) -> Context:
        page, given = spoken(plan).questions[step.name], submission.answers
        return {"questions": asked(page.questions, given, problems(page.questions, given))}

    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        page = participant.study.plan.questions[step.name]
        given = {
            question.name: _kept(question, submission.answers.get(question.name, "").strip())
            for question in page.questions
        }
        QuestionAnswer.objects.bulk_create(
            QuestionAnswer(
                participant=participant, page=step.name, name=name, value=value, received_at=now
            )
            for name, value in given.items()
            if value
        )

    def missing(self, participant: Participant, steps: Sequence[Step]) -> list[str]:
        given = set(participant.question_answers.values_list("page", "name"))
        pages = participant.study.plan.questions
        return [
            f"question {step.name} {question.name}"
            for step in steps
            for question in pages[step.name].questions
            if question.is_required and (step.name, question.name) not in given
        ]

    def after(self, participant: Participant, step: Step) -> None:
        return

    def monitor_line(self, step: Step) -> str:
        return f"questions, {step.name.replace('_', ' ')}"

    def picture(self, step: Step) -> tuple[str, str] | None:
        return "questions", "A page of the study's own questions."

    def robot_answer(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> dict[str, str]:
        page = participant.study.plan.questions[step.name]
        return {
            f"q_{question.name}": question.choices[0] if question.choices else "1"
            for question in page.questions
        }


def asked(
    questions: Iterable[QuestionPlan],
    given: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> list[Asked]:
    """Return questions with what was typed and what is wrong with it."""
    values, found = given or {}, wrong or {}
    return [
        Asked(question, values.get(question.name, ""), found.get(question.name, ""))
        for question in questions
    ]


def problems(asked: Iterable[QuestionPlan], given: Mapping[str, str]) -> dict[str, str]:
    """Return for each question without a valid answer a message that says what to do."""
    found = {item.name: _problem(item, given.get(item.name, "").strip()) for item in asked}
    return {name: words for name, words in found.items() if words}


def _problem(question: QuestionPlan, value: str) -> str:
    if not value:
        return _("Please answer this question.") if question.is_required else ""
    if question.answer == "number":
        return _number_problem(value)
    if question.answer == "choice" and not _is_among(value, question.choices):
        return _("Please choose one of the answers.")
    if len(value) > MAX_LENGTH:
        return _("This has %(n)s characters; please use at most %(most)s.") % {
            "n": grouped(len(value)),
            "most": grouped(MAX_LENGTH),
        }
    return ""


def _is_among(value: str, choices: Iterable[str]) -> bool:
    """Whether the text is one of the options; blanks and line ends may differ by browser."""
    return value.split() in [choice.split() for choice in choices]


def _number_problem(value: str) -> str:
    try:
        number_read(value)
    except NoNumber as error:
        return said(error)
    return ""


def _kept(question: QuestionPlan, value: str) -> str:
    """Return an answer as it is stored; a number has one canonical form."""
    return number_read(value) if question.answer == "number" and value else value
