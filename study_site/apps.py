"""The app of the site; it registers the system checks."""

from django.apps import AppConfig


class StudySiteConfig(AppConfig):
    name = "study_site"

    def ready(self) -> None:
        """Register the system checks."""
        from study_site import checks  # noqa: F401 - its functions register themselves
