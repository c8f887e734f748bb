"""Documents that come with the platform: the demo's, and replicas of the reference study."""

from __future__ import annotations

from pathlib import Path

from trials.study.document import read
from trials.study.schema import Json

READY_MADE = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.yaml"))}


def ready_made(name: str) -> Json:
    """Return a built-in document; ``name`` is one of ``READY_MADE``."""
    return read(READY_MADE[name].read_text(encoding="utf-8"))
