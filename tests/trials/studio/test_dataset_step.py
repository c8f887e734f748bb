"""The one next step on a dataset's pages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from classifiers.models import DatasetImport
from trials.models import Study
from trials.studio.dataset_step import DatasetStanding, dataset_step

NEW = DatasetStanding("solar", False, "running", galleries=(), runs=(), draft="")
PHOTOS = replace(NEW, has_photos=True, imported="done")
MEMORY = replace(PHOTOS, galleries=["done"])
READY = replace(MEMORY, runs=["done"])
OF = "/studio/datasets/solar/#galleries"


@pytest.mark.parametrize(
    ("now", "label", "url"),
    [
        (NEW, "", ""),
        (replace(NEW, imported="failed"), "Import photos", "/studio/datasets/new/"),
        (PHOTOS, "Choose an AI", OF),
        (replace(PHOTOS, galleries=["failed"]), "Choose an AI", OF),
        (replace(PHOTOS, galleries=["running"]), "", ""),
        (MEMORY, "Let the AI predict", OF),
        (replace(MEMORY, runs=["queued"]), "", ""),
        (replace(MEMORY, runs=["failed"]), "Let the AI predict", OF),
        (READY, "Create a study", "/studio/new/?dataset=solar"),
        (replace(READY, draft="cells"), "Continue with cells", "/studio/study/cells/"),
    ],
)
def test_the_next_step_follows_from_what_is_done(
    now: DatasetStanding, label: str, url: str
) -> None:
    step = dataset_step(now)
    assert (step.label, step.url) == (label, url)
    assert step.why


def test_every_page_of_a_dataset_leads_on(browser: Client, draft: Study) -> None:
    for page in ("", "photos/", "ai/", "predictions/"):
        said = browser.get(f"/studio/datasets/trees/{page}").text
        assert said.count('aria-label="Next step"') == 1
        assert ">Continue with draft</a>" in said


def test_the_list_of_datasets_leads_on_with_the_newest(browser: Client, draft: Study) -> None:
    page = browser.get("/studio/datasets/").text
    assert "<strong>trees</strong>: A draft uses these photos." in page
    assert ">Continue with draft</a>" in page


def test_the_overview_shows_photos_of_every_category(browser: Client, draft: Study) -> None:
    page = browser.get("/studio/datasets/trees/").text
    labels = draft.dataset.categories.values_list("label", flat=True)
    assert len(labels) == 4
    assert all(page.count(f'alt="{label}"') == 3 for label in labels)


def test_photos_that_are_imported_say_what_comes_then(browser: Client) -> None:
    DatasetImport.objects.create(slug="birds", status="queued")
    assert "When they are there, choose an AI." in browser.get("/studio/datasets/birds/").text
