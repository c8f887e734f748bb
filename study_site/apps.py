"""The frame as an app: it only brings the ``demo`` command."""

from django.apps import AppConfig


class StudySiteConfig(AppConfig):
    name = "study_site"
