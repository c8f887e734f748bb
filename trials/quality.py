"""Signs that answers were given without care, or not by a person. Pure; no models.

A sign is a flag for a researcher to check. It rejects, excludes or denies payment to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from trials.study.design import runs_of_same
from trials.study.plan import QualityPlan

# Below this many timed answers, neither regularity nor speed says anything about a person.
N_FOR_TIMING = 8
# The spread of a person's response times grows with their mean (Wagenmakers & Brown 2007,
# Psychological Review 114): the ratio is 0.3 or more in choices. A program that waits a nearly
# constant time is far below.
REGULAR_RATIO = 0.1
# Even practised people need longer to see two photos, decide and press.
INHUMAN_MS = 250
# The browser's time may exceed the server's by the drift of its clock, not by more.
CLOCK_SLACK_MS = 1500
# Every flag's name, in the order in which a person's flags come.
FLAGS = (
    "too_fast", "away", "identical_run", "failed_attention", "honeypot", "webdriver", "paste",
    "inhuman_timing", "repeat",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flag:
    """One sign: its short name, and a description of what was seen."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One test trial's answer: times in milliseconds, None if the browser sent none.

    ``said`` is True for Yes and False for No, or the key of the class that was chosen.
    """

    said: int
    rt_ms: int | None = None
    away_ms: int | None = None
    shown_ms: int | None = None
    """How long the page was open by the server's clock, from first shown to answered."""

    @property
    def cleaned_ms(self) -> int | None:
        """The time to answer without the time spent out of the window."""
        if self.rt_ms is None:
            return None
        return max(0, self.rt_ms - (self.away_ms or 0))


@dataclass(frozen=True, slots=True)
class Check:
    """One attention check; ``is_yes`` is None until it is answered."""

    asks_yes: bool
    is_yes: bool | None = None

    @property
    def is_failed(self) -> bool:
        """Whether the given answer differs from the requested one."""
        return self.is_yes is not None and self.is_yes != self.asks_yes


@dataclass(frozen=True, slots=True)
class Conduct:
    """One person's conduct: the test's answers in order, checks, events and repeats.

    ``events`` counts the browser's events by kind.
    """

    answers: Sequence[Answer] = ()
    checks: Collection[Check] = ()
    events: Mapping[str, int] | None = None
    is_repeat: bool = False


def flags(conduct: Conduct, quality: QualityPlan) -> list[Flag]:
    """Return every sign in a person's conduct, by the limits that the study declared."""
    return [
        *_speed(conduct.answers, quality),
        *_attention(conduct, quality),
        *_events(conduct.events or {}),
        *_timing(conduct.answers),
        *([Flag("repeat", "took part before")] if conduct.is_repeat else []),
    ]


def _speed(answers: Sequence[Answer], quality: QualityPlan) -> Iterator[Flag]:
    fast = [ms for answer in answers if (ms := answer.cleaned_ms) is not None]
    n_fast = sum(ms < quality.min_answer_ms for ms in fast)
    if n_fast:
        limit = quality.min_answer_ms
        yield Flag("too_fast", f"{n_fast} of {len(answers)} answers in less than {limit} ms")
    longest = max((answer.away_ms or 0 for answer in answers), default=0)
    if longest and longest >= quality.max_away_ms:
        n = sum((answer.away_ms or 0) >= max(1, quality.max_away_ms) for answer in answers)
        yield Flag("away", f"out of the window in {n} trials, at most for {longest / 1000:.0f} s")


def _attention(conduct: Conduct, quality: QualityPlan) -> Iterator[Flag]:
    longest = runs_of_same([answer.said for answer in conduct.answers])
    if longest >= quality.identical_run:
        yield Flag("identical_run", f"the same answer {longest} times in a row")
    n_failed = sum(check.is_failed for check in conduct.checks)
    if n_failed > quality.max_failed_attention:
        yield Flag("failed_attention", f"{n_failed} of {len(conduct.checks)} checks failed")


_EVENTS = {
    "honeypot": "filled a field that people cannot see",
    "webdriver": "the browser said that a program drives it",
    "paste": "pasted text",
}


def _events(events: Mapping[str, int]) -> Iterator[Flag]:
    for kind, words in _EVENTS.items():
        if events.get(kind):
            yield Flag(kind, f"{words} ({events[kind]})")


def _timing(answers: Sequence[Answer]) -> Iterator[Flag]:
    """Flag impossible times: all alike, all too short, or longer than the page was open."""
    times = [ms for answer in answers if (ms := answer.cleaned_ms) is not None]
    if len(times) >= N_FOR_TIMING:
        mean, spread = fmean(times), pstdev(times)
        if max(times) < INHUMAN_MS:
            yield Flag("inhuman_timing", f"every answer in less than {INHUMAN_MS} ms")
        elif spread < REGULAR_RATIO * mean:
            yield Flag(
                "inhuman_timing", f"times all alike: {mean:.0f} ms, give or take {spread:.0f} ms"
            )
    n_untrue = sum(
        answer.rt_ms > answer.shown_ms + CLOCK_SLACK_MS
        for answer in answers
        if answer.rt_ms is not None and answer.shown_ms is not None
    )
    if n_untrue:
        yield Flag("inhuman_timing", f"{n_untrue} times longer than the page was open")
