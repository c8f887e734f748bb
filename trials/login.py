"""The login: after ten failures of a name from an address, a quarter of an hour's wait."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.cache import cache
from django.core.exceptions import ValidationError

MAX_FAILURES = 10
WAIT_S = 15 * 60


class LimitedLoginForm(AdminAuthenticationForm):
    """Staff's login, which nobody can guess at for long.

    The right password does not shorten the wait, so guessing on says nothing.
    """

    def clean(self) -> dict[str, Any]:
        key = self._key()
        n_failures = cache.get(key, 0)
        if n_failures >= MAX_FAILURES:
            raise ValidationError(
                f"{MAX_FAILURES} attempts with this name failed. Wait {WAIT_S // 60} minutes, or "
                "ask an administrator for a new password.",
                code="wait",
            )
        try:
            found = super().clean()
        except ValidationError:
            cache.set(key, n_failures + 1, WAIT_S)
            raise
        cache.delete(key)
        return found or {}

    def _key(self) -> str:
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        said = f"{self.cleaned_data.get('username', '').lower()} {address}"
        return f"login:{hashlib.sha256(said.encode()).hexdigest()}"
