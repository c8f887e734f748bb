"""A log of errors on participants' pages, for the researcher who runs the study."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from traceback import extract_tb
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from trials.models import PageError, Participant, Study
from trials.participant.framing import PAGES
from trials.participant.identity import token_of

MAX_ERRORS = 200  # for one study's people; the oldest are deleted first
MAX_UNKNOWN = 20  # for one study's unknown visitors, who never displace its people's errors
ROOT = Path(__file__).resolve().parents[2]
# What a person's input or link may contain: quoted text, addresses, long ids and numbers.
PERSONAL = re.compile(
    r"""(?<!\w)(?:'[^']*'|"[^"]*")|\S+@\S+|\w+://\S+|\b[\w-]{16,}\b|\d{5,}|\([^)]*\)=\([^)]*\)"""
)
log = logging.getLogger(__name__)


def error_note(sender: object, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Store the error that is being handled; connected to ``got_request_exception``."""
    error, match = sys.exc_info()[1], getattr(request, "resolver_match", None)
    if request is None or error is None or match is None or match.url_name not in PAGES:
        return
    try:
        _store(request, match.kwargs["slug"], error)
    except Exception:
        # A failure here (mostly an unavailable database) must not hide the first error.
        log.exception("The error of a participant's page could not be stored.")


def _store(request: HttpRequest, slug: str, error: BaseException) -> None:
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        return
    people = Participant.objects.filter(study=study).exclude(status=Participant.Status.WITHDRAWN)
    who = people.filter(token=token_of(request, study)).first()
    fact = {
        "path": request.path[:200],
        "kind": type(error).__name__[:100],
        "message": described(error),
    }
    now = timezone.now()
    if study.page_errors.filter(participant=who, **fact).update(n=F("n") + 1, at=now):
        return
    PageError.objects.create(study=study, participant=who, at=now, **fact)
    alike = study.page_errors.filter(participant__isnull=who is None)
    kept = alike.order_by("-at", "-pk").values_list("pk", flat=True)
    alike.exclude(pk__in=list(kept[: MAX_UNKNOWN if who is None else MAX_ERRORS])).delete()


def described(error: BaseException) -> str:
    """Return an error's place in the code and its first line, without text that may be personal."""
    lines = str(error).splitlines()
    said = PERSONAL.sub("…", lines[0])[:200] if lines else ""
    return f"{said} ({place})" if (place := _place(error)) else said


def _place(error: BaseException) -> str:
    """Return the last line of the project's own code in the traceback."""
    frames = (item for item in reversed(extract_tb(error.__traceback__)))
    ours = (item for item in frames if Path(item.filename).is_relative_to(ROOT))
    frame = next((our for our in ours if "site-packages" not in our.filename), None)
    return f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno}"[:90] if frame else ""
