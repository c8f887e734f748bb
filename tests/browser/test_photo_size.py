"""The judged photo has one size in all conditions of a study, and its size is stored."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walking import begin, go_on
from tests.factories import make_document, make_study
from trials.models import Condition, Participant, Response
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WINDOWS = ((390, 844), (1920, 1080), (911, 512), (1366, 768))
PHOTO = ".photo--query .photo__frame"
ARMS = [
    {"name": "alone", "classifier": "softmax", "view": "unaided"},
    {"name": "label", "classifier": "softmax", "view": "none"},
    {"name": "examples", "classifier": "knn", "view": "exemplars"},
    {"name": "parts", "classifier": "emd-corr", "view": "correspondences"},
]


def widths(page: Page) -> list[float]:
    """Return the width of the judged photo in each window."""
    found = []
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        box = page.locator(PHOTO).bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"], abs=1)
        found.append(round(box["width"], 1))
    return found


def test_the_judged_photo_has_one_size_in_all_conditions_and_it_is_stored(page: Page) -> None:
    document = make_document(trial={"layout": "equal"}, conditions=ARMS)
    make_study(plan=StudyPlan.from_json(document))
    begin(page)
    go_on(page)
    go_on(page)
    person, seen = Participant.objects.get(), {}
    for arm in Condition.objects.all():  # the same page, as the people of each condition see it
        Participant.objects.filter(pk=person.pk).update(condition=arm)
        person.trials.update(condition=arm)
        page.reload()
        expect(page.locator("button[value=yes]")).to_be_enabled()
        seen[arm.view_name] = widths(page)
    assert set(seen) == {"unaided", "none", "exemplars", "correspondences"}
    assert len({tuple(sizes) for sizes in seen.values()}) == 1, seen
    assert min(seen["none"]) >= 340
    page.locator("button[value=yes]").click()
    expect(page.locator(".feedback")).to_be_visible()
    assert Response.objects.get().photo_px == round(seen["none"][-1])
    assert widths(page) == seen["none"]


def test_at_150_percent_the_buttons_are_in_view_and_a_phone_enlarges_the_photo(page: Page) -> None:
    document = make_document(trial={"layout": "equal"}, conditions=ARMS[-1:])
    make_study(plan=StudyPlan.from_json(document))
    begin(page)
    go_on(page)
    go_on(page)
    page.set_viewport_size({"width": 911, "height": 512})  # 1366 x 768 at 150 %
    expect(page.locator("button[value=yes]")).to_be_in_viewport(ratio=1)
    expect(page.locator(PHOTO)).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(f"{PHOTO} .photo__zoom").click()
    large = page.locator("dialog.zoom .photo__frame")
    size = large.bounding_box()
    assert size is not None
    assert size["width"] >= 1.5 * 390
    assert size["x"] + size["width"] / 2 == pytest.approx(195, abs=2)  # its middle comes first
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".zoom__close")).to_be_in_viewport(ratio=1)
