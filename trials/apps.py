"""People: one participant, one trial, one answer."""

from django.apps import AppConfig


class TrialsConfig(AppConfig):
    name = "trials"
