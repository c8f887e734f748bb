"""The site: settings, URLs, Celery and the demo. It imports all packages; none imports it."""

from study_site.celery import app as celery_app

__all__ = ["celery_app"]
