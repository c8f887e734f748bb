"""Planned looks, as the results page keeps them."""

from __future__ import annotations

import pytest
from django.test import Client

from analysis.results.live import live_results
from analysis.results.study_tables import study_tables
from analysis.tables.looks_table import TEAMS
from tests.analysis.people import make_study, person
from tests.analysis.staff_pages import lifted
from trials.models import Study

PAGE = "/studio/study/birds/results/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Make a study of eight people, to be looked at with four and with eight."""
    study = lifted(make_study())
    n = study.conditions.count()
    study.conditions.update(quota=8 // n)
    study.document["analysis"]["looks"] = ["50%", "100%"]
    for item in study.document["conditions"]:
        item["quota"] = 8 // n
    study.save()
    return study


def complete(study: Study, n: int) -> None:
    for place in range(n):
        person(study, ("kNN", "ResNet-50")[place % 2], "1101"[place % 4] + "1", "10")


def test_no_test_is_shown_before_the_first_look(study: Study) -> None:
    complete(study, 3)
    found = live_results(study)
    assert all(found.tables[name].empty for name in ("tests", *TEAMS))
    assert found.looks.startswith("Looks are planned at 4 and 8 people")


def test_between_looks_the_tests_are_those_of_the_last_look(study: Study) -> None:
    complete(study, 4)
    at_look = live_results(study).tables
    complete(study, 2)
    between = live_results(study)
    for name in ("tests", *TEAMS):
        assert len(at_look[name])
        assert between.tables[name].equals(at_look[name])
    assert between.tables["measures"]["n_participants"].max() == 3
    assert "Look 1 of 2, the first 4 people of 8" in between.looks
    assert "is below 0.0031" in between.looks


def test_a_closed_study_shows_all_with_the_last_bound(study: Study) -> None:
    complete(study, 6)
    study.status = Study.Status.CLOSED
    study.save()
    found = live_results(study)
    assert set(found.tables["tests"]["n_a"]) == {3}
    assert found.tables["team"]["n_participants"].max() == 3
    assert "Look 2 of 2, all people of 8" in found.looks
    assert "is below 0.049" in found.looks


def test_the_page_says_which_look_it_shows(study: Study, staff: Client) -> None:
    complete(study, 2)
    page = staff.get(PAGE).text
    assert "no test and no verdict on teams is shown" in page
    assert "<h3>Tests</h3>" not in page
    complete(study, 2)
    page = staff.get(PAGE).text
    assert "Look 1 of 2" in page
    assert "<h3>Tests</h3>" in page


def test_without_a_plan_tests_are_always_shown() -> None:
    study = lifted(make_study())
    complete(study, 4)
    found = live_results(study)
    assert len(found.tables["tests"])
    assert (found.look, found.looks) == (None, "")
    assert study_tables(study, found.asked.include_simulated)["tests"].equals(found.tables["tests"])
