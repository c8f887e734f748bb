"""Fields that contradict each other are refused: path, value, and what is expected."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import make_document
from trials.study.document import PlanRefused
from trials.study.plan import StudyPlan

PAGE = {"kind": "page", "name": "welcome", "text": "Hello."}
TRAINING, TEST = {"kind": "training", "n": 2}, {"kind": "test", "n": 6, "n_sets": 2}
WALK = {"kind": "walkthrough"}
OUTSIDE = {"name": "A", "run": "mine", "view": "none"}
BARS = {"kind": "bars"}


def refused(**changes: Any) -> list[str]:
    """Return what is said about a document with these changes."""
    with pytest.raises(PlanRefused) as caught:
        StudyPlan.from_json(make_document(**changes))
    return [str(problem) for problem in caught.value.problems]


def arm(**fields: Any) -> dict[str, Any]:
    """Return a change of the conditions: one, with these fields."""
    return {"conditions": [{"name": "A", "classifier": "knn", "view": "none"} | fields]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"conditions": arm()["conditions"] * 2},
            "conditions: found ['A', 'A'], expected names that are all different",
        ),
        (
            arm(run="mine"),
            "conditions[0].run: found 'mine', expected a run or a classifier, not both",
        ),
        (
            {"conditions": [OUTSIDE | {"parameters": {"k": 5}}]},
            "conditions[0].parameters: found {'k': 5}, expected none: the named run has its own",
        ),
        (
            arm(panels=[BARS]),
            "conditions[0].panels: found ['bars'], expected none: only the view panels shows the "
            "kinds that are chosen",
        ),
        (
            {"conditions": [OUTSIDE | {"view": "panels", "panels": [BARS, BARS]}]},
            "conditions[0].panels: found ['bars', 'bars'], expected each kind once",
        ),
        (
            arm(defer={"below": 0.5, "share": 0.5}),
            "conditions[0].defer.share: found 0.5, expected 0 beside below, or below left out",
        ),
        (
            arm(defer={"shows_label": False}),
            "conditions[0].defer.shows_label: found False, expected true where nothing is "
            "deferred; see the view unaided",
        ),
        (
            {"stages": [TRAINING, WALK, TEST]},
            "stages: found ['training', 'walkthrough', 'test'], expected a training after the "
            "walkthrough, which shows its photo",
        ),
        (
            {"stages": [WALK, WALK, TRAINING, TEST]},
            "stages: found ['walkthrough', 'walkthrough', 'training', 'test'], expected at most "
            "one walkthrough",
        ),
        (
            {"stages": [PAGE, PAGE, TEST]},
            "stages: found ['welcome', 'welcome'], expected names that are all different",
        ),
        (
            {"pool": {"keep": "photos.txt"}},
            "pool.keep: found 'photos.txt', expected ",
        ),
        (
            {"analysis": {"looks": ["50%"]}},
            "analysis.looks: found ['50%'], expected ascending shares of the people, such as 50% "
            "and 100%, the last of them 100%",
        ),
        (
            {"analysis": {"looks": ["50%", "100%"]}} | arm(),
            "conditions[0].quota: found 0, expected a quota: planned looks are shares of the "
            "people wanted",
        ),
        (
            arm(wording={"question": "Is it?"}),
            "conditions[0].wording.question: found 'Is it?', expected a sentence with {label} in",
        ),
        (
            {"wording": {"yes": "Ja", "no": "Ja"}},
            "wording.no: found 'Ja', expected another word than wording.yes",
        ),
        (
            {"trial": {"has_window": True, "has_zoom": False}},
            "trial.has_window: found True, expected false, or has_zoom: true; brightness and",
        ),
    ],
)
def test_each_contradiction_is_named(changed: dict[str, Any], said: str) -> None:
    assert [problem for problem in refused(**changed) if problem.startswith(said)]


def test_a_text_that_is_wrong_in_the_whole_study_is_named_once() -> None:
    bad = {"question": "Is it?"}
    said = refused(wording=bad, **arm(wording=bad))
    assert [problem.partition(":")[0] for problem in said] == ["wording.question"]
