"""What a person's browser sends when a page is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """An event that the browser reported, see ``models.Event``."""

    kind: str
    at_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """The data that a page sends when a person continues.

    ``is_yes`` is the answer to the page's question; None on pages that ask nothing, or when no
    button was pressed. ``choice`` is the index of a class; it, ``confidence`` and ``reason`` are as
    they were sent. ``is_time_over``: the page was sent by its script at the end of the trial's
    time. ``photo_px`` is the displayed width of the judged photo in CSS pixels. ``answers`` holds
    the named fields of a page, without their prefix ``q_``.
    """

    step: int
    is_yes: bool | None = None
    choice: str = ""
    confidence: str = ""
    reason: str = ""
    is_time_over: bool = False
    rt_ms: int | None = None
    away_ms: int | None = None
    photo_px: int | None = None
    given_by: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[ClientEvent] = ()

    @property
    def said_yes(self) -> bool:
        """The answer of a screen that asks Yes or No. Raises ``ValueError`` if there is none."""
        if self.is_yes is None:
            raise ValueError(f"Step {self.step} has no answer; expected Yes or No.")
        return self.is_yes
