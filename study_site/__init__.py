"""The frame: settings, URLs, Celery, the demo. It knows every room; no room knows it."""

from study_site.celery import app as celery_app

__all__ = ["celery_app"]
