"""Assignment after the validation: what a document may say, and what everybody sees before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import make_document, make_plan
from tests.trials.late import LATE, STAGES, late_plan
from tests.trials.within import AIDED, KNN, UNAIDED
from trials.study.assignment import assignment_words
from trials.study.design import script
from trials.study.groups import groups_of
from trials.study.plan import PlanRefused, StudyPlan
from trials.study.script_stages import validation_end

TWINS = [AIDED | {"name": name} for name in ("first", "second")]


def test_a_document_without_the_key_keeps_its_fingerprint() -> None:
    plan = make_plan(design={"kind": "between"})
    assert "assign" not in plan.document["design"]
    assert (plan.design.assign, plan.common) == ("at_consent", None)
    assert not plan.common_phases


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"design": LATE | {"kind": "within"}}, "design.assign", "goes through all conditions"),
        ({"stages": [{"kind": "test", "n": 6}]}, "design.assign", "a validation among the stages"),
        ({"conditions": [AIDED, KNN]}, "design.assign", "the view none or unaided"),
        ({"stages": [*STAGES[2:], STAGES[1]]}, "stages", "or the training after the validation"),
        ({"conditions": [UNAIDED | {"name": "not assigned"}]}, "conditions[0].name", "another"),
        ({"stages": [{"kind": "walkthrough"}, *STAGES]}, "stages", "walkthrough after the"),
    ],
)
def test_a_design_that_shows_one_explanation_to_all_is_refused(
    changes: dict[str, Any], path: str, said: str
) -> None:
    with pytest.raises(PlanRefused) as refused:
        late_plan(**changes)
    assert any(
        problem.path == path and said in problem.expected for problem in refused.value.problems
    )


def test_at_consent_the_training_stays_before_the_validation() -> None:
    with pytest.raises(PlanRefused, match="at most one training, then at most one validation"):
        StudyPlan.from_json(make_document(stages=STAGES))


@pytest.mark.parametrize(
    ("conditions", "common"), [([AIDED, KNN, UNAIDED], "unaided"), (TWINS, "first")]
)
def test_everybody_sees_the_first_condition_without_an_explanation(
    conditions: list[dict[str, Any]], common: str
) -> None:
    plan = late_plan(conditions=conditions)
    assert plan.common is not None
    assert plan.common.name == common
    assert groups_of(plan) == [*(each["name"] for each in conditions), "not assigned"]


def test_the_screens_up_to_the_validation_are_the_same_for_all() -> None:
    changed = KNN | {"trial": {"has_definition": False, "has_prior_knowledge": False}}
    plan = late_plan(conditions=[UNAIDED, changed], trial={"has_definition": True})
    one, other = (script(plan.of(name)) for name in ("unaided", "kNN"))
    end = validation_end(one)
    assert one[:end] == other[:end]
    assert len(one) > len(other)


def test_the_checklist_asks_for_an_introduction_of_the_explanations() -> None:
    said, doubt = assignment_words(late_plan())
    assert "the screens of unaided" in said
    assert not doubt
    before = [STAGES[1], STAGES[0], STAGES[2]]
    assert "Put the training there" in assignment_words(late_plan(stages=before))[1]
    assert not assignment_words(late_plan(stages=before, conditions=TWINS))[1]
