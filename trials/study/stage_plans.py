"""The stages of a study's plan; limits and defaults are in the schema. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page of text; an empty text is the standard one of that name."""

    kind: str
    name: str
    title: str
    text: str
    min_seconds: int


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Trials with feedback."""

    kind: str
    n: int


@dataclass(frozen=True, slots=True)
class ValidationPlan:
    """Scored trials without feedback; a person must pass them to reach the test."""

    kind: str
    n: int
    pass_mark: int
    attempts: int


@dataclass(frozen=True, slots=True)
class TestPlan:
    """The trials of the study itself, in ``n_sets`` disjoint sets of ``n``."""

    __test__ = False  # no class of tests, whatever its name says to pytest

    kind: str
    n: int
    n_sets: int
    balance: str
    strata: str
    order: str
    share_right: str
    sets_file: str


@dataclass(frozen=True, slots=True)
class QuestionPlan:
    """One question of a page of questions."""

    name: str
    text: str
    answer: str
    choices: list[str]
    is_required: bool
    # The choices as participants read them, if in another language than the stored answers.
    choices_said: tuple[str, ...] = ()

    @property
    def options(self) -> list[tuple[str, str]]:
        """Each choice as it is stored, and as it is shown."""
        return list(zip(self.choices, self.choices_said or self.choices, strict=True))


@dataclass(frozen=True, slots=True)
class QuestionsPlan:
    """A page of questions about the person or the session."""

    kind: str
    name: str
    title: str
    text: str
    questions: tuple[QuestionPlan, ...]
