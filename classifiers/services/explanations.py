"""Requests to explain one photo, and their stored results. Needs no torch."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import IO, Final

import PIL.Image
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classifiers import tasks
from classifiers.core.catalogue import CLASSIFIERS, parameters_resolved
from classifiers.core.chm.pair_cosines import Header, Pairs, PairsFile
from classifiers.core.images import ImageRefused, picture_of
from classifiers.models import Explanation, Gallery, Image, Job
from classifiers.services.job_queue import message_send

MAX_BYTES: Final = 10_000_000
MAX_PIXELS: Final = 25_000_000
# The most photos that may wait for a worker; more are refused until some are done.
MAX_WAITING: Final = 20
# The parameters that a page may change, with their largest values.
OFFERED: Final = {"n_shortlist": 200, "n_voters": 100, "n_patches": 10}
PHOTO, CROP, FIGURES = "photo.png", "crop.jpg", ("png", "svg", "pdf")


class ExplanationRefused(ValueError):
    """The request is refused; the message says what was seen and expected."""


def explainers() -> dict[str, str]:
    """Return the classifiers whose decision on one photo has a figure, with their labels."""
    return {
        name: each.label
        for name, each in CLASSIFIERS.items()
        if each.has_matches and not each.needs_mask
    }


@transaction.atomic
def explanation_request(
    *,
    gallery: Gallery,
    classifier: str,
    image: Image | None = None,
    file: IO[bytes] | None = None,
    parameters: Mapping[str, int] = MappingProxyType({}),
) -> Explanation:
    """Request an explanation of a photo of the dataset, or of an uploaded one (read strictly).

    ``parameters`` are some of ``OFFERED``; the others have their defaults. Raises
    ``ExplanationRefused``.
    """
    if gallery.status != Job.Status.DONE or classifier not in explainers():
        raise ExplanationRefused(
            f"Gallery {gallery} is {gallery.status} and the classifier {classifier}; expected a "
            f"finished gallery and one of {', '.join(explainers())}."
        )
    if (image is None) == (file is None):
        raise ExplanationRefused("Choose one photo: of the dataset, or a file of your own.")
    waiting = Explanation.objects.filter(status__in=[Job.Status.QUEUED, Job.Status.RUNNING])
    if waiting.count() >= MAX_WAITING:
        raise ExplanationRefused(f"{MAX_WAITING} photos are waiting already. Try again soon.")
    given = _checked(classifier, gallery, parameters)
    pixels = _decoded(file, gallery) if file is not None else None
    made = Explanation.objects.create(
        gallery=gallery, classifier=classifier, image=image, parameters=given
    )
    made.folder.mkdir(parents=True)
    if pixels is not None:
        pixels.save(made.folder / PHOTO)
    transaction.on_commit(partial(message_send, tasks.photo_explain, made.pk))
    return made


def _checked(classifier: str, gallery: Gallery, parameters: Mapping[str, int]) -> dict[str, int]:
    """Return the parameters that differ from the defaults."""
    defaults = CLASSIFIERS[classifier].parameters
    given = {name: value for name, value in parameters.items() if value != defaults.get(name)}
    limits = {**OFFERED, "n_shortlist": min(OFFERED["n_shortlist"], gallery.n_total)}
    for name, value in given.items():
        if name not in limits or not 1 <= value <= limits[name]:
            expected = f"1 to {limits[name]}" if name in limits else f"one of {', '.join(limits)}"
            raise ExplanationRefused(f"{name} is {value}; expected {expected}.")
    try:
        parameters_resolved(classifier, given)
    except ValueError as error:
        raise ExplanationRefused(str(error)) from error
    return given


def _decoded(file: IO[bytes], gallery: Gallery) -> PIL.Image.Image:
    """Return an uploaded photo by the strict reader; its bytes and pixels are counted first."""
    n_bytes = file.seek(0, 2)
    if n_bytes > MAX_BYTES:
        raise ExplanationRefused(f"The file has {n_bytes:,} bytes; at most {MAX_BYTES:,}.")
    file.seek(0)
    try:
        with PIL.Image.open(file) as header:
            n_pixels = header.width * header.height
        if n_pixels > MAX_PIXELS:
            raise ExplanationRefused(f"The photo has {n_pixels:,} pixels; at most {MAX_PIXELS:,}.")
        file.seek(0)
        return picture_of(file, gallery.dataset.reading).image
    except (ImageRefused, OSError, PIL.Image.DecompressionBombError) as error:
        raise ExplanationRefused(f"The file cannot be used as a photo: {error}") from error


def explanation_pairs(explanation: Explanation) -> Pairs | None:
    """Return the stored cosines of an explained photo; None for a classifier without them."""
    folder = explanation.folder / "pairs"
    if not folder.is_dir():
        return None
    return PairsFile(folder, pairs_header(explanation)).of(explanation.pk)


def pairs_header(explanation: Explanation) -> Header:
    """Return the name that the records in the file of an explanation must have."""
    n_shortlist = int(explanation.all_parameters["n_shortlist"])
    return Header(f"explanation {explanation.token}", n_shortlist)


def explanations_tidy() -> int:
    """Delete explanations, with their photos, after ``EXPLAIN_KEEP_HOURS``; return how many."""
    before = timezone.now() - timedelta(hours=settings.EXPLAIN_KEEP_HOURS)
    old = list(Explanation.objects.filter(created_at__lt=before))
    for each in old:
        shutil.rmtree(each.folder, ignore_errors=True)
        each.delete()
    return len(old)
