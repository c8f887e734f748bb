"""The addresses of the photos that panels show."""

from __future__ import annotations

from django.urls import reverse

from classifiers.models import Image


def image_url(image: Image) -> str:
    """Return the address of the crop: a random name, the same for everyone."""
    return reverse("crop", args=[image.token])
