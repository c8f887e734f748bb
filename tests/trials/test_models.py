"""What the staff's pages and the log call each row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from classifiers.models import Category
from trials.models import (
    Attempts,
    Interaction,
    PageError,
    Participant,
    PlaceCount,
    Response,
    Study,
    StudyList,
    StudyLog,
    Trial,
    TrialSet,
)

SINCE = datetime(2026, 1, 2, 3, tzinfo=UTC)
STUDY = Study(slug="trees")
TRIAL = Trial(participant=Participant(study=STUDY, number=4), phase="test", position=3)
ROWS = {
    "3 attempts since 2026-01-02 03:00:00+00:00": Attempts(n=3, since=SINCE),
    "2 parts": Interaction(trial=TRIAL, mask="11".ljust(49, "0")),
    "ValueError at /s/trees/": PageError(kind="ValueError", path="/s/trees/"),
    "trees live until 2026-01-02 03:00:00+00:00": PlaceCount(
        study=STUDY, stage="live", until=SINCE
    ),
    "clean.txt 01234567": StudyList(name="clean.txt", sha256="0123456789"),
    "trees opened": StudyLog(study=STUDY, action="opened"),
    "test 3": TRIAL,
    "validation 7": TrialSet(phase="validation", number=7),
}


@pytest.mark.parametrize("said", ROWS)
def test_a_row_names_itself(said: str) -> None:
    assert str(ROWS[said]).endswith(said)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"is_accepted": True}, "yes"),
        ({"is_accepted": False}, "no"),
        ({"is_missed": True}, "missed"),
        ({"choice": Category(label="cedar tree")}, "cedar tree"),
    ],
)
def test_an_answer_names_itself_in_a_word(answer: dict[str, Any], said: str) -> None:
    response = Response(trial=TRIAL, occasion="final", **answer)
    assert response.said == said
    assert str(response).endswith(f"test 3, final: {said}")
