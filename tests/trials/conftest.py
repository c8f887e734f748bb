"""What every test of the participants' part may rely on."""

from __future__ import annotations

import pytest

from tests.trials.tab import Tab


@pytest.fixture
def client() -> Tab:
    """Return a browser whose posts come from its own person's pages."""
    return Tab()
