"""Tells an administrator by mail and by a webhook of errors, and of a study that is complete.

A notice has the message and the place of the error in the code, and nothing that a person typed.
Equal notices are sent once in ten minutes, and at most twenty notices an hour.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.mail import mail_admins

AGAIN_S: Final = 600.0
WITHIN_S: Final = 3600.0
MOST: Final = 20
TIMEOUT_S: Final = 5
log = logging.getLogger(__name__)


class NoticeHandler(logging.Handler):
    """Sends what is logged, but the same not too often and not too much in all."""

    def __init__(self, send: Callable[[str], None] | None = None) -> None:
        super().__init__()
        self._send = send or _send_aside
        self._last: dict[str, float] = {}
        self._sent: deque[float] = deque(maxlen=MOST)

    def emit(self, record: logging.LogRecord) -> None:
        """Send a notice, unless the same was sent lately or too many were."""
        try:
            text = notice_of(record)
            if self._may_send(text, time.monotonic()):
                self._send(text)
        except Exception:  # noqa: BLE001 - logging must never fail
            self.handleError(record)

    def _may_send(self, text: str, now: float) -> bool:
        is_new = now - self._last.get(text, -AGAIN_S) >= AGAIN_S
        is_few = len(self._sent) < MOST or now - self._sent[0] > WITHIN_S
        if not (is_new and is_few):
            return False
        self._last = {said: at for said, at in self._last.items() if now - at < AGAIN_S}
        self._last[text] = now
        self._sent.append(now)
        return True


def notice_of(record: logging.LogRecord) -> str:
    """Return the words of a notice, without the arguments of an error: these may be personal."""
    from trials.participant.page_errors import described  # the settings load this module

    if record.levelno < logging.ERROR:
        return record.getMessage()
    error = record.exc_info[1] if record.exc_info else None
    said = f"{type(error).__name__}: {described(error)}" if error else str(record.msg)
    return f"{record.levelname} {record.name}: {said}"


def _send_aside(text: str) -> None:
    threading.Thread(target=send, args=(text,), name="notice", daemon=True).start()


def send(text: str) -> None:
    """Send a notice by every way that is set. A failure is logged and causes no notice."""
    site = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "study site"
    if settings.ADMINS:
        try:
            mail_admins(f"[{site}] {text.splitlines()[0][:100]}", text)
        except Exception as error:  # noqa: BLE001 - whatever the mail server says
            log.warning("A notice could not be mailed: %s", error)
    if settings.NOTICE_URL:
        body = json.dumps({"text": f"[{site}] {text}"}).encode()
        request = urllib.request.Request(  # noqa: S310 - the administrator's own address
            settings.NOTICE_URL, body, {"Content-Type": "application/json"}
        )
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT_S).close()  # noqa: S310 - as above
        except OSError as error:
            log.warning("A notice could not be sent to NOTICE_URL: %s", error)
