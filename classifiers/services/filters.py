"""Clean a test set as the reference study did: name the images to leave out, and why.

Decoding takes nearly all of the time. The facts about each file are appended to ``<out>.partial``
at once, under the hash of the file's bytes, so that an interrupted run continues where it stopped.
"""

from __future__ import annotations

import csv
import io
import os
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from classifiers.core.filters import (
    N_HASH_BITS,
    difference_hash,
    nearest_hashes,
    pixels_sha256,
)
from classifiers.core.images import CROP_SIDE
from classifiers.core.inputs.ahead import in_order
from classifiers.models import Dataset, Image
from classifiers.services.crops import is_grey
from classifiers.services.evaluations import LabelFile, truths_of
from classifiers.services.photos import PhotoMissing, photo_read

N_THREADS: Final = min(4, os.cpu_count() or 1)
BATCH: Final = 64
"""Images that the threads decode between two writes; a killed run decodes them again."""

LINE: Final = re.compile(r"([0-9a-f]{64}),([0-9a-f]{64}),(\d+),([01])\n")

REASONS: Final[dict[str, str]] = {
    "no-label": "its list of labels is empty",
    "duplicate": "a gallery image has the same pixels",
    "near-duplicate": "a gallery image has nearly the same difference hash",
    "greyscale": "red, green and blue are equal in every pixel",
    "small": "its shorter side is below the least",
}

OnProgress = Callable[[int, int], None]
"""Called with (photos decoded, photos to decode) now and then."""


class FilterRefused(ValueError):
    """The set cannot be cleaned; the message says why."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to leave out. ``near``: bits of 64 that may differ; None: pixels must be equal."""

    min_side: int = CROP_SIDE
    near: int | None = None
    ignored: Collection[str] = ()
    labels: LabelFile | None = None

    def needs_decoding(self) -> bool:
        """Whether any criterion looks at pixels."""
        return not {"duplicate", "greyscale"} <= set(self.ignored) or self.near is not None


@dataclass(frozen=True, slots=True)
class Look:
    """What was found when a file was decoded."""

    pixels: str
    difference_hash: int
    is_grey: bool


@dataclass(slots=True)
class Verdict:
    """One image with every reason to leave it out, and a detail for each; kept if there is none."""

    image: Image
    reasons: dict[str, str] = field(default_factory=dict)


def verdicts_find(
    *,
    dataset: Dataset,
    split: str,
    criteria: Criteria,
    partial: Path,
    on_progress: OnProgress,
) -> list[Verdict]:
    """Judge every image of a split, in ImageFolder order.

    Of the gallery, only photos of a size that occurs among the queries are decoded, because others
    cannot have equal pixels. With ``near``, all are decoded. Raises ``FilterRefused`` for an empty
    split, the gallery itself or a missing photo, and ``LabelsRefused`` if the labels do not fit.
    """
    images = list(Image.objects.in_split(dataset, split).select_related("dataset", "category"))
    if not images or split == Image.GALLERY:
        seen = f"{len(images)} images in split {split!r}"
        raise FilterRefused(f"{dataset} has {seen}; expected a split of queries to clean.")
    if criteria.near is not None and not 0 <= criteria.near < N_HASH_BITS:
        raise FilterRefused(f"{criteria.near} bits; expected 0 to {N_HASH_BITS - 1}.")
    verdicts = [Verdict(image) for image in images]
    truths = truths_of(dataset, images, criteria.labels)
    gallery = _gallery_to_decode(dataset, images, criteria)
    wanted = [*images, *gallery] if criteria.needs_decoding() else []
    looks = looks_read(wanted, partial, on_progress)
    for verdict in verdicts:
        if truths[verdict.image.pk] is None:
            verdict.reasons["no-label"] = REASONS["no-label"]
        if (side := min(verdict.image.width, verdict.image.height)) < criteria.min_side:
            verdict.reasons["small"] = f"{side} pixels, below {criteria.min_side}"
    if wanted:
        _judge_pixels(verdicts, gallery, looks, criteria)
    for verdict in verdicts:
        for reason in criteria.ignored:
            verdict.reasons.pop(reason, None)
    return verdicts


def _gallery_to_decode(
    dataset: Dataset, images: Sequence[Image], criteria: Criteria
) -> list[Image]:
    found = Image.objects.in_split(dataset, Image.GALLERY).select_related("dataset")
    if criteria.near is not None:
        return list(found)
    if "duplicate" in criteria.ignored:
        return []
    sizes = {(image.width, image.height) for image in images}
    return [image for image in found.iterator() if (image.width, image.height) in sizes]


def _judge_pixels(
    verdicts: Sequence[Verdict],
    gallery: Sequence[Image],
    looks: dict[str, Look],
    criteria: Criteria,
) -> None:
    twins = {looks[image.sha256].pixels: image for image in reversed(gallery)}  # the first wins
    for verdict in verdicts:
        look = looks[verdict.image.sha256]
        if twin := twins.get(look.pixels):
            verdict.reasons["duplicate"] = f"of {twin.source}"
        if look.is_grey:
            verdict.reasons["greyscale"] = REASONS["greyscale"]
    if criteria.near is None or not gallery:
        return
    places, bits = nearest_hashes(
        [looks[verdict.image.sha256].difference_hash for verdict in verdicts],
        [looks[image.sha256].difference_hash for image in gallery],
    )
    for verdict, place, n_bits in zip(verdicts, places.tolist(), bits.tolist(), strict=True):
        if n_bits <= criteria.near and "duplicate" not in verdict.reasons:
            detail = f"of {gallery[place].source}, {n_bits} of {N_HASH_BITS} bits differ"
            verdict.reasons["near-duplicate"] = detail


def looks_read(images: Sequence[Image], partial: Path, on_progress: OnProgress) -> dict[str, Look]:
    """Decode the images that are not in ``partial`` yet; return the facts by file hash."""
    looks = _partial_read(partial)
    left = [image for image in images if image.sha256 not in looks]
    n_known = len(images) - len(left)
    on_progress(n_known, len(images))
    with partial.open("a", encoding="ascii", newline="") as stream:
        _end_cut_line(partial, stream)
        for batch in _decoded(left):
            for sha256, look in batch:
                looks[sha256] = look
                stream.write(f"{sha256},{look.pixels},{look.difference_hash},{int(look.is_grey)}\n")
            stream.flush()
            n_known += len(batch)
            on_progress(n_known, len(images))
    return looks


def _decoded(images: Sequence[Image]) -> Iterator[list[tuple[str, Look]]]:
    with warnings.catch_warnings():
        # Set once for all threads, because each thread would remove the filters of the others.
        warnings.simplefilter("ignore")
        looks = in_order(_look, images, n_threads=N_THREADS, n_ahead=BATCH)
        while batch := list(islice(looks, BATCH)):
            yield batch


def _look(image: Image) -> tuple[str, Look]:
    try:
        pixels = photo_read(image)
    except PhotoMissing as error:
        raise FilterRefused(str(error)) from error
    return image.sha256, Look(pixels_sha256(pixels), difference_hash(pixels), is_grey(pixels))


def _partial_read(partial: Path) -> dict[str, Look]:
    """Read the facts of an earlier run. A last line that a kill cut short does not count."""
    if not partial.is_file():
        return {}
    looks = {}
    with partial.open(encoding="ascii", newline="") as lines:
        for line in lines:
            if match := LINE.fullmatch(line):
                looks[match[1]] = Look(match[2], int(match[3]), match[4] == "1")
    return looks


def _end_cut_line(partial: Path, stream: TextIO) -> None:
    if partial.stat().st_size:
        with partial.open("rb") as end:
            end.seek(-1, os.SEEK_END)
            if end.read() != b"\n":
                stream.write("\n")


def left_out_text(verdicts: Iterable[Verdict]) -> str:
    """Return the CSV of the images to leave out: id, source, reasons and details."""
    return _csv(
        ("image_id", "source", "reasons", "details"),
        (
            (
                verdict.image.pk,
                verdict.image.source,
                ";".join(verdict.reasons),
                "; ".join(f"{reason}: {detail}" for reason, detail in verdict.reasons.items()),
            )
            for verdict in verdicts
            if verdict.reasons
        ),
    )


def kept_text(verdicts: Iterable[Verdict]) -> str:
    """Return the CSV of the images that stay: id and source."""
    kept = ((verdict.image.pk, verdict.image.source) for verdict in verdicts if not verdict.reasons)
    return _csv(("image_id", "source"), kept)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
