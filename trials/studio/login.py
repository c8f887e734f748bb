"""The login: ten failures of a name from an address within a quarter of an hour, and it waits."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest

MAX_FAILURES = 10
WAIT_S = 15 * 60


class LimitedLoginForm(AdminAuthenticationForm):
    """Staff's login, which nobody can guess at for long.

    An attempt takes one of a few tickets before its password is looked at, so that guesses at the
    same time are counted too. The right password does not shorten the wait, so guessing on says
    nothing.
    """

    def clean(self) -> dict[str, Any]:
        if not (self.cleaned_data.get("username") and self.cleaned_data.get("password")):
            return super().clean() or {}
        tickets = self._tickets()
        if not any(cache.add(each, 1, WAIT_S) for each in tickets):
            raise ValidationError(
                f"{MAX_FAILURES} attempts with this name failed. Wait {WAIT_S // 60} minutes, or "
                "ask an administrator for a new password.",
                code="wait",
            )
        found = super().clean()
        cache.delete_many(tickets)
        return found or {}

    def _tickets(self) -> list[str]:
        address = address_of(self.request) if self.request else ""
        said = f"{self.cleaned_data['username'].lower()} {address}"
        name = hashlib.sha256(said.encode()).hexdigest()
        return [f"login:{name}:{n}" for n in range(MAX_FAILURES)]


def address_of(request: HttpRequest) -> str:
    """Return where a request came from, as the outermost of ``TRUSTED_PROXIES`` saw it.

    Whatever stands further to the left in X-Forwarded-For was said by the visitor.
    """
    n, said = settings.TRUSTED_PROXIES, request.headers.get("X-Forwarded-For", "")
    hops = [each.strip() for each in said.split(",") if each.strip()]
    return hops[-n] if n and len(hops) >= n else request.META.get("REMOTE_ADDR", "")
