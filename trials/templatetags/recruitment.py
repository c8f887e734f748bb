"""The return to the recruitment platform, for the last pages."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.template import Context

from trials import roles
from trials.models import Identity, Participant
from trials.participant.recruitment import CHANNELS, Channel, completion_url

register = template.Library()


@dataclass(frozen=True, slots=True)
class WayBack:
    """What a last page offers: a code and its destination.

    ``url`` is a link with the code; ``submit_url`` receives it and ``assignment`` from a form.
    ``is_known`` says whether the platform knows this code.
    """

    channel: Channel
    is_known: bool
    url: str
    submit_url: str
    assignment: str


@register.simple_tag
def way_back(participant: Participant) -> WayBack:
    """Return the return path for a session that ended. Mechanical Turk costs one query."""
    recruitment = participant.study.plan.recruitment
    name, code = recruitment.channel, participant.code
    is_known = bool(code) and recruitment.codes.get(participant.status) == code
    identity = None
    if name == "mturk" and code and participant.pk:
        identity = Identity.objects.filter(participant=participant).first()
    # Without a code nothing is submitted: a person who gave the place back returns the task
    # instead.
    has_task = bool(code and identity and identity.submit_url and identity.submission_id)
    return WayBack(
        channel=CHANNELS[name],
        is_known=is_known,
        url=completion_url(name, code) if is_known else "",
        submit_url=f"{identity.submit_url}/mturk/externalSubmit" if has_task and identity else "",
        assignment=identity.submission_id if has_task and identity else "",
    )


@register.simple_tag(takes_context=True)
def may_forget(context: Context, participant: Participant) -> bool:
    """Return whether the visitor may free this browser for another person."""
    return roles.may_forget(context["user"], participant)
