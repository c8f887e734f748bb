"""The monitor's first card: how many people are where, and when they were counted."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import enrol, make_study

pytestmark = pytest.mark.django_db
LIVE = "/studio/study/trees/monitor/"


@pytest.fixture
def browser(client: Client) -> Client:
    """An administrator's browser, while one person has begun."""
    enrol(make_study())
    client.force_login(User.objects.create_superuser("ada"))
    return client


def test_at_a_glance_counts_people_and_leaves_out_what_is_not_known(browser: Client) -> None:
    page = browser.get(LIVE).content.decode()
    figures = re.search(r'<dl class="figures">(.*?)</dl>', page, re.DOTALL)
    assert figures is not None
    tiles = re.findall(r"<dt>(.*?)</dt><dd>([^<]*)", figures[1])
    assert tiles == [("Started", "1"), ("Completed", "0"), ("Under way", "1"), ("Silent", "0")]


def test_the_refresh_switch_stands_beside_the_time_of_the_counts(browser: Client) -> None:
    part = browser.get(f"{LIVE}?part=1").content.decode()
    line = part[part.index("As of") : part.index("At a glance")]
    assert "refresh every" in line
