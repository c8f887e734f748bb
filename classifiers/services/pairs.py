"""The stored cosines of a run's shortlisted pairs: their place, and how to open them.

Needs no torch, so that a web process may rank a shortlist again.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.chm.pair_cosines import (
    HEADER,
    IMAGES,
    Header,
    Pairs,
    PairsFile,
    PairsRefused,
)
from classifiers.models import PredictionRun


def has_pairs(run: PredictionRun) -> bool:
    """Whether the run's classifier compares matched patches, whose cosines are stored."""
    found = CLASSIFIERS.get(run.classifier)
    return found is not None and found.needs_matcher


def pairs_folder(run: PredictionRun) -> Path:
    """Return the path of a run's cosines; the name follows from the run's identity."""
    name = hashlib.sha256(header_of(run).run.encode()).hexdigest()[:20]
    return Path(settings.GALLERY_DIR) / "pairs" / name


def header_of(run: PredictionRun) -> Header:
    """Return the name that the records in the file of a run must have."""
    identity = (
        f"{run.gallery} {run.classifier} {run.split} {run.parameters_sha256} {run.imported_for}"
    )
    return Header(identity.strip(), int(run.parameters["n_shortlist"]))


def pairs_open(run: PredictionRun) -> PairsFile:
    """Return a run's cosines; a process maps each file once, and again after it grew.

    Raises ``PairsRefused`` if there are none.
    """
    folder = pairs_folder(run) if has_pairs(run) else None
    if folder is None or not (folder / HEADER).is_file():
        raise PairsRefused(
            f"{run} has no stored cosines of its pairs. Predictions made before "
            f"this version have none: run manage.py predict {run.dataset} --classifier "
            f"{run.classifier} again, which adds them."
        )
    return _opened(folder, header_of(run), (folder / IMAGES).stat().st_size)


@lru_cache(maxsize=32)
def _opened(folder: Path, header: Header, size: int) -> PairsFile:
    return PairsFile(folder, header)


def pairs_of_image(run: PredictionRun, image_id: int) -> Pairs:
    """Return the pairs of one query. Raises ``PairsRefused`` if the run has none of it."""
    try:
        return pairs_open(run).of(image_id)
    except KeyError:
        raise PairsRefused(
            f"{run} has no stored cosines of image {image_id}. Request the predictions again: "
            f"manage.py predict {run.dataset} --classifier {run.classifier}"
        ) from None


def n_lacking(run: PredictionRun) -> int:
    """Return how many predictions of a run have no stored cosines."""
    if not has_pairs(run):
        return 0
    ids = set(run.predictions.values_list("image_id", flat=True))
    try:
        return len(ids - pairs_open(run).places.keys())
    except PairsRefused:
        return len(ids)
