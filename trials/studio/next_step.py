"""The one recommended next step of a study, for the top of its page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from trials.models import Study
from trials.studio.home_steps import NextStep


@dataclass(frozen=True, slots=True)
class Standing:
    """What the next step depends on.

    ``to_fix`` has the name and the address of each refusal; ``n_pilot`` counts the pilot's people
    who completed, ``n_live`` the study's people who started, ``n_robots`` simulated people.
    """

    slug: str
    status: str
    to_fix: Sequence[tuple[str, str]]
    is_text_valid: bool
    n_pilot: int
    n_live: int
    n_robots: int
    participant_url: str


def next_of(now: Standing) -> NextStep:
    """Return what to do next with a study."""
    step = {
        Study.Status.DRAFT: _draft,
        Study.Status.PILOT: _pilot,
        Study.Status.OPEN: _open,
        Study.Status.PAUSED: _paused,
        Study.Status.CLOSED: _closed,
    }[Study.Status(now.status)]
    return step(now)


def next_briefly(now: Standing) -> NextStep:
    """Return what to do next without the checklist: for the pages beside it. ``to_fix`` is empty.

    Where the checklist decides, the step is to read it.
    """
    page = reverse("studio-study", args=[now.slug])
    if now.status in (Study.Status.OPEN, Study.Status.CLOSED):
        step = next_of(now)
    elif now.status == Study.Status.PILOT and not now.n_pilot:
        step = _pilot(now)
    else:
        return NextStep("See the checklist", page, _BRIEFLY[Study.Status(now.status)])
    return replace(step, url=page + step.url) if step.url.startswith("#") else step


_BRIEFLY = {
    Study.Status.DRAFT: "The checklist says what is missing before the pilot",
    Study.Status.PILOT: "People have completed the pilot",
    Study.Status.PAUSED: "The study is paused: nobody can enter",
}


def _act(now: Standing, name: str) -> str:
    return reverse("studio-act", args=[now.slug, name])


def _fix(now: Standing, when: str) -> NextStep:
    n = len(now.to_fix)
    name, url = now.to_fix[0]
    return NextStep(f"Fix: {name or 'the study'}", url, f"{n} to fix {when}")


def _draft(now: Standing) -> NextStep:
    if not now.is_text_valid:
        edit = reverse("studio-edit", args=[now.slug])
        return NextStep("Finish the design", edit, "The last saved text is not a valid study yet")
    if now.to_fix:
        return _fix(now, "before the pilot")
    why = "Everything required is done. A pilot tries the study; its people are never counted"
    return NextStep("Start the pilot …", _act(now, "pilot"), why)


def _pilot(now: Standing) -> NextStep:
    if not now.n_robots and not now.n_pilot:
        why = "The pilot runs. Simulated people show in seconds whether every page works"
        return NextStep("Run simulated people", "#robots", why)
    if not now.n_pilot:
        why = "Simulated people have completed the study. Now go through it as a person would"
        return NextStep("Take part yourself", now.participant_url, why)
    if now.to_fix:
        return _fix(now, "before the study opens")
    return NextStep("Open the study …", _act(now, "open"), "The pilot was completed by people")


def _open(now: Standing) -> NextStep:
    if not now.n_live:
        return NextStep("Invite people", "#invite", "The study is open, and nobody has come yet")
    monitor = reverse("studio-monitor", args=[now.slug])
    return NextStep("Watch the study", monitor, "People take part: see how far they are")


def _paused(now: Standing) -> NextStep:
    if now.to_fix:
        return _fix(now, "before the study opens")
    return NextStep("Open the study …", _act(now, "open"), "The study is paused: nobody can enter")


def _closed(now: Standing) -> NextStep:
    results = reverse("studio-results", args=[now.slug])
    return NextStep("Read the results", results, "The study is closed")
