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
