"""The drawer with the kinds, and photos of the true kind in the feedback."""

from __future__ import annotations

import re
from typing import Any

import pytest

from classifiers.models import Image
from tests.factories import make_document, make_study
from tests.trials.doors import WAY, consent
from tests.trials.tab import Tab
from trials.models import Participant, Study
from trials.services import shown, trial_of
from trials.study.design import Kind
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

DRAWER = re.compile(r"<details.*?</details>", re.S)
ONE = [{"name": "ResNet-50", "classifier": "softmax", "view": "none"}]


def helping(**trial: Any) -> Study:
    """Open a study of one condition with these fields of ``trial``."""
    return make_study(plan=StudyPlan.from_json(make_document(conditions=ONE, trial=trial)))


def screens(*, is_right: bool = True) -> list[tuple[str, bool, str]]:
    """Walk to the end; return each trial's and feedback's kind, whether the AI was right, its page.

    The last page comes last, as ``end``. All answers of the training and the test are
    right, or all are wrong.
    """
    client, found = Tab(), []
    consent(client)
    while (person := Participant.objects.get()).is_active:
        step, form = person.script[person.step], {"step": str(person.step)}
        if step.kind in {Kind.TRIAL, Kind.FEEDBACK}:
            is_ai_right = trial_of(person, step).prediction.is_right
            found.append((step.kind, is_ai_right, plain(client.get(WAY).text)))
            wants = is_right or step.name == "validation"
            form["answer"] = "yes" if is_ai_right == wants else "no"
        client.post(WAY, form)
    return [*found, ("end", False, client.get(WAY).text)]


def plain(page: str) -> str:
    """Return a page without the marks around names that no translator shall change."""
    return re.sub(r'<span translate="no">(.*?)</span>', r"\1", page)


def test_the_drawer_has_all_kinds_and_is_the_same_on_trials_and_feedback() -> None:
    helping(has_kinds=True)
    pages = screens()
    asked = [page for kind, _, page in pages if kind in {Kind.TRIAL, Kind.FEEDBACK}]
    drawers = {DRAWER.search(page)[0] for page in asked}  # type: ignore[index]
    assert len(drawers) == 1
    drawer = drawers.pop()
    assert re.findall(r"<h2>(\w+) tree</h2>", drawer) == ["Amber", "Birch", "Cedar", "Dogwood"]
    assert drawer.count("<img") == 8
    assert "data-zoom" not in drawer  # as in the layout of the reference study


def test_the_kinds_can_be_enlarged_in_the_layout_equal() -> None:
    helping(has_kinds=True, layout="equal")
    drawer = DRAWER.search(screens()[0][2])[0]  # type: ignore[index]
    assert drawer.count('aria-label="Enlarge: Amber tree"') == 2
    assert drawer.count("data-zoom") == 8


@pytest.mark.parametrize("is_right", [True, False])
def test_feedback_shows_the_true_kind_where_somebody_was_wrong(is_right: bool) -> None:
    helping(n_true_photos=2)
    for kind, is_ai_right, page in screens(is_right=is_right):
        photos = re.findall(r"true-kind.*?</figure>", page, re.S)
        has_photos = kind == Kind.FEEDBACK and not (is_ai_right and is_right)
        assert bool(photos) == has_photos
        if photos:
            tokens = re.findall(r"/image/([\w-]{20})", photos[0])
            told = set(
                Image.objects.filter(token__in=tokens).values_list("category__label", flat=True)
            )
            assert len(tokens) == 2
            assert re.search(r"this is an? <strong>(.*?)</strong>", page)[1] in told  # type: ignore[index]
            assert len(told) == 1


@pytest.mark.parametrize("is_right", [True, False])
def test_feedback_says_the_own_answer_and_the_right_one(is_right: bool) -> None:
    helping(has_own_answer=True)
    for kind, is_ai_right, page in screens(is_right=is_right):
        if kind == Kind.FEEDBACK:
            own, other = ("Yes", "No") if is_ai_right == is_right else ("No", "Yes")
            assert f"You answered <strong>{own}</strong>." in page
            right = f"The right answer is <strong>{other}</strong>."
            assert (right in page) != is_right


def test_the_photos_that_help_are_part_of_what_the_study_shows() -> None:
    study = helping(has_kinds=True, n_true_photos=4)
    assert shown.samples_of(study.plan) == shown.Samples(2, 0, 0, kinds=2, feedback=4)
    photos = shown.photos_shown(study)
    for category in study.dataset.categories.all():
        assert {image.pk for image in shown.sample_photos(category, 4)} <= photos


def test_a_study_that_says_nothing_of_them_has_neither() -> None:
    helping()
    assert not any(re.search("data-drawer|true-kind|You answered", page) for *_, page in screens())


@pytest.mark.parametrize(("is_right", "n"), [(True, 6), (False, 0)])
def test_the_last_page_tells_the_own_score_where_the_study_wants_it(is_right: bool, n: int) -> None:
    make_study(plan=StudyPlan.from_json(make_document(conditions=ONE, has_score=True)))
    *_, (_, _, page) = screens(is_right=is_right)
    assert f"<strong>{n}</strong> of 6 answers were right" in page
    assert "paste it there" in page


def test_the_score_is_not_told_by_default() -> None:
    helping()
    assert "answers were right" not in screens()[-1][2]


def test_the_layout_equal_writes_percentages_as_english_does() -> None:
    helping(layout="equal")
    assert re.search(r">\d+%<", screens()[0][2])


def test_the_reference_layout_keeps_the_space_before_the_percent_sign() -> None:
    helping()
    assert re.search(r">\d+ %<", screens()[0][2])


@pytest.mark.parametrize("has_own_answer", [True, False])
def test_the_reasons_heading_does_not_promise_a_proof(has_own_answer: bool) -> None:
    helping(has_own_answer=has_own_answer)
    pages = [page for kind, _, page in screens() if kind == Kind.FEEDBACK]
    heading = "What to notice" if has_own_answer else "What shows the right answer"
    assert pages
    assert all(re.search(rf'feedback__why">{heading}</p>', page) for page in pages)
