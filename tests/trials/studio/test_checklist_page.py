"""The checklist's page: what is wrong, how grave it is, and where it is fixed."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.factories import make_plan
from trials import services
from trials.models import Study

PAGE = "/studio/study/draft/"


@pytest.mark.parametrize(
    ("changes", "link", "field"),
    [
        ({"ethics": ""}, "Edit the ethics approval", "ethics"),
        ({"exclusions": []}, "Edit the exclusion rules", "exclusions"),
        ({"contact": ""}, "Edit the contact", "contact"),
    ],
)
def test_a_link_of_the_checklist_names_its_place(
    browser: Client, draft: Study, changes: dict[str, object], link: str, field: str
) -> None:
    document = make_plan(**{"contact": "lab@example.org"} | changes).document
    services.study_revise(study=draft, document=document)
    page = browser.get(PAGE).content.decode()
    assert f'<a href="{PAGE}edit/#f-{field}">{link}</a>' in page


def test_the_checklist_says_once_that_everything_required_is_done(
    browser: Client, draft: Study
) -> None:
    page = browser.get(PAGE).content.decode()
    assert page.count("Everything required is done") == 1
    n = len(re.findall("check--warning", page))
    assert f"<strong>{n} warning" in page


def test_what_is_frozen_is_changed_in_a_new_version(browser: Client, draft: Study) -> None:
    services.study_pilot(study=draft)
    page = browser.get(PAGE).content.decode()
    assert f'<a href="{PAGE}edit/#f-ethics">Change it in a new version</a>' in page
    assert "Edit the" not in page


@pytest.mark.parametrize(("host", "is_local"), [("localhost:8000", True), ("testserver", False)])
def test_an_address_that_others_cannot_open_is_said_to_be_one(
    browser: Client, draft: Study, host: str, is_local: bool
) -> None:
    services.study_pilot(study=draft)
    page = browser.get(PAGE, headers={"host": host}).content.decode()
    assert f"http://{host}/s/draft/" in page
    assert ("works on this computer only" in page) == is_local
