"""What a trial shows: words, percentages, boxes."""

from __future__ import annotations

import pytest

from classifiers.models import Prediction
from trials.participant.languages import article
from trials.participant.trial_view import percent


@pytest.mark.parametrize(("noun", "expected"), [("apple", "an"), ("Owl", "an"), ("cell", "a")])
def test_the_article_follows_the_first_letter(noun: str, expected: str) -> None:
    assert article(noun) == expected


@pytest.mark.parametrize(("votes", "expected"), [(20, 100), (17, 85), (11, 55), (7, 35), (1, 5)])
def test_votes_are_exact_percentages(votes: int, expected: int) -> None:
    assert percent(Prediction(confidence=votes / 20, n_votes=votes, n_voters=20)) == expected


@pytest.mark.parametrize(("confidence", "expected"), [(0.999, 99), (1.0, 100), (0.255, 25)])
def test_a_probability_is_truncated(confidence: float, expected: int) -> None:
    assert percent(Prediction(confidence=confidence)) == expected
