"""The frame as an app, so that Django knows it as one of ours."""

from django.apps import AppConfig


class StudySiteConfig(AppConfig):
    name = "study_site"
