"""The editor's check of a text: the problems, the completed document, and the pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classifiers.models import Dataset, PredictionRun
from trials.services import StudyRefused, pool_shortages, runs_found
from trials.studio.preview import choices
from trials.studio.readiness import Pool, Readiness, readiness
from trials.study.document import PlanRefused, Problem, read, write
from trials.study.field_names import field_name, problem_words
from trials.study.plan import ConditionPlan, StudyPlan
from trials.study.schema import Json


@dataclass(frozen=True, slots=True)
class Checked:
    """A checked text. ``document`` is complete if nothing is wrong, otherwise as typed."""

    problems: tuple[Problem, ...] = ()
    document: Json = field(default_factory=dict)
    plan: StudyPlan | None = None

    @property
    def said(self) -> list[str]:
        """The problems in words, each with the name of its field."""
        return [problem_words(problem, self.document) for problem in self.problems]


def text_check(text: str) -> Checked:
    """Judge a text in YAML or JSON."""
    try:
        document = read(text)
    except PlanRefused as error:
        return Checked(error.problems)
    return document_check(document)


def document_check(document: Mapping[str, Any]) -> Checked:
    """Judge a document."""
    try:
        plan = StudyPlan.from_json(document)
    except PlanRefused as error:
        return Checked(error.problems, dict(document))
    except RecursionError:
        return Checked((Problem("document", "itself", "a document without references"),))
    return Checked((), plan.document, plan)


def pools(dataset: Dataset, plan: StudyPlan) -> list[Pool]:
    """Return for each AI how many trials of each kind are needed and available."""
    found, runs = [], runs_found(dataset, plan)
    taken: set[str] = set()
    for each in {item.pool: item for item in plan.conditions}.values():
        run = runs[each.asks_for]
        try:
            if isinstance(run, StudyRefused):
                raise run
            found.append(Pool(each.pool, rows=_rows(plan, each, run, taken)))
        except StudyRefused as error:
            found.append(Pool(each.pool, str(error)))
    return found


def _rows(
    plan: StudyPlan, condition: ConditionPlan, run: PredictionRun, taken: set[str]
) -> tuple[Json, ...]:
    return tuple(
        {
            "kind": f"AI {'right' if study_shortage.is_right else 'wrong'}",
            "stratum": study_shortage.stratum.lower(),
            "needed": study_shortage.n_needed,
            "there": study_shortage.n_there,
            "missing": study_shortage.n_missing,
        }
        for study_shortage in pool_shortages(plan, condition, run, taken)
    )


def readiness_of(plan: StudyPlan | None, found: list[Pool], dataset: Dataset | None) -> Readiness:
    """Return whether the dataset's photos are enough, and a change that would do."""

    def ask(document: Json) -> list[Pool]:
        changed = document_check(document).plan
        return pools(dataset, changed) if changed is not None and dataset is not None else []

    return readiness(plan, found, ask)


def answer(checked: Checked, dataset: Dataset | None) -> Json:
    """Return the result of a check for the page's script."""
    found = pools(dataset, checked.plan) if checked.plan and dataset is not None else []
    return {
        "problems": [
            {
                "path": problem.path,
                "name": field_name(problem.path, checked.document),
                "seen": _short(problem.seen),
                "expected": problem.expected,
            }
            for problem in checked.problems
        ],
        "document": checked.document,
        "text": write(checked.document) if checked.document else "",
        "pools": [
            {"name": pool.name, "problem": pool.problem, "rows": pool.rows} for pool in found
        ],
        "readiness": readiness_of(checked.plan, found, dataset).as_json(),
        "preview": choices(checked.plan) if checked.plan else None,
    }


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


__all__ = ["Checked", "Pool", "answer", "document_check", "pools", "readiness_of", "text_check"]
