"""The page of a person's current step: its screen type's, with what every page has."""

from __future__ import annotations

import math
from dataclasses import replace

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from trials import services
from trials.models import AttentionCheck, Condition, Participant
from trials.participant import trial_view
from trials.steps.base import Context, Looker, Page, screen_of
from trials.steps.phases import HEADINGS
from trials.study.design import Phase, Step


def page_of(participant: Participant, position: int | None = None) -> Page:
    """Return the page of a person's current step, or of an earlier page to read again.

    Raises ``IndexError`` if the page at ``position`` may not be read again now.
    """
    here = participant.step if position is None else position
    around = participant.script[here : here + 2]
    looker = Looker(
        participant,
        services.trials_of(participant, around),
        lambda step: (
            AttentionCheck.objects.get(participant=participant, position=step.position).asks_yes
        ),
        participant.condition_at(here),
    )
    step = around[0]
    way = reverse("session", args=[participant.study.slug])
    context = base(participant, here, looker.condition) | {
        "action": way,
        "events_url": reverse("events", args=[participant.study.slug]),
    }
    again = readable_again(participant)
    if position is not None:
        place = again.index(position) if position in again else None
        if place is None:
            raise IndexError(f"Step {position} cannot be read again at step {participant.step}.")
        after = again[place + 1 :]
        context["next_url"] = f"{way}?page={after[0]}" if after else way
        again = again[:place]
    else:
        if not screen_of(step).is_text or participant.step == len(participant.script) - 1:
            again = []
        context["wait"] = math.ceil(services.seconds_left(participant, step, timezone.now()))
    if again:
        is_next_to = again[-1] == here - 1
        context["back_url"] = f"{way}?page={again[-1] if is_next_to else again[0]}"
        context["back_label"] = _("Back") if is_next_to else _("Read the instructions again")
    return fill(looker, here, context)


def readable_again(participant: Participant) -> list[int]:
    """Return the pages of text before the current one, which must be a page itself.

    Reading again does not change the session's position.
    """
    steps = participant.script[: participant.step + 1]
    if not participant.is_active or not screen_of(steps[-1]).is_text:
        return []
    pages = participant.study.plan.pages
    return [
        n for n, step in enumerate(steps[:-1]) if screen_of(step).is_text and step.name in pages
    ]


def base(participant: Participant, position: int, condition: Condition | None = None) -> Context:
    """Return the context that every page of a session has, in the condition of its screen.

    A page of a trial replaces the condition's part by that of the trial (``Page.condition``).
    """
    return {
        "study": participant.study,
        "participant": participant,
        "step": participant.script[position],
        "step_number": position,
        **trial_view.seen_in(participant.study, condition or participant.condition_at(position)),
    } | progress(participant, position)


def progress(participant: Participant, position: int) -> Context:
    """Return the progress: photos of the current stage or block, and the whole session."""
    script = participant.script
    found: Context = {"percent_done": 100 * position // (len(script) - 1)}
    counted = screen_of(script[position]).counted_as(script, position)
    if counted is None:
        return found
    stage, span = _stage_of(participant, counted)
    return found | {
        "stage": stage,
        "n_in_stage": len(span),
        "number": counted.position - span.start + 1,
    }


def _stage_of(participant: Participant, step: Step) -> tuple[str, range]:
    """Return the heading of a trial's stage, and the positions of its trials."""
    plan, layout, name = participant.study.plan, participant.layout, Phase(step.name)
    number = layout.block_at(name, step.position) if layout else 0
    if layout and number:
        block, n_blocks = layout.blocks[number - 1], len(layout.blocks)
        if name == Phase.TRAINING:
            return str(HEADINGS[name]), block.training
        part = _("Part %(part)s of %(n_parts)s") % {"part": number, "n_parts": n_blocks}
        return (f"{part} ·" if n_blocks > 1 else str(HEADINGS[name])), block.test
    sizes = {item.kind: item.n for item in (plan.training, plan.validation, plan.test) if item}
    first = step.position - step.position % sizes[name]
    return str(HEADINGS[name]), range(first, first + sizes[name])


def fill(looker: Looker, position: int, context: Context) -> Page:
    """Return a step's template and its context, with the photos of the next step."""
    script = looker.participant.script
    step = script[position]
    page = screen_of(step).show(looker, step)
    study, condition = looker.participant.study, page.condition
    own = trial_view.seen_in(study, condition) if condition else {}
    context = context | own | page.context
    following = script[position + 1 : position + 2]
    may_tell = not screen_of(step).hides_next
    is_here = looker.participant.step == position
    if following and may_tell and is_here and looker.participant.knows_next(position):
        urls = screen_of(following[0]).photos(looker, following[0])
        screen = context.get("screen")
        context["preload"] = " ".join(trial_view.unique(urls, screen.urls if screen else ()))
    return replace(page, context=context)
