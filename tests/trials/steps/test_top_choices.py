"""The page that offers the classes with the AI's highest scores: which, and what is stored."""

from __future__ import annotations

import re

import pytest

from classifiers.models import AcceptedLabel, Image, Truth
from tests.trials.participant.test_views import WAY, consent, go_to
from tests.trials.scored import scored
from tests.trials.steps.test_way import person
from tests.trials.tab import Tab
from trials.models import Response
from trials.services import trial_of
from trials.services.choices import never_right
from trials.services.launch import study_check
from trials.services.shown import judged

pytestmark = pytest.mark.django_db


def test_a_page_offers_the_best_classes_in_the_order_of_the_dataset() -> None:
    scored(k=3)
    client = Tab()
    consent(client)
    go_to(client, 1)
    for _ in range(3):
        trial = trial_of(person(), person().script[person().step])
        best = trial.prediction.category.index
        offered = re.findall(r'name="choice" value="(\d)"', client.get(WAY).text)
        assert offered == sorted(str((best + place) % 4) for place in range(3))
        client.post(WAY, {"step": str(person().step), "choice": offered[0]})
        assert Response.objects.filter(trial=trial, choice__index=offered[0]).exists()


def test_a_class_beside_the_best_is_refused_even_if_it_is_the_truth() -> None:
    scored(k=2)
    client = Tab()
    consent(client)
    go_to(client, 1)
    best = trial_of(person(), person().script[person().step]).prediction.category.index
    said = client.post(WAY, {"step": str(person().step), "choice": str((best + 3) % 4)})
    assert said.status_code == 422
    assert not Response.objects.exists()


@pytest.mark.parametrize(("k", "said"), [(3, ["On 3 of 6 photos"]), (4, [])])
def test_the_checklist_warns_of_photos_on_which_no_answer_is_right(k: int, said: list[str]) -> None:
    checks = [item.said for item in study_check(scored(k=k)) if item.name == "Choices"]
    assert [text[: len("On 3 of 6 photos")] for text in checks] == said


def test_an_accepted_label_that_is_offered_is_a_right_answer() -> None:
    study = scored(k=3)
    AcceptedLabel.objects.bulk_create(
        AcceptedLabel(image_id=each.image_id, category_id=each.category_id)
        for each in judged(study)
    )
    Image.objects.update(truth=Truth.LABELS)
    assert never_right(study) == (0, 6)
