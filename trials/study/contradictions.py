"""Contradictions between a study document's fields, which no schema can find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

from classifiers.core.catalogue import CLASSIFIERS
from trials.study.assignment import assignment_problems
from trials.study.design_problems import Designed, design_problems
from trials.study.document import Problem
from trials.study.languages import TranslationPlan, language_problems
from trials.study.lists import EXPECTED, sha256_in
from trials.study.plan_parts import (
    AnalysisPlan,
    ConditionPlan,
    PoolPlan,
    QualityPlan,
    TaskPlan,
    TrialPlan,
    WordingPlan,
)
from trials.study.registries import STAGES, VIEWS
from trials.study.task import task_problems

STANDARD_PAGES = ("introduction", "instructions", "debrief")
# Sentences that must name the kind that they ask about.
_NAMING = ("statement", "statement_without_confidence", "question", "prior_knowledge", "definition")
# Built-in pages and checks, whose names a stage must not use.
RESERVED_NAMES = ("before_validation", "retry_validation", "before_test", "attention")


class Checked(Designed, Protocol):
    """The fields of a ``StudyPlan`` that are compared with each other."""

    @property
    def pool(self) -> PoolPlan: ...
    @property
    def n_test(self) -> int: ...
    @property
    def quality(self) -> QualityPlan: ...
    @property
    def analysis(self) -> AnalysisPlan: ...
    @property
    def wording(self) -> WordingPlan: ...
    @property
    def trial(self) -> TrialPlan: ...
    @property
    def task(self) -> TaskPlan: ...
    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def language(self) -> str: ...
    @property
    def translations(self) -> tuple[TranslationPlan, ...]: ...


def contradictions(plan: Checked) -> Iterator[Problem]:
    """Yield contradictions between fields, which no schema can find."""
    yield from _condition_problems(plan)
    yield from _stage_problems(plan)
    yield from _analysis_problems(plan)
    yield from _wording_problems(plan)
    yield from _pool_problems(plan)
    if plan.trial.has_window and not plan.trial.has_zoom:
        expected = "false, or has_zoom: true; brightness and contrast are those of enlarged photos"
        yield Problem("trial.has_window", True, expected)
    problems = (
        *task_problems(plan),
        *design_problems(plan),
        *assignment_problems(plan),
        *language_problems(plan),
    )
    for path, seen, expected in problems:
        yield Problem(path, seen, expected)


def _condition_problems(plan: Checked) -> Iterator[Problem]:
    names = [each.name for each in plan.conditions]
    if len(set(names)) < len(names):
        yield Problem("conditions", names, "names that are all different")
    for position, each in enumerate(plan.conditions):
        for field, seen, expected in (*_prediction_problems(each), *_choice_problems(each)):
            yield Problem(f"conditions[{position}].{field}", seen, expected)


def _prediction_problems(condition: ConditionPlan) -> Iterator[tuple[str, object, str]]:
    """Yield what is wrong with the predictions that a condition names: field, seen, expected."""
    if condition.run:
        if condition.classifier:
            yield "run", condition.run, "a run or a classifier, not both"
        for field in ("parameters", "backbone"):
            if getattr(condition, field):
                yield field, getattr(condition, field), "none: the named run has its own"
        return
    if not condition.classifier:
        known = ", ".join(CLASSIFIERS)
        yield "classifier", None, f"one of {known}; or in run the name of predictions"
        return
    view, classifier = VIEWS[condition.view], CLASSIFIERS[condition.classifier]
    for fact, what in view.needs:
        if not getattr(classifier, fact):
            fitting = [name for name, known in CLASSIFIERS.items() if getattr(known, fact)]
            yield "view", condition.view, f"a classifier with {what} for it ({', '.join(fitting)})"
            return


def _choice_problems(condition: ConditionPlan) -> Iterator[tuple[str, object, str]]:
    defer, kinds = condition.defer, [each["kind"] for each in condition.panels]
    if kinds and condition.view != "panels":
        yield "panels", kinds, "none: only the view panels shows the kinds that are chosen"
    if len(set(kinds)) < len(kinds):
        yield "panels", kinds, "each kind once"
    if defer.below and defer.share:
        yield "defer.share", defer.share, "0 beside below, or below left out"
    if not defer.is_on and not defer.shows_label:
        yield "defer.shows_label", False, "true where nothing is deferred; see the view unaided"


def _stage_problems(plan: Checked) -> Iterator[Problem]:
    kinds = [each.kind for each in plan.stages]
    trials = [kind for kind in kinds if kind in _TRIALS]
    is_late = plan.design.assigns_late
    in_order = trials == [kind for kind in _TRIALS if kind in trials]
    if not in_order and not (is_late and trials == ["validation", "training", "test"]):
        expected = "at most one training, then at most one validation, then exactly one test"
        either = "; or the training after the validation" if is_late else ""
        yield Problem("stages", kinds, expected + either)
        return
    if "walkthrough" in kinds and "training" not in kinds[kinds.index("walkthrough") :]:
        yield Problem("stages", kinds, "a training after the walkthrough, which shows its photo")
    if kinds.count("walkthrough") > 1:
        yield Problem("stages", kinds, "at most one walkthrough")
    names = [each.name for each in plan.stages if hasattr(each, "name")]
    if len(set(names)) < len(names):
        yield Problem("stages", names, "names that are all different")
    for position, each in enumerate(plan.stages):
        for field, seen, expected in STAGES[each.kind].contradictions(each):
            yield Problem(f"stages[{position}].{field}", seen, expected)
    if "debrief" in names and getattr(plan.stages[-1], "name", "") != "debrief":
        yield Problem("stages", [*kinds], "the page debrief as the last stage")


def _pool_problems(plan: Checked) -> Iterator[Problem]:
    for name in ("keep", "leave_out"):
        named = getattr(plan.pool, name)
        if isinstance(named, str) and named and not sha256_in(named):
            yield Problem(f"pool.{name}", named, EXPECTED)


def _look_problems(plan: Checked) -> Iterator[Problem]:
    looks = [int(each.removesuffix("%")) for each in plan.analysis.looks]
    if not looks:
        return
    if looks[-1] != 100 or sorted(set(looks)) != looks:
        expected = "ascending shares of the people, such as 50% and 100%, the last of them 100%"
        yield Problem("analysis.looks", plan.analysis.looks, expected)
    for position, each in enumerate(plan.conditions):
        if not each.quota:
            expected = "a quota: planned looks are shares of the people wanted"
            yield Problem(f"conditions[{position}].quota", each.quota, expected)


_TRIALS = ("training", "validation", "test")


def _analysis_problems(plan: Checked) -> Iterator[Problem]:
    names = {condition.name for condition in plan.conditions}
    for position, pair in enumerate(plan.analysis.family):
        if not set(pair) <= names or len(set(pair)) < 2:
            expected = f"two different names of {', '.join(sorted(names))}"
            yield Problem(f"analysis.family[{position}]", pair, expected)
    yield from _look_problems(plan)
    if plan.quality.n_attention >= plan.n_test:
        expected = f"fewer than the test has photos, {plan.n_test}: each is between two photos"
        yield Problem("quality.n_attention", plan.quality.n_attention, expected)
    if plan.quality.max_failed_attention > plan.quality.n_attention:
        yield Problem(
            "quality.max_failed_attention",
            plan.quality.max_failed_attention,
            f"at most n_attention, {plan.quality.n_attention}",
        )


def _wording_problems(plan: Checked) -> Iterator[Problem]:
    """A question that names no kind, and a check that asks for no answer, cannot be answered."""
    found = list(_text_problems(plan.wording, "wording"))
    yield from found
    known = {problem.path for problem in found}
    for position, each in enumerate(plan.conditions):
        for problem in _text_problems(replace(plan.wording, **each.wording), "wording"):
            if problem.path not in known:
                path = f"conditions[{position}].{problem.path}"
                yield Problem(path, problem.seen, problem.expected)


def _text_problems(wording: WordingPlan, path: str) -> Iterator[Problem]:
    needed = dict.fromkeys(_NAMING, "label") | {"attention": "answer", "first_answer": "answer"}
    for name, value in needed.items():
        text = getattr(wording, name)
        if f"{{{value}}}" not in text:
            yield Problem(f"{path}.{name}", text, f"a sentence with {{{value}}} in it")
    if wording.yes == wording.no:
        yield Problem(f"{path}.no", wording.no, "another word than wording.yes")
