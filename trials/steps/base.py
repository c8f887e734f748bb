"""The base classes and the registry of screen types.

A screen type is one module of this package. It is a subclass of ``ScreenType`` that is decorated
with ``screen_type``. ``AsksNothing``, ``AsksYesNo``, ``AmongTrials`` and ``AmongPages`` implement
the methods that several screen types share; the module implements the others.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast

from django.utils.translation import gettext as _

from trials.models import Condition, Participant, Trial
from trials.participant.languages import spoken
from trials.steps.judging import Judge as Judge
from trials.steps.submission import Submission
from trials.study.design import SCREENS, Step
from trials.study.plan import StudyPlan

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A template's name and all that it needs; ``condition`` is that of the page's trial."""

    template: str
    context: Context
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Looker:
    """The person who sees a step, and the functions that find the step's content.

    ``trial`` finds a step's trial; ``asks_yes`` an attention check's wanted answer. ``condition``
    is that of the step: the person's, or within people that of the block.
    """

    participant: Participant
    trial: Callable[[Step], Trial]
    asks_yes: Callable[[Step], bool]
    condition: Condition

    @property
    def plan(self) -> StudyPlan:
        """The study's document as the condition has it, in the page's language."""
        return spoken(self.participant.study.plan.of(self.condition.name))


class ScreenType(ABC):
    """A type of screen: how it is scripted, shown, answered, stored, named and simulated.

    ``kind`` is its name in scripts and in the database. ``rank`` orders the types around a trial.
    ``is_text`` says whether a person may come back to read it.
    """

    kind: ClassVar[str]
    rank: ClassVar[int]
    is_text: ClassVar[bool]
    # The page must not load photos of the next page ahead: their addresses would tell of it.
    hides_next: ClassVar[bool] = False

    # Scripted. A stage scripts its own screens (``design.StageType``); these methods add screens
    # around trials.
    def before_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        """Yield the steps that come right before a trial: none, unless a type says otherwise."""
        yield from ()

    def before_advice(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        """Yield the steps between a first answer and the AI's advice: none by default."""
        yield from ()

    def after_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        """Yield the steps that come right after a trial: none, unless a type says otherwise."""
        yield from ()

    @abstractmethod
    def counted_as(self, script: Sequence[Step], place: int) -> Step | None:
        """Return the trial's step whose number the page shows; None if it counts no photos."""

    # Shown.
    @abstractmethod
    def show(self, looker: Looker, step: Step) -> Page:
        """Return the template and what it needs."""

    @abstractmethod
    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        """Return the addresses of its photos, which the previous step preloads."""

    @abstractmethod
    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        """Return the minimum time of the page in seconds."""

    # Answered.
    @abstractmethod
    def problem(self, participant: Participant, step: Step, submission: Submission) -> str:
        """Say what is wrong with an answer, in a person's words; empty if it is good."""

    @abstractmethod
    def typed_again(self, plan: StudyPlan, step: Step, submission: Submission) -> Context:
        """Return the typed values that the refused page shows again."""

    @abstractmethod
    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        """Store a good answer."""

    @abstractmethod
    def missing(self, participant: Participant, steps: Sequence[Step]) -> list[str]:
        """Name those of the steps, all of this type, whose answer is not stored."""

    @abstractmethod
    def after(self, participant: Participant, step: Step) -> None:
        """End the session or jump over steps, in memory, if this answer decides it."""

    # Named.
    @abstractmethod
    def part_of(self, step: Step) -> str:
        """Return the part of the study that a step belongs to."""

    @abstractmethod
    def label(self, step: Step) -> str:
        """Return the step's name in the preview's navigator."""

    @abstractmethod
    def group(self, step: Step) -> str:
        """Return the group that the preview's navigator lists the step in."""

    @abstractmethod
    def monitor_line(self, step: Step) -> str:
        """Return the monitor's text for a person at this step."""

    @abstractmethod
    def picture(self, step: Step) -> tuple[str, str] | None:
        """Return the name and the caption of the documentation's picture; None if it has none."""

    # Simulated.
    @abstractmethod
    def robot_answer(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> dict[str, str]:
        """Return the form fields that a simulated person sends."""

    def robot_moves(
        self, participant: Participant, step: Step, rng: random.Random
    ) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield what a simulated person sends before the answer: an address's name and fields."""
        yield from ()


C = TypeVar("C", bound=type[ScreenType])
NAMES = ("kind", "rank", "is_text")


def screen_type(cls: C) -> C:
    """Register a screen type. Raises ``TypeError`` for a class with missing methods."""
    unsaid = sorted(cls.__abstractmethods__) + [name for name in NAMES if not hasattr(cls, name)]
    if unsaid:
        raise TypeError(
            f"The screen type {cls.__name__} does not say: {', '.join(unsaid)}. Every screen type "
            "answers all of these; see trials/steps/base.py."
        )
    SCREENS.add(cls.kind, cls())
    return cls


def screen_of(step: Step) -> ScreenType:
    """Return a step's screen type. Raises ``UnknownName`` if none has been loaded for it."""
    return cast(ScreenType, SCREENS[step.kind])


def screen_types() -> Mapping[str, ScreenType]:
    """Return every screen type by its name."""
    return cast(Mapping[str, ScreenType], SCREENS)


class AsksNothing(ScreenType):
    """A screen that is only read."""

    def problem(self, participant: Participant, step: Step, submission: Submission) -> str:
        return ""

    def typed_again(self, plan: StudyPlan, step: Step, submission: Submission) -> Context:
        return {}

    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        return

    def missing(self, participant: Participant, steps: Sequence[Step]) -> list[str]:
        return []

    def after(self, participant: Participant, step: Step) -> None:
        return

    def robot_answer(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> dict[str, str]:
        return {}


class AsksYesNo(ScreenType):
    """A screen with the buttons Yes and No."""

    def problem(self, participant: Participant, step: Step, submission: Submission) -> str:
        return _("Please choose Yes or No.") if submission.is_yes is None else ""

    def typed_again(self, plan: StudyPlan, step: Step, submission: Submission) -> Context:
        return {}

    @abstractmethod
    def robot_says_yes(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> bool:
        """Return the simulated person's answer."""

    def robot_answer(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> dict[str, str]:
        is_yes = self.robot_says_yes(participant, step, judge, rng)
        return {"answer": "yes" if is_yes else "no", "rt_ms": str(judge.reaction_ms(rng))}


class AmongTrials(ScreenType):
    """A screen of one trial: its step has the trial's phase and position.

    ``words`` name it after the trial in lists.
    """

    is_text = False
    words: ClassVar[str]

    def counted_as(self, script: Sequence[Step], place: int) -> Step | None:
        return script[place]

    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        return 0

    def part_of(self, step: Step) -> str:
        return str(step.name)

    def label(self, step: Step) -> str:
        return f"{step.name.capitalize()} {step.position + 1}: {self.words}"

    def group(self, step: Step) -> str:
        return step.name.capitalize()

    def monitor_line(self, step: Step) -> str:
        return f"{step.name.replace('_', ' ')} {step.position + 1}, {self.words}"


class AmongPages(ScreenType):
    """A screen of its own, which the study document names."""

    def counted_as(self, script: Sequence[Step], place: int) -> Step | None:
        return None

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        return ()

    def part_of(self, step: Step) -> str:
        return step.name

    def label(self, step: Step) -> str:
        return step.name.replace("_", " ").capitalize()

    def group(self, step: Step) -> str:
        return "Pages"

    def picture(self, step: Step) -> tuple[str, str] | None:
        return None


def places_missing(
    kind: str, steps: Sequence[Step], stored: Iterable[tuple[str, int]]
) -> list[str]:
    """Name the steps whose phase and position are not among the stored ones."""
    there = set(stored)
    return [
        f"{kind} {step.name} {step.position}"
        for step in steps
        if (step.name, step.position) not in there
    ]
