"""Random requests of everybody: no failure of the site, no traceback, no endless answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.security.fuzz import build, fuzz

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> dict[str, list[Any]]:
    return build()


@settings(
    max_examples=6, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**31))
def test_no_request_of_anybody_is_answered_with_a_failure(
    world: dict[str, list[Any]], seed: int
) -> None:
    assert fuzz(25, seed, world).failures == []
