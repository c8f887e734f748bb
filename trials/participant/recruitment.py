"""Recruitment platforms: the parameters of their links, and the return to them. No models.

Prolific: PROLIFIC_PID, STUDY_ID, SESSION_ID. MTurk: workerId, assignmentId, hitId,
turkSubmitTo. CloudResearch: participantId, assignmentId, projectId. Any other link: pid.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from trials.study.messages import ToPerson, marked

PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"


@dataclass(frozen=True, slots=True)
class Channel:
    """One recruitment platform: its parameters, and where its people return to.

    ``person``, ``submission`` and ``project`` are names of query parameters. ``id_form`` is the
    pattern of their values, and ``fold`` writes an id as the platform does. ``completion`` is the
    address that takes the code; it is empty if the code is only shown. ``how_to_return`` says what
    a person who does not take part does there. ``is_shared``: one browser serves many people.
    """

    label: str
    person: tuple[str, ...]
    id_form: str = r"[!-~]{1,200}"
    needs_person: bool = False
    submission: str = ""
    project: str = ""
    completion: str = ""
    how_to_return: str = ""
    is_shared: bool = False
    fold: Callable[[str], str] = str


CHANNELS: Mapping[str, Channel] = {
    "link": Channel(
        "Any link", ("pid", "participantId"), submission="assignmentId", project="projectId"
    ),
    "prolific": Channel(
        "Prolific",
        ("PROLIFIC_PID",),
        id_form=r"[0-9a-f]{24}",
        needs_person=True,
        submission="SESSION_ID",
        project="STUDY_ID",
        completion="https://app.prolific.com/submissions/complete?cc={code}",
        how_to_return=marked(
            "Please return your place on Prolific: press “Stop without completing” there."
        ),
        fold=str.lower,
    ),
    "mturk": Channel(
        "Mechanical Turk",
        ("workerId",),
        id_form=r"[A-Z0-9]{5,64}",
        needs_person=True,
        submission="assignmentId",
        project="hitId",
        how_to_return=marked("Please return the HIT on Mechanical Turk."),
        fold=str.upper,
    ),
    "in_person": Channel("In person", ("pid",), is_shared=True),
}


class ArrivalRefused(ToPerson):
    """A link without a person's id in the platform's form. The message never contains the id."""


class ArrivalMissing(ArrivalRefused):
    """A link without the id that its platform adds: perhaps the study's address, typed."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The ids that the platform's link gave. ``person_id`` is empty if the link had none.

    ``submit_url`` is the checked origin where MTurk receives results, or empty. ``is_proven``: a
    signed link or the browser's cookie proved who the person is.
    """

    channel: str
    person_id: str = ""
    submission_id: str = ""
    project_id: str = ""
    submit_url: str = ""
    is_proven: bool = False

    @property
    def is_preview(self) -> bool:
        """Whether a worker only previews a task that is not yet accepted."""
        return self.submission_id == PREVIEW


def arrival_of(channel: str, query: Mapping[str, str]) -> Arrival:
    """Read an arrival from a link's query.

    Raises ``ArrivalMissing`` without the channel's parameter, and ``ArrivalRefused`` if the
    person's id has not the platform's form (a placeholder that was not filled in, a link cut by an
    e-mail). Other ids of a wrong form are ignored: they block no one, and a value that many people
    may have, such as a placeholder, never serves as a secret.
    """
    known = CHANNELS[channel]
    if known.submission and query.get(known.submission) == PREVIEW:
        return Arrival(channel, submission_id=PREVIEW)
    person = next((name for name in known.person if query.get(name, "").strip()), "")
    if known.needs_person and not person:
        raise ArrivalMissing(
            marked(
                "The link does not say who you are: %(name)s is missing. Please open the study "
                "from %(channel)s again, by the button there."
            ),
            name=known.person[0],
            channel=known.label,
        )
    return Arrival(
        channel,
        person_id=_person(known, query, person),
        submission_id=_id(known, query, known.submission),
        project_id=_id(known, query, known.project),
        submit_url=mturk_origin(query.get("turkSubmitTo", "")) if channel == "mturk" else "",
    )


def _id(channel: Channel, query: Mapping[str, str], name: str) -> str:
    """Return an id as the platform writes it; an empty text if it has another form."""
    value = channel.fold(query.get(name, "").strip()) if name else ""
    return value if re.fullmatch(channel.id_form, value) else ""


def _person(channel: Channel, query: Mapping[str, str], name: str) -> str:
    value = _id(channel, query, name)
    if name and not value:
        raise ArrivalRefused(
            marked(
                "The link seems to be damaged: %(name)s does not look like an id of %(channel)s. "
                "Please open the link again as it was given to you."
            ),
            name=name,
            channel=channel.label,
        )
    return value


def mturk_origin(url: str) -> str:
    """Return ``https://HOST`` of a turkSubmitTo, or "" if the host is not Amazon's MTurk."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    is_theirs = parts.scheme == "https" and host.endswith(".mturk.com") and port is None
    return f"https://{host}" if is_theirs and re.fullmatch(r"[a-z0-9.-]+", host) else ""


def completion_url(channel: str, code: str) -> str:
    """Return the platform's address that takes a code; empty if the code is only shown."""
    form = CHANNELS[channel].completion
    return form.format(code=code) if form and code else ""


def person_hash(arrival: Arrival, salt: str) -> str:
    """Return the salted hash (HMAC-SHA-256) of a person's id; empty without one.

    The same person of the same platform has the same hash in every study of the site.
    """
    if not arrival.person_id:
        return ""
    text = f"{arrival.channel}:{arrival.person_id}".encode()
    return hmac.new(salt.encode(), text, hashlib.sha256).hexdigest()
