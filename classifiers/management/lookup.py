"""Find the object that a command's argument names, or list the known ones."""

from __future__ import annotations

from typing import TypeVar

from django.core.management.base import CommandError
from django.db.models import Model

from classifiers.models import Dataset, Gallery

M = TypeVar("M", bound=Model)


def by_slug(model: type[M], slug: str) -> M:
    """Return the row of this slug; ``CommandError`` lists the known ones."""
    found = model._default_manager.filter(slug=slug).first()
    if found is None:
        slugs = model._default_manager.order_by("slug").values_list("slug", flat=True)
        known = ", ".join(slugs) or "none yet"
        raise CommandError(
            f"No {model._meta.verbose_name} {slug!r}; {model._meta.verbose_name_plural}: {known}."
        )
    return found


def gallery_of(dataset: Dataset, backbone: str) -> Gallery:
    """Return a dataset's gallery; ``CommandError`` says which command makes it."""
    found = Gallery.objects.filter(dataset=dataset, backbone=backbone).first()
    if found is None:
        raise CommandError(
            f"Dataset {dataset} has no gallery of {backbone}. "
            f"Run: manage.py build_gallery {dataset} --backbone {backbone}"
        )
    return found
