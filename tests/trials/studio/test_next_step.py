"""The one next step on a study's page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from trials import services
from trials.models import Study
from trials.studio.next_step import Standing, next_briefly, next_of

DRAFT = Standing(
    slug="cells",
    status="draft",
    to_fix=(),
    is_text_valid=True,
    n_pilot=0,
    n_live=0,
    n_robots=0,
    participant_url="/s/cells/",
)
PILOT, OPEN = replace(DRAFT, status="pilot"), replace(DRAFT, status="open")
OF = "/studio/study/cells/"


@pytest.mark.parametrize(
    ("now", "label", "url"),
    [
        (replace(DRAFT, is_text_valid=False), "Finish the design", f"{OF}edit/"),
        (replace(DRAFT, to_fix=[("Contact", "/x")]), "Fix: Contact", "/x"),
        (DRAFT, "Start the pilot …", f"{OF}do/pilot/"),
        (PILOT, "Run simulated people", "#robots"),
        (replace(PILOT, n_robots=6), "Take part yourself", "/s/cells/"),
        (replace(PILOT, n_robots=6, n_pilot=1), "Open the study …", f"{OF}do/open/"),
        (replace(PILOT, n_pilot=1, to_fix=[("Pay", "/y")]), "Fix: Pay", "/y"),
        (OPEN, "Invite people", "#invite"),
        (replace(OPEN, n_live=3), "Watch the study", f"{OF}monitor/"),
        (replace(DRAFT, status="paused"), "Open the study …", f"{OF}do/open/"),
        (replace(DRAFT, status="closed"), "Read the results", f"{OF}results/"),
    ],
)
def test_the_next_step_follows_from_the_state(now: Standing, label: str, url: str) -> None:
    assert (next_of(now).label, next_of(now).url) == (label, url)


@pytest.mark.parametrize(
    ("now", "label", "url"),
    [
        (DRAFT, "See the checklist", OF),
        (PILOT, "Run simulated people", f"{OF}#robots"),
        (replace(PILOT, n_robots=1), "Take part yourself", "/s/cells/"),
        (replace(PILOT, n_pilot=1), "See the checklist", OF),
        (OPEN, "Invite people", f"{OF}#invite"),
        (replace(OPEN, n_live=1), "Watch the study", f"{OF}monitor/"),
        (replace(DRAFT, status="paused"), "See the checklist", OF),
        (replace(DRAFT, status="closed"), "Read the results", f"{OF}results/"),
    ],
)
def test_the_pages_beside_the_checklist_lead_to_it_or_on(
    now: Standing, label: str, url: str
) -> None:
    assert (next_briefly(now).label, next_briefly(now).url) == (label, url)


def test_a_page_of_a_study_shows_its_next_step_unless_it_is_that(
    browser: Client, draft: Study
) -> None:
    for page in ("edit/", "preview/", "people/", "monitor/", "results/", "exports/"):
        said = browser.get(f"/studio/study/draft/{page}", follow=True)
        assert (page, "Next: See the checklist" in said.text) == (page, True)
    services.study_pilot(study=draft)
    Study.objects.filter(pk=draft.pk).update(status="closed")
    assert "Next: Read the results" in browser.get("/studio/study/draft/preview/").text
    assert "Next: Read the results" not in browser.get("/studio/study/draft/results/").text


def test_the_page_sets_apart_what_cannot_be_undone(browser: Client, draft: Study) -> None:
    page = browser.get("/studio/study/draft/").text
    assert "Start the pilot …" in page
    assert page.index("! Warning") < page.index("✓ Passed")
    assert "Delete the draft" in page.split("Cannot be undone:")[1]
    assert "Delete the draft" not in page.split("Cannot be undone:")[0]


def test_the_results_of_simulated_people_are_one_press_away(browser: Client, draft: Study) -> None:
    services.study_pilot(study=draft)
    assert "See their results" not in browser.get("/studio/study/draft/").text
    browser.post("/studio/study/draft/simulate/", {"n": "1"})
    page = browser.get("/studio/study/draft/").text
    assert "1 simulated people have completed." in page
    assert 'href="/studio/study/draft/results/?simulated=1"' in page
    assert browser.get("/studio/study/draft/results/?simulated=1").status_code == 200
