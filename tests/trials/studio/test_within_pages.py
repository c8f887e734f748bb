"""The researchers' pages of a study within people: preview, checklist, monitor, people."""

from __future__ import annotations

import random

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.monitor.reader import running_read
from tests.trials.within import AIDED, UNAIDED, within
from trials import services
from trials.models import Participant, Study, Trial
from trials.services.launch import study_check
from trials.simulation.robots import Robot, play
from trials.studio.preview import previewed, screens_of

ORDERS = ["unaided, then EMD-Corr", "EMD-Corr, then unaided"]


@pytest.fixture
def study(rita: User) -> Study:
    """Rita's study within people, in which conditions differ in their screens."""
    asks = {**AIDED, "trial": {"has_prior_knowledge": True}}
    study = within(UNAIDED, asks, training="each")
    services.study_own(study=study, owner=rita)
    return study


def test_each_order_is_previewed_and_nothing_is_stored(
    browser: Client, study: Study, rita: User
) -> None:
    draft = services.study_draft(
        slug="draft", dataset=study.dataset, document=study.document, user=rita
    )
    assert list(previewed(draft.plan)) == ORDERS
    for order, words in zip(ORDERS, ("without an AI", "an AI, says what it guesses"), strict=True):
        screens = screens_of(previewed(draft.plan)[order])
        key = next(item.key for item in screens if item.label == "Before block 1")
        page = browser.get(
            "/studio/study/draft/preview/screen/", {"condition": order, "set": "1", "screen": key}
        )
        assert words in page.content.decode()
    assert not Trial.objects.exists()
    navigator = browser.get("/studio/study/draft/preview/", {"condition": ORDERS[1]}).text
    assert "Before block 2" in navigator


def test_the_checklist_has_the_designs_numbers(study: Study) -> None:
    lines = [item.said for item in study_check(study) if item.name == "Design"]
    assert "12 photos in the test" in lines[0]


def test_people_are_counted_by_their_order_of_blocks(browser: Client, study: Study) -> None:
    for number, leaves_at in enumerate((None, None, 0.85)):
        play(study, Robot(), random.Random(number), leaves_at=leaves_at)
    running = running_read(study, is_simulated=True)
    completed = dict(
        zip(running.conditions, [item.completed for item in running.places], strict=True)
    )
    assert completed == dict.fromkeys(ORDERS, 1)
    assert [item.stage for item in running.stages] == [
        "introduction", "instructions", "training", "validation", "test", "block_1", "block_2",
        "debrief",
    ]  # fmt: skip
    parts = {item.stage: (item.n_reached, item.n_ended) for item in running.stages}
    assert parts["block_2"] == (3, 1)
    ended = next(row for row in running.flow if row.words == "gave their place back")
    assert ended.total == 1
    page = browser.get("/studio/study/trees/monitor/", {"robots": "on"}).text
    assert ORDERS[0] in page
    assert "Accepts new people" not in page


def test_the_list_of_people_is_filtered_by_order_and_block(browser: Client, study: Study) -> None:
    for number, leaves_at in enumerate((None, 0.85)):
        play(study, Robot(), random.Random(number), leaves_at=leaves_at)
    left = Participant.objects.get(status="returned")
    order = ORDERS[0] if left.sequence == "1 2" else ORDERS[1]
    for asked, there in (
        ({"condition": order}, {left.number}), ({"reached": "block_2"}, {left.number}),
        ({"reached": "block_1"}, set()),
    ):  # fmt: skip
        page = browser.get("/studio/study/trees/people/", {"robots": "on", **asked}).text
        assert {n for n in (1, 2) if f"r{n:04d}" in page} == there
        assert (f"<td>{order}</td>" in page) == bool(there)
    assert order in browser.get(f"/studio/study/trees/people/r{left.number:04d}/").text
