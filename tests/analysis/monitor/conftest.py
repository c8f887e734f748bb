"""What the monitor's tests share."""

from __future__ import annotations

import pytest

from analysis.monitor import reader


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the flags anew for each page, on a busy machine too."""
    monkeypatch.setattr(reader, "SLOW_S", 10**7)
