"""Coming to a study's door in tests: links, the page's hidden fields, what is sent back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from tests.factories import make_plan, make_study
from trials.models import Participant, Study

DOOR, WAY, NEXT = "/s/trees/", "/s/trees/session/", "/s/trees/next-person/"
PID, SESSION, PROJECT = "5f" * 12, "6a" * 12, "7b" * 12
PROLIFIC = {"PROLIFIC_PID": PID, "SESSION_ID": SESSION, "STUDY_ID": PROJECT}
MTURK = {
    "workerId": "A1B2C3D4",
    "assignmentId": "3ASSIGN01",
    "hitId": "3HIT01",
    "turkSubmitTo": "https://workersandbox.mturk.com",
}
CODES = {
    "completed": "DONE-1",
    "failed_validation": "CHECK-2",
    "failed_attention": "CARE-3",
    "no_consent": "NO-4",
    "timed_out": "LATE-5",
}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def make_recruited(channel: str, codes: dict[str, str] | None = None, **changes: Any) -> Study:
    """Open a study that recruits on a channel."""
    recruitment = {"channel": channel, "codes": codes if codes is not None else CODES, "pay": 2.5}
    return make_study(plan=make_plan(recruitment=recruitment, **changes))


def look(client: Client, **ids: str) -> Any:
    """Open the study's link."""
    return client.get(f"{DOOR}?{urlencode(ids)}" if ids else DOOR)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    fields = dict(HIDDEN.findall(page))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def consent(client: Client, **ids: str) -> Any:
    """Open the link and agree."""
    return client.post(DOOR, hidden(look(client, **ids).text) | {"agree": "on"})


def finish(participant: Participant, status: str = "completed", code: str = "DONE-1") -> None:
    """Let a session end in one of its ways."""
    Participant.objects.filter(pk=participant.pk).update(
        status=status,
        code=code,
        finished_at=timezone.now(),
        step=len(participant.script) - 1,
    )
