"""Photos that are slow, fail or come late: said, tried again, logged, never silently blank."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from classifiers.models import Image
from tests.browser.pictures import picture
from tests.browser.walking import answer, begin, go_on, in_condition
from tests.factories import KINDS, make_study
from trials.models import Event, Study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

YES = "button[value=yes]"
N_KINDS = len(KINDS)
# The words and buttons of photos in trouble that reach over their frame's edge.
IS_CUT = """() => [...document.querySelectorAll(".trouble > *")].filter((part) => {
  const inner = part.getBoundingClientRect();
  const outer = part.closest(".photo__frame").getBoundingClientRect();
  return inner.top < outer.top || inner.bottom > outer.bottom || inner.right > outer.right;
}).map((part) => part.textContent)"""


@pytest.fixture
def study() -> Study:
    return make_study()


class Network:
    """Decides what happens to photos: they pass, fail, or hang until told otherwise.

    Those of the gallery can be spared: the instructions show nothing else.
    """

    def __init__(self, page: Page) -> None:
        self.mode = "pass"
        self.spared: set[str] = set()
        page.route("**/image/**", self.handle)

    def spare_gallery(self) -> None:
        """Let the gallery's photos pass, whatever happens to the others."""
        photos = Image.objects.filter(split=Image.GALLERY)
        self.spared = {reverse("crop", args=[photo.token]) for photo in photos}

    def handle(self, route: Route) -> None:
        if urlsplit(route.request.url).path in self.spared:
            route.continue_()
        elif self.mode == "fail":
            route.abort()
        elif self.mode == "pass":
            route.continue_()
        # Otherwise it hangs.


def to_a_trial(page: Page, network: Network, mode: str) -> None:
    """Walk to the first trial, whose photos then meet the network's new mood."""
    page.clock.install()
    network.spare_gallery()
    network.mode = "fail"  # so that nothing is fetched ahead
    begin(page)
    go_on(page)
    network.mode = mode
    go_on(page)
    expect(page.locator(".top__count")).to_have_text("1 of 2")


def kinds() -> set[str]:
    return set(Event.objects.values_list("kind", flat=True))


def test_a_failed_photo_says_so_and_comes_back_by_itself(page: Page, study: Study) -> None:
    network = Network(page)
    in_condition(study, "ResNet-50")
    to_a_trial(page, network, "fail")
    expect(page.get_by_text("This photo did not load. Trying again in 1 s.")).to_be_visible()
    expect(page.locator(YES)).to_be_disabled()
    network.mode = "pass"
    page.clock.run_for(1100)
    expect(page.locator(".trouble")).to_have_count(0)
    expect(page.locator(YES)).to_be_enabled()
    answer(page, "yes")
    assert {"image_failed", "image_recovered"} <= kinds()


def test_a_photo_is_tried_for_ever_and_at_once_by_its_button(page: Page, study: Study) -> None:
    network = Network(page)
    in_condition(study, "ResNet-50")
    to_a_trial(page, network, "fail")
    for seconds in (1, 2, 4):
        expect(page.get_by_text(f"Trying again in {seconds} s.")).to_be_visible()
        page.clock.run_for(1000 * seconds + 100)
    expect(page.get_by_text("reload the page: nothing is lost")).to_be_visible()
    page.keyboard.press("y")
    network.mode = "pass"
    page.get_by_role("button", name="Try now").click()
    expect(page.locator(YES)).to_be_enabled()


@pytest.mark.parametrize("width", [360, 1366])
def test_the_instructions_photos_say_that_they_failed_and_can_be_tried(
    page: Page, study: Study, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.clock.install()
    network = Network(page)
    network.mode = "fail"
    begin(page)
    go_on(page)
    for seconds in (1, 2, 4):
        expect(page.get_by_text(f"Trying again in {seconds} s.")).to_have_count(2 * N_KINDS)
        page.clock.run_for(1000 * seconds + 100)
    expect(page.get_by_text("reload the page: nothing is lost")).to_have_count(2 * N_KINDS)
    expect(page.locator("form.next button")).to_be_disabled()
    picture(page, f"instructions-failed-{width}")
    assert page.evaluate(IS_CUT) == []
    network.mode = "pass"
    for button in page.get_by_role("button", name="Try now").all()[::-1]:
        button.click()
    expect(page.locator(".trouble")).to_have_count(0)
    picture(page, f"instructions-{width}")
    go_on(page)
    assert {"image_failed", "image_recovered"} <= kinds()


def test_a_slow_photo_says_so_and_holds_the_answer(page: Page, study: Study) -> None:
    network = Network(page)
    in_condition(study, "ResNet-50")
    to_a_trial(page, network, "hang")
    expect(page.locator(YES)).to_be_disabled()
    page.clock.run_for(3100)
    expect(page.get_by_text("takes longer than usual")).to_be_visible()
    network.mode = "pass"
    page.clock.run_for(17_000)  # given up, then tried again a second later
    page.clock.run_for(1100)
    expect(page.locator(YES)).to_be_enabled()
    answer(page, "no")
    assert {"image_slow", "image_failed", "image_recovered"} <= kinds()


def test_leaving_a_page_in_trouble_still_tells_of_it(page: Page, study: Study) -> None:
    network = Network(page)
    in_condition(study, "ResNet-50")
    to_a_trial(page, network, "fail")
    expect(page.locator(".trouble").first).to_be_visible()
    page.goto("/s/nothing/")
    network.mode = "pass"
    page.goto("/s/trees/session/")
    expect(page.locator(YES)).to_be_enabled()
    assert "image_failed" in kinds()
