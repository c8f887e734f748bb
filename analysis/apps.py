"""The analysis: answers become tables and figures."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "analysis"
