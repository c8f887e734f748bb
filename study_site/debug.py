"""The settings that an error page or report may show."""

from __future__ import annotations

import re

from django.views.debug import SafeExceptionReporterFilter


class SettingsFilter(SafeExceptionReporterFilter):
    """Hides also the salt of recruitment ids, and addresses that may contain a password."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|SALT|BROKER_URL|LOCATION",
        flags=re.IGNORECASE,
    )
