"""The worked example: what it shows of the training's first photo, and what it keeps to itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.factories import make_document, make_study
from tests.trials.doors import WAY, consent
from tests.trials.tab import Tab
from trials.models import Event, Participant
from trials.services import trial_of
from trials.study.design import Kind, Phase, Step
from trials.study.plan import PlanRefused, StudyPlan

ARMS = {
    "unaided": ("alone", "softmax"),
    "none": ("ResNet-50", "softmax"),
    "exemplars": ("kNN", "knn"),
    "correspondences": ("EMD-Corr", "emd-corr"),
}


def document(view: str, **stage: Any) -> dict[str, Any]:
    name, classifier = ARMS[view]
    arm = {"name": name, "classifier": classifier, "view": view}
    made = make_document(conditions=[arm])
    made["stages"].insert(2, {"kind": "walkthrough", **stage})
    return made


def worked(view: str, **stage: Any) -> str:
    """Walk to the worked example of a person whose first training photo the AI names wrongly."""
    make_study(plan=StudyPlan.from_json(document(view, **stage)))
    for _ in range(20):
        client = Tab()
        consent(client)
        person = Participant.objects.latest("pk")
        if not trial_of(person, Step(Kind.TRIAL, Phase.TRAINING, 0)).prediction.is_right:
            break
    for step in ("0", "1"):
        client.post(WAY, {"step": step})
    return client.get(WAY).text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("view", "n_photos", "has_try"),
    [
        ("unaided", 1, False),
        ("none", 1, False),
        ("exemplars", 2, False),
        ("correspondences", 2, True),
    ],
)
def test_it_shows_what_the_condition_shows_and_not_the_truth(
    view: str, n_photos: int, has_try: bool
) -> None:
    page = worked(view)
    prediction = trial_of(
        Participant.objects.latest("pk"), Step(Kind.TRIAL, Phase.TRAINING, 0)
    ).prediction
    assert not prediction.is_right
    assert page.count("data-shown") == n_photos
    assert ('data-try="3"' in page) == has_try
    assert prediction.category.label in page
    assert prediction.image.category.label not in page
    assert ("Sam guessed this is" in page) == (view != "unaided")
    # The letters have no gap, and the question stands above its two buttons.
    letters = "ABCD" if n_photos == 2 else "ABC"
    assert re.findall(r'class="mark">(\w)<', page) == [*letters, *letters]
    assert ('class="worked__question"' in page) == (view != "unaided")


@pytest.mark.django_db
def test_without_the_try_it_step_nothing_is_asked() -> None:
    page = worked("correspondences", has_try=False)
    assert "data-try" not in page
    assert page.count("data-shown") == 2


@pytest.mark.django_db
def test_what_was_tried_is_stored_with_the_page() -> None:
    make_study(plan=StudyPlan.from_json(document("correspondences")))
    client = Tab()
    consent(client)
    for step in ("0", "1"):
        client.post(WAY, {"step": step})
    tried = '[["try", 900, "example 2: other"], ["try", 1800, "example 3: found"]]'
    client.post(WAY, {"step": "2", "events": tried})
    details = Event.objects.filter(kind="try", step=2).values_list("detail", flat=True)
    assert list(details) == ["example 2: other", "example 3: found"]
    assert Participant.objects.get().step == 3


@pytest.mark.parametrize("place", [5, 6])
def test_a_worked_example_needs_a_training_after_it(place: int) -> None:
    made = make_document()
    made["stages"].insert(place - 2, {"kind": "walkthrough"})
    with pytest.raises(PlanRefused, match="a training after the walkthrough"):
        StudyPlan.from_json(made)
