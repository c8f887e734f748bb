"""The parts of a study's plan: conditions, screens, and what is checked and declared.

``plan.StudyPlan.from_json`` makes them from a completed document. Limits, defaults and help texts
are in the schema alone; a test compares the names and types of the fields with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from trials.study.registries import UNAIDED
from trials.study.schema import schema

T = TypeVar("T")
# What the AI says in the reference study.
STATEMENT: Final = schema()["$defs"]["wording"]["properties"]["statement"]["default"]


def made(part: type[T], values: Mapping[str, Any]) -> T:
    """Return a part of a plan, a dataclass, from the fields of a completed document."""
    present = {item.name: values[item.name] for item in fields(part) if item.name in values}  # type: ignore[arg-type]
    return part(**present)


# ``trials.panels`` adds a view for each panel when the apps are loaded.
@dataclass(frozen=True, slots=True)
class DeferPlan:
    """Which photos people judge: those where the AI's confidence is below ``below``.

    Instead it may be the least sure ``share`` of them. If both are 0, people judge all photos.
    Without ``shows_label`` people are not told what the AI says.
    """

    below: float
    share: float
    shows_label: bool

    @property
    def is_on(self) -> bool:
        """Whether the AI decides some of the photos."""
        return bool(self.below or self.share)

    def __str__(self) -> str:
        """Return the part of the photos in words, empty for all; it becomes a part of names."""
        if not self.is_on:
            return ""
        return f"below {self.below:g}" if self.below else f"least sure {self.share:g}"


@dataclass(frozen=True, slots=True)
class ConditionPlan:
    """One arm: whose predictions are judged, and how they are explained.

    The predictions are those of the run named ``run``, or of ``classifier``. ``trial`` and
    ``wording`` hold what differs from the study's. ``panels`` are the chosen kinds and numbers.
    """

    name: str
    classifier: str
    view: str
    parameters: dict[str, Any]
    backbone: str
    persona: str
    quota: int
    run: str
    panels: list[dict[str, Any]]
    trial: dict[str, Any]
    wording: dict[str, Any]
    defer: DeferPlan

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ConditionPlan:
        """Return a condition from the fields of a completed document."""
        return made(cls, {**values, "defer": made(DeferPlan, values["defer"])})

    @property
    def asks_for(self) -> str:
        """What names the predictions in lists: the classifier, or the run."""
        return f"run {self.run}" if self.run else self.classifier

    @property
    def pool(self) -> str:
        """What names the photos that its sets are drawn from: the predictions, and their part."""
        return ", ".join(filter(None, (self.asks_for, str(self.defer))))

    @property
    def view_shown(self) -> str:
        """The view of what people see: without what the AI says, it is the question alone."""
        is_hidden = self.defer.is_on and not self.defer.shows_label
        return UNAIDED if is_hidden else self.view


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """Which photos may be drawn: a list, or the reference to a kept file; empty: no limit."""

    keep: str | list[str]
    leave_out: str | list[str]


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What the screens of one trial ask and show."""

    has_prior_knowledge: bool
    has_definition: bool
    n_samples: int
    n_exemplars: int
    has_confidence: bool
    has_keys: bool
    has_zoom: bool
    min_seconds: int
    has_opacity: bool
    has_kinds: bool
    n_true_photos: int
    has_own_answer: bool
    layout: str
    has_window: bool

    @property
    def is_equal(self) -> bool:
        """Whether the judged photo has one size in all conditions, with the newer boxes."""
        return self.layout == "equal"


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """What people are asked about each photo; ``trials.study.task`` reads the open fields."""

    ask: str
    choices: str | list[str] | dict[str, Any]
    first: bool
    confidence: str | dict[str, Any]
    reason: str
    seconds: int

    @property
    def is_choice(self) -> bool:
        """Whether people choose among classes."""
        return self.ask == "choose"

    @property
    def is_one_press(self) -> bool:
        """Whether one press of a button is the whole answer."""
        return self.confidence == "none" and self.reason == "none"

    @property
    def names_late(self) -> bool:
        """Whether the AI's class may be named only after the first answer."""
        return self.is_choice and self.first


@dataclass(frozen=True, slots=True)
class WordingPlan:
    """The texts on trial screens and between the stages; an empty text is the standard one."""

    statement: str
    statement_without_confidence: str
    question: str
    choose: str
    first: str
    first_answer: str
    confidence: str
    reason: str
    yes: str
    no: str
    examples: str
    matched_parts: str
    prior_knowledge: str
    prior_knowledge_note: str
    definition: str
    attention_title: str
    attention: str
    before_validation: str
    retry_validation: str
    before_test: str
    before_block: str
    failed_validation: str
    failed_attention: str
    timed_out: str

    @property
    def is_reference(self) -> bool:
        """Whether the AI says its guess as in the reference study."""
        return bool(self.statement == STATEMENT)


@dataclass(frozen=True, slots=True)
class ConsentPlan:
    """The information that people agree to."""

    version: str
    minimum_age: int
    text: str


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """Who may take part by device."""

    kinds: list[str]
    min_width: int


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """The checks of care. Signals only set flags; they reject nobody."""

    n_attention: int
    max_failed_attention: int
    attention_end: str
    min_answer_ms: int
    max_away_ms: int
    identical_run: int
    repeat: str
    repeat_group: str


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """The comparisons, declared before data are collected.

    ``looks`` are the shares of the wanted people at which the tests may be read, such as 50%. They
    are optional: documents of earlier versions lack them and keep their fingerprint.
    """

    family: list[list[str]]
    margin: float
    looks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RecruitmentPlan:
    """The recruitment channel, the pay and the completion codes."""

    channel: str
    codes: dict[str, str]
    pay: float
    currency: str
