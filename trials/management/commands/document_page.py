"""``manage.py document_page``: print docs/study-document.md, made from the schema."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from trials.study.document_page import page


class Command(BaseCommand):
    """Print the page; the loaded apps have added their views and classifiers to the schema."""

    help = "Print docs/study-document.md, made from the schema of study documents."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the page."""
        self.stdout.write(page(), ending="")
