"""The login, rate-limited by name, both from one network and from all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from trials.addresses import address_of
from trials.services.limits import (
    attempt_give_back,
    attempt_take,
    attempts_forget,
    network_of,
)

MAX_FAILURES = 10  # of a name from one network
MAX_FAILURES_OF_NAME = 100  # of a name from any network
WAIT = timedelta(minutes=15)
FROM_HERE, OF_NAME = "login from one network", "login"


class LimitedLoginForm(AdminAuthenticationForm):
    """The staff's login, protected against password guessing by a rate limit.

    An attempt is counted before its password is checked, so simultaneous guesses are counted too.
    The right password does not shorten the wait, so further guesses reveal nothing.
    """

    def clean(self) -> dict[str, Any]:
        if not (self.cleaned_data.get("username") and self.cleaned_data.get("password")):
            return super().clean() or {}
        name = self.cleaned_data["username"].lower()
        here = f"{name} {network_of(address_of(self.request)) if self.request else ''}"
        if not attempt_take(what=FROM_HERE, who=here, limit=MAX_FAILURES, within=WAIT):
            raise self._wait(MAX_FAILURES)
        if not attempt_take(what=OF_NAME, who=name, limit=MAX_FAILURES_OF_NAME, within=WAIT):
            raise self._wait(MAX_FAILURES_OF_NAME)
        found = super().clean()
        attempts_forget(what=FROM_HERE, who=here)
        attempt_give_back(what=OF_NAME, who=name)
        return found or {}

    def _wait(self, n: int) -> ValidationError:
        minutes = int(WAIT.total_seconds() // 60)
        return ValidationError(
            f"{n} attempts with this name failed. Wait {minutes} minutes, or ask an administrator "
            "for a new password.",
            code="wait",
        )
