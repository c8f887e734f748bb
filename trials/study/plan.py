"""The study document as Python sees it: checked, complete, frozen.

``StudyPlan.from_json`` takes what a researcher wrote; ``document`` is the completed JSON that is
stored and hashed. Standard library and the schema only: no Django, no models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from trials.study.assignment import common_of, phases_before
from trials.study.contradictions import contradictions
from trials.study.document import (
    PlanRefused,
    completed,
    default_of,
    read_as_latest,
    sha256_of,
    without_retired,
)
from trials.study.languages import ENGLISH, TranslationPlan, isolated, spoken_plan
from trials.study.layout import Layout
from trials.study.orders import DesignPlan
from trials.study.plan_parts import (
    AnalysisPlan,
    ConditionPlan,
    ConsentPlan,
    DeferPlan,
    DevicePlan,
    PoolPlan,
    QualityPlan,
    RecruitmentPlan,
    TaskPlan,
    TrialPlan,
    WordingPlan,
    made,
)
from trials.study.registries import STAGES, VIEWS, StagePlan, View
from trials.study.schema import Json
from trials.study.stage_plans import (
    PagePlan,
    QuestionPlan,
    QuestionsPlan,
    TestPlan,
    TrainingPlan,
    ValidationPlan,
)

__all__ = [
    "CONDITIONS",
    "STAGES",
    "VIEWS",
    "AnalysisPlan",
    "ConditionPlan",
    "ConsentPlan",
    "DeferPlan",
    "DesignPlan",
    "DevicePlan",
    "PagePlan",
    "PlanRefused",
    "PoolPlan",
    "QualityPlan",
    "QuestionPlan",
    "QuestionsPlan",
    "RecruitmentPlan",
    "StagePlan",
    "StudyPlan",
    "TaskPlan",
    "TestPlan",
    "TrainingPlan",
    "TrialPlan",
    "ValidationPlan",
    "View",
    "WordingPlan",
]


@dataclass(frozen=True)
class StudyPlan:
    """A study: its stages, its conditions, its seeds. Made only by ``from_json``."""

    document: Json
    title: str
    seed: int
    topic: str
    persona: str
    minutes: int
    contact: str
    ethics: str
    idle_minutes: int
    max_minutes: int
    conditions: tuple[ConditionPlan, ...]
    design: DesignPlan
    stages: tuple[StagePlan, ...]
    pool: PoolPlan
    trial: TrialPlan
    task: TaskPlan
    wording: WordingPlan
    consent: ConsentPlan
    device: DevicePlan
    quality: QualityPlan
    exclusions: tuple[str, ...]
    analysis: AnalysisPlan
    recruitment: RecruitmentPlan
    crop: str
    has_score: bool
    language: str
    translations: tuple[TranslationPlan, ...]
    # Kinds and numbers of the panels that a condition chooses, see ``of``; without any, all.
    panels: tuple[tuple[str, int], ...] = ()
    # One person's trials, in a study within people; see ``laid``.
    layout: Layout | None = None
    # Translations of the study's own texts, in a plan that ``in_language`` returned.
    said: Mapping[str, str] = field(default_factory=dict)
    spoken_in: str = ""
    # In the plan of one condition (see ``of``), the study's.
    whole: StudyPlan | None = field(default=None, repr=False, compare=False)

    @property
    def is_whole(self) -> bool:
        """Whether people see whole photos; otherwise they see the square that the AI sees."""
        return self.crop == "whole"

    @classmethod
    def from_json(
        cls, document: Mapping[str, Any], *, is_frozen: bool = False, is_stored: bool = False
    ) -> StudyPlan:
        """Check and complete a document; ``PlanRefused`` names everything that is wrong.

        A frozen document passed the checks for contradictions of its time; later checks do not
        apply. A document that ``is_stored`` may have exclusion rules that the schema accepted at
        its time (``retired_rules``): it can be read, but neither saved again nor launched.
        """
        if is_stored:
            full = completed(without_retired(document))
            full["exclusions"] = list(document.get("exclusions", []))
        else:
            full = completed(document)
        latest = read_as_latest(full)
        values = {each.name: latest[each.name] for each in fields(cls) if each.name in latest}
        values |= {name: made(kind, latest[name]) for name, kind in _PARTS.items()}
        values["conditions"] = tuple(map(ConditionPlan.from_json, latest["conditions"]))
        values["stages"] = tuple(STAGES[item["kind"]].made(item) for item in latest["stages"])
        values["exclusions"] = tuple(full["exclusions"])
        others = latest["translations"]
        values["translations"] = tuple(made(TranslationPlan, item) for item in others)
        plan = cls(document=full, **values)
        problems = [] if is_frozen else list(contradictions(plan))
        if problems:
            raise PlanRefused(*problems)
        return plan

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of the document."""
        return sha256_of(self.document)

    @cached_property
    def test(self) -> TestPlan:
        """The one test."""
        return next(stage for stage in self.stages if isinstance(stage, TestPlan))

    @cached_property
    def training(self) -> TrainingPlan | None:
        """The training, if there is one."""
        return next((stage for stage in self.stages if isinstance(stage, TrainingPlan)), None)

    @cached_property
    def validation(self) -> ValidationPlan | None:
        """The validation, if there is one."""
        return next((stage for stage in self.stages if isinstance(stage, ValidationPlan)), None)

    @cached_property
    def pages(self) -> dict[str, PagePlan]:
        """The pages of text by name."""
        return {stage.name: stage for stage in self.stages if isinstance(stage, PagePlan)}

    @cached_property
    def questions(self) -> dict[str, QuestionsPlan]:
        """The pages of questions by name."""
        return {stage.name: stage for stage in self.stages if isinstance(stage, QuestionsPlan)}

    def of(self, condition_name: str) -> StudyPlan:
        """Return the plan as the people of a condition meet it: its screens, words and panels.

        Every page, fingerprint and file reads what people see from this plan. Where the condition
        changes nothing, it is this plan itself. A name of no condition is of one without changes.
        """
        return self._by_condition.get(condition_name, self)

    @property
    def has_changes(self) -> bool:
        """Whether some condition changes the plan for its people."""
        return bool(self._by_condition)

    @cached_property
    def plans(self) -> tuple[StudyPlan, ...]:
        """The different plans that the conditions' people meet; this one alone without changes."""
        found = [self.of(item.name) for item in self.conditions]
        return tuple({id(plan): plan for plan in found}.values())

    @cached_property
    def _by_condition(self) -> dict[str, StudyPlan]:
        return {
            item.name: replace(
                self,
                trial=replace(self.trial, **item.trial),
                wording=replace(self.wording, **item.wording),
                panels=tuple((each["kind"], each["n"]) for each in item.panels),
                whole=self,
            )
            for item in self.conditions
            if item.trial or item.wording or item.panels
        }

    @cached_property
    def blocks(self) -> tuple[tuple[str, ...], ...]:
        """The conditions of each block in a study within people, in the document's order."""
        listed = tuple(map(tuple, self.design.blocks))
        return listed or tuple((item.name,) for item in self.conditions)

    @property
    def n_test(self) -> int:
        """How many test trials a person has, over all conditions."""
        n = sum(map(len, self.blocks)) if self.design.is_within else 1
        return n * self.test.n

    def laid(self, layout: Layout | None) -> StudyPlan:
        """Return the plan as a person with this layout meets it: the conditions of the trials."""
        return replace(self, layout=layout) if layout else self

    def at(self, phase: str, position: int) -> StudyPlan:
        """Return the plan of a trial: that of its condition."""
        if self.layout:
            return self.of(self.layout.condition(phase, position))
        common = self.common if phase in self.common_phases else None
        return self if common is None else (self.whole or self).of(common.name)

    @cached_property
    def common(self) -> ConditionPlan | None:
        """The condition whose screens everybody sees before an assignment after the validation."""
        return common_of(self)

    @cached_property
    def common_phases(self) -> frozenset[str]:
        """The phases before such an assignment; none if people are assigned at consent."""
        return phases_before(self)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that participants may read: the study's own is the first."""
        return (self.language, *(each.language for each in self.translations))

    def in_language(self, language: str, standard: Callable[[str], str]) -> StudyPlan:
        """Return the plan with the texts of its pages in one of its ``languages``.

        ``standard`` translates the standard texts. Names, choices as they are stored, and all that
        is not read by participants stay as they are. An unknown language is the study's own.
        """
        if language == ENGLISH == self.language:
            return self
        if language not in self._by_language:
            own = {each.language: each.by_text for each in self.translations}.get(language, {})
            self._by_language[language] = spoken_plan(self, language, own, standard)
        return self._by_language[language]

    @cached_property
    def _by_language(self) -> dict[str, StudyPlan]:
        return {}

    def say(self, text: str) -> str:
        """Return the label or the definition of a category in the plan's language."""
        return isolated(self.said.get(text, "") or text, self.spoken_in)

    def persona_of(self, condition_name: str) -> str:
        """Return what a condition calls the AI."""
        named = {each.name: each.persona for each in self.conditions}
        return named.get(condition_name, "") or self.persona


_PARTS: dict[str, type] = {
    "design": DesignPlan,
    "pool": PoolPlan,
    "trial": TrialPlan,
    "task": TaskPlan,
    "wording": WordingPlan,
    "consent": ConsentPlan,
    "device": DevicePlan,
    "quality": QualityPlan,
    "analysis": AnalysisPlan,
    "recruitment": RecruitmentPlan,
}


# The conditions of the reference study (Nguyen, Taesiri & Nguyen, NeurIPS 2022), by its names:
# the schema's default.
CONDITIONS = tuple(map(ConditionPlan.from_json, default_of("conditions")))
