"""The flags on a running study's page: how many people have each, and who."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analysis.monitor import reader
from analysis.rows.overview import stage_shown
from tests.factories import enrol, make_study
from tests.trials.services.test_flags import play
from tests.trials.within import within
from trials.models import Study

pytestmark = pytest.mark.django_db
LIVE, PEOPLE = "/studio/study/trees/monitor/", "/studio/study/trees/people/"


@pytest.fixture
def study() -> Study:
    """A study in which somebody has just begun."""
    study = make_study()
    enrol(study)
    return study


@pytest.fixture
def browser(client: Client, study: Study) -> Client:
    """An administrator's browser."""
    client.force_login(User.objects.create(username="ada", is_staff=True, is_superuser=True))
    return client


def test_flags_are_counted_and_lead_to_their_people(browser: Client, study: Study) -> None:
    play(study, "bob", rt_ms=100)
    assert re.search(r'flag=too_fast"[^>]*>too fast</a>: 1<', browser.get(LIVE).text)
    page = browser.get(f"{PEOPLE}?flag=too_fast").text
    assert "p0002" in page
    assert "p0001" not in page


def test_a_slow_count_of_flags_is_kept_and_says_of_when(
    browser: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SLOW_S", 0.0)
    monkeypatch.setattr(reader, "KEPT_TIMES", 100_000)
    play(study, "bob", rt_ms=100)
    assert "Flags as of" not in browser.get(LIVE).text
    play(study, "carol", rt_ms=100)
    page = browser.get(LIVE).text
    assert re.search(r'flag=too_fast"[^>]*>too fast</a>: 1<', page)
    assert "Flags as of" in page
    assert "too fast</a>: 1<" not in browser.get(f"{LIVE}?robots=1").text


@pytest.mark.parametrize("make", [make_study, partial(within, photos="same")])
def test_a_workers_monitor_asks_no_more_often_for_more_people(make: Callable[[], Study]) -> None:
    study = make()
    asked = []
    for names in (("ada",), ("bob", "carol", "dora")):
        for name in names:
            enrol(study, name)
        with CaptureQueriesContext(connection) as queries:
            reader.running_state(study, stage_shown(study), is_simulated=False)
        asked.append(len(queries))
    assert asked[0] == asked[1]
