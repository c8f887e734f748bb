"""The staff's pages in a real browser: wide and narrow, by keyboard, without barriers."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from analysis.blind import blind_lift
from analysis.models import BlindLift
from analysis.results import live
from tests.analysis.people import make_study, person
from tests.analysis.result_tables import make_tables
from tests.browser.axe import violations
from trials.models import Study

PAGE = "/studio/study/birds/results/"
DETAILS = "details.fold:not(.fold--beside)"
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = [
    "/login/",
    "/studio/",
    PAGE,
    "/studio/study/birds/exports/",
    f"{PAGE}lift-blind/",
    f"{PAGE}responses.csv",
]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    """Make a study with answers, and with all tables that an analysis can have."""
    tables = make_tables(["ResNet-50", "kNN"], rule="accuracy<=50")
    monkeypatch.setattr(live, "study_tables", lambda *_: tables)
    study = make_study()
    person(study, "kNN", "11", "10")
    person(study, "kNN", "11", "10", is_simulated=True)
    return study


@pytest.fixture
def staff(context: BrowserContext, page: Page, live_server: LiveServer, study: Study) -> Page:
    """Sign in."""
    client = Client()
    client.force_login(User.objects.create(username="sam", is_staff=True, is_superuser=True))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    return page


def check(page: Page, path: str) -> None:
    """Open a page; expect no barrier, and nothing beside a narrow or a wide screen."""
    page.goto(path)
    for width in (360, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        assert violations(page) == [], (path, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_no_page_has_a_barrier_or_is_wider_than_the_screen(staff: Page, study: Study) -> None:
    for path in PAGES:
        check(staff, path)
    blind_lift(study=study, user=User.objects.get())
    for path in (PAGE, f"{PAGE}?simulated=1&analysed=all"):
        check(staff, path)


def test_every_picture_is_shown(staff: Page, study: Study) -> None:
    blind_lift(study=study, user=User.objects.get())
    staff.goto(PAGE)
    pictures = staff.locator("figure img")
    expect(pictures).to_have_count(7)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300


def test_a_picture_opened_alone_keeps_its_colours(staff: Page, study: Study) -> None:
    staff.goto(f"{PAGE}figure/accuracy_by_ai.svg")
    colours = staff.evaluate(
        "[...document.querySelectorAll('path')].map(path => getComputedStyle(path).stroke)"
    )
    assert "rgb(0, 114, 178)" in colours


def test_the_blind_is_lifted_by_the_keyboard_alone(staff: Page, study: Study) -> None:
    staff.goto(PAGE)
    expect(staff.get_by_role("rowheader", name="Arm A").first).to_be_visible()
    staff.get_by_role("link", name="Lift the blind").focus()
    staff.keyboard.press("Enter")
    button = staff.get_by_role("button", name="Lift the blind permanently")
    expect(button).to_be_visible()
    for _ in range(20):  # skip link, site bar, tabs, this one
        if button.evaluate("button => button === document.activeElement"):
            break
        staff.keyboard.press("Tab")
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("rowheader", name="kNN").first).to_be_visible()
    assert BlindLift.objects.get().user.username == "sam"


def test_a_link_to_a_folded_table_opens_it_and_printing_opens_all(
    staff: Page, study: Study
) -> None:
    blind_lift(study=study, user=User.objects.get())
    staff.goto(PAGE)
    folds = staff.locator(DETAILS)
    assert folds.count() > 3
    expect(staff.locator(f"{DETAILS}[open]")).to_have_count(0)
    staff.goto(f"{PAGE}#of-reliance")
    expect(staff.locator("#of-reliance details.fold[open]")).to_have_count(1)
    staff.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(staff.locator(f"{DETAILS}[open]")).to_have_count(folds.count())
    staff.get_by_role("button", name="Close all tables").click()
    expect(staff.locator(f"{DETAILS}[open]")).to_have_count(0)


def test_on_a_phone_the_tables_beside_figures_are_folded_too(staff: Page, study: Study) -> None:
    blind_lift(study=study, user=User.objects.get())
    staff.goto(PAGE)
    beside, shut = staff.locator(".fold--beside"), staff.locator(".fold--beside:not([open])")
    expect(shut).to_have_count(0)
    expect(beside.locator("summary").first).to_be_hidden()
    staff.get_by_role("button", name="Open all tables").click()
    staff.get_by_role("button", name="Close all tables").click()  # those without a figure alone
    expect(shut).to_have_count(0)
    staff.set_viewport_size({"width": 390, "height": 844})
    expect(shut).to_have_count(beside.count())
    own = staff.locator("#of-accuracy .fold--beside")
    own.locator("summary").click()
    expect(own.get_by_role("rowheader", name="kNN")).to_be_visible()
    staff.get_by_role("button", name="Open all tables").click()
    expect(staff.locator("details.fold:not([open])")).to_have_count(0)
    staff.get_by_role("button", name="Close all tables").click()
    staff.set_viewport_size({"width": 1366, "height": 768})
    expect(shut).to_have_count(0)


def test_a_section_is_reached_from_everywhere_on_the_page(staff: Page, study: Study) -> None:
    blind_lift(study=study, user=User.objects.get())
    staff.goto(f"{PAGE}#flow")
    contents = staff.get_by_role("navigation", name="On this page")
    expect(contents).to_be_in_viewport()
    contents.get_by_role("link", name="Reliance").click()
    expect(staff.locator("#reliance")).to_be_in_viewport()


def test_the_bar_has_at_most_two_rows_on_a_phone(staff: Page, study: Study) -> None:
    staff.set_viewport_size({"width": 360, "height": 780})
    staff.goto("/studio/")
    bar = staff.locator(".site-bar").bounding_box()
    assert bar is not None
    assert bar["height"] < 90
