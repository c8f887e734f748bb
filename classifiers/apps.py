"""The app of photos, galleries, predictions and jobs."""

from django.apps import AppConfig


class ClassifiersConfig(AppConfig):
    name = "classifiers"
