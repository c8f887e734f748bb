"""The home page's four steps and its one next step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from tests.factories import make_study
from trials.models import Study
from trials.studio.home_steps import SiteCounts, StudyCounts, home_steps, next_at_home, site_counts

EMPTY = SiteCounts(0, 0, 0, "", "", is_importing=False, is_predicting=False)
PHOTOS = replace(EMPTY, n_photos=240, n_datasets=1, dataset="solar")
READY = replace(PHOTOS, n_predictions=3, predicted="solar")
GALLERIES = "/studio/datasets/solar/#galleries"
OF = "/studio/study/cells/"
DRAFT = StudyCounts("cells", "draft", n_pilot=0, n_live=0, n_completed=0, n_simulated=0)


@pytest.mark.parametrize(
    ("site", "own", "label", "url"),
    [
        (EMPTY, [], "Import photos", "/studio/datasets/new/"),
        (replace(EMPTY, is_importing=True), [], "See the import", "/studio/datasets/"),
        (PHOTOS, [], "Let the AI predict", GALLERIES),
        (replace(PHOTOS, is_predicting=True), [], "See the progress", GALLERIES),
        (READY, [], "Create a study", "/studio/new/?dataset=solar"),
        (READY, [DRAFT], "Continue with cells", OF),
        (READY, [replace(DRAFT, status="pilot")], "Try the pilot", OF),
        (READY, [replace(DRAFT, status="pilot", n_pilot=1)], "Watch the pilot", f"{OF}monitor/"),
        (READY, [replace(DRAFT, status="open")], "Invite people", f"{OF}#invite"),
        (READY, [replace(DRAFT, status="open", n_live=2)], "Watch the study", f"{OF}monitor/"),
        (READY, [replace(DRAFT, status="closed"), DRAFT], "Continue with cells", OF),
        (READY, [replace(DRAFT, status="closed")], "Read the results", f"{OF}results/"),
    ],
)
def test_the_next_step_follows_from_what_there_is(
    site: SiteCounts, own: list[StudyCounts], label: str, url: str
) -> None:
    step = next_at_home(site, own)
    assert (step.label, step.url) == (label, url)


def test_the_first_step_that_is_not_done_is_the_next_one() -> None:
    marks = [(step.is_done, step.is_next) for step in home_steps(READY, [DRAFT])]
    assert marks == [(True, False), (True, False), (False, True), (False, False)]
    done = replace(DRAFT, status="closed", n_live=5, n_completed=4)
    assert [step.is_done for step in home_steps(READY, [done])] == [True] * 4


@pytest.mark.django_db
def test_the_site_is_counted_as_it_is() -> None:
    assert site_counts() == EMPTY
    study = make_study()
    found = site_counts()
    assert (found.dataset, found.predicted) == ("trees", "trees")
    assert found.n_photos == study.dataset.images.count()
    assert found.n_predictions == study.dataset.runs.count()


@pytest.mark.django_db
def test_the_home_page_has_one_next_button(browser: Client, draft: Study) -> None:
    page = browser.get("/studio/").text
    assert page.count('class="button" href') == 1
    assert "Continue with draft" in page
    assert page.count("way__step--done") == 2


@pytest.mark.parametrize("status", ["draft", "pilot", "open", "paused", "closed"])
def test_the_reason_of_the_next_step_names_its_study(status: str) -> None:
    assert "cells" in next_at_home(READY, [replace(DRAFT, status=status)]).why
