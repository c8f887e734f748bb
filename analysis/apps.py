"""Numbers: answers become tables and pictures."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "analysis"
