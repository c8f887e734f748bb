"""The photos of pages and panels: their addresses, and the place of the AI's square in them."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from classifiers.core.whole import crop_share
from classifiers.models import Image
from classifiers.services.whole_photos import PAGE
from trials.study.plan import StudyPlan


@dataclass(frozen=True, slots=True)
class Frame:
    """The place of the AI's square in a whole photo.

    It is the central 7/8 of the shorter side; ``long`` and ``short`` are the photo's sides in
    pixels, ``share`` the side of the AI's square as a share of the longer one.
    """

    long: int
    short: int
    share: float


def image_url(image: Image, plan: StudyPlan | None = None) -> str:
    """Return the address of a photo as a study shows it: a random name, the same for everyone.

    Without a plan it is the crop.
    """
    if plan is not None and plan.is_whole:
        return reverse("whole-photo", args=[PAGE, image.token])
    return reverse("crop", args=[image.token])


def frame_of(image: Image, plan: StudyPlan) -> Frame | None:
    """Return the place of the AI's square in the shown photo; None if the crop is shown."""
    if not plan.is_whole:
        return None
    sides = sorted((image.width, image.height))
    return Frame(sides[1], sides[0], crop_share(image.width, image.height))
