"""The parts of a study's plan: conditions, stages, screens, and what is checked and declared.

Made from a completed document by ``plan.StudyPlan.from_json`` alone; fields, limits and defaults
are the schema's. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Protocol, TypeVar

from trials.study.registry import Registry

T = TypeVar("T")


def made(part: type[T], values: Mapping[str, Any]) -> T:
    """Return a part of a plan, a dataclass, from the fields of a completed document."""
    present = {item.name: values[item.name] for item in fields(part) if item.name in values}  # type: ignore[arg-type]
    return part(**present)


@dataclass(frozen=True, slots=True)
class View:
    """How an explanation is shown. Code distinguishes views by these facts, never by their name.

    ``panels`` are the names of its explanation panels (``trials.panels``); ``needs``,
    ``needs_crop`` and ``needs_pairs`` are theirs. ``description`` is the view's line in the
    documentation.
    """

    label: str
    description: str
    has_statement: bool
    rank: int
    panels: tuple[str, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    needs_crop: bool = False
    needs_pairs: bool = False


# ``trials.panels`` adds a view for each panel when the apps are loaded.
VIEWS: Final[Registry[View]] = Registry("view")
UNAIDED: Final = "unaided"
VIEWS.add(
    UNAIDED,
    View("No AI at all", "the question without any statement of the AI", False, rank=0),
)
VIEWS.add("none", View("No explanation", "the AI's label and confidence", True, rank=10))


@dataclass(frozen=True, slots=True)
class DeferPlan:
    """Which photos people judge: those where the AI's confidence is below ``below``.

    Or the least sure ``share`` of them; 0 and 0: all photos. Without ``shows_label`` people are not
    told what the AI says.
    """

    below: float = 0
    share: float = 0
    shows_label: bool = True

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
    run: str = ""
    panels: list[dict[str, Any]] = field(default_factory=list)
    trial: dict[str, Any] = field(default_factory=dict)
    wording: dict[str, Any] = field(default_factory=dict)
    defer: DeferPlan = DeferPlan()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ConditionPlan:
        """Return a condition from the fields of a completed document."""
        return made(cls, {**values, "defer": made(DeferPlan, values.get("defer", {}))})

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
    share_right: str = "half"
    sets_file: str = ""


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """Which photos may be drawn: a list, or the reference to a kept file; empty: no limit."""

    keep: str | list[str]
    leave_out: str | list[str]


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


class StagePlan(Protocol):
    """One stage of a study, of any kind."""

    @property
    def kind(self) -> str: ...


class StagePart(Protocol):
    """The document part of a kind of stage; ``design.StageType`` has the rest."""

    @property
    def rank(self) -> int: ...
    @property
    def fields(self) -> Mapping[str, Any] | None: ...
    @property
    def own_pages(self) -> tuple[str, ...]: ...
    def made(self, values: Mapping[str, Any]) -> StagePlan: ...
    def contradictions(self, stage: Any) -> Iterator[tuple[str, object, str]]: ...


# ``trials.steps`` adds the kinds of stages when the apps are loaded.
STAGES: Final[Registry[StagePart]] = Registry("kind of stage")


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
    has_opacity: bool = False
    has_kinds: bool = False
    n_true_photos: int = 0
    layout: str = "reference"
    has_window: bool = False

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
    failed_validation: str
    failed_attention: str
    timed_out: str

    @property
    def is_reference(self) -> bool:
        """Whether the AI says its guess as in the reference study."""
        return self.statement == "{persona} guessed this is **{percent}** **{label}**."

    before_block: str = ""


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
