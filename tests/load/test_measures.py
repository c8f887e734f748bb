"""The measures of ``make load``: percentiles, and answers that were lost or stored twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.load.__main__ import lost_and_doubled, measures, percentile
from tests.load.people import Person, Times


class Stored:
    """A site that tells what it stored."""

    def __init__(self, answers: dict[str, list[bool]], doubled: int = 0) -> None:
        self.said = json.dumps({"answers": answers, "doubled": doubled})

    def manage(self, *_: str) -> str:
        return self.said


def person(key: str, *confirmed: bool) -> Person:
    found = Person(1, 0, Times())
    found.key, found.confirmed = key, list(confirmed)
    return found


@pytest.mark.parametrize(
    ("stored", "lost"),
    [
        ([True, False], 0),
        ([True, False, True], 0),  # stored, but the confirmation never arrived
        ([True], 1),
        ([True, True], 1),  # another answer than the one that was confirmed
        ([], 2),
    ],
)
def test_what_was_confirmed_and_is_not_stored_is_lost(stored: list[bool], lost: int) -> None:
    site: Any = Stored({"a": stored})
    assert lost_and_doubled(site, [person("a", True, False)]) == (lost, 0)


def test_percentiles_are_by_nearest_rank_and_lines_are_in_milliseconds() -> None:
    assert percentile(range(1, 101), 0.95) == 96
    assert measures(Times(answer=[0.010] * 99 + [0.5], page=[0.02]))[0] == (
        "answer p50=10 p95=10 p99=500 ms"
    )
