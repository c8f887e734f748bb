"""The stored cosines of an interactive condition in a study's file: written, and restored.

One JSON line a prediction. Photos are named by their SHA-256; cosines (n, 49) as float16 and cells
(n, 49) as bytes are base64, little-endian, row by row.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from classifiers.core.chm.pair_cosines import N_CELLS, Pairs, PairsRefused, PairsWriter, pairs_of
from classifiers.models import Image, Prediction, PredictionRun
from classifiers.services.pairs import header_of, pairs_folder, pairs_of_image
from trials.models import Study, TrialItem
from trials.services.refusals import StudyRefused

PAIRS: Final = "pairs.jsonl"
Json = dict[str, Any]
FIELDS: Final = ("classifier", "image", "neighbors", "cosines", "cells")


def pairs_drawn(study: Study) -> list[tuple[Prediction, Pairs]]:
    """Return the drawn predictions of interactive conditions with their pairs, in a fixed order.

    Raises ``StudyRefused`` if the stored cosines are missing or changed.
    """
    runs = [item.run_id for item in study.conditions.all() if item.view.needs_pairs]
    drawn = TrialItem.objects.filter(trial_set__study=study, trial_set__run__in=runs)
    found = Prediction.objects.filter(pk__in=drawn.values("prediction"))
    found = found.select_related("run__dataset", "run__gallery__dataset", "image")
    ordered = found.order_by("run__classifier", "image__sha256")
    try:
        return [(each, pairs_of_image(each.run, each.image_id)) for each in ordered]
    except PairsRefused as error:
        raise StudyRefused(f"The study cannot be written to a file: {error}") from error


def pairs_lines(
    drawn: Iterable[tuple[Prediction, Pairs]], names: Mapping[int, str]
) -> Iterator[bytes]:
    """Yield one line a prediction; ``names`` are those of the runs in the file."""
    for prediction, pairs in drawn:
        ids = pairs.images.tolist()
        sha256 = dict(Image.objects.filter(pk__in=ids).values_list("pk", "sha256"))
        fact = {
            "classifier": names[prediction.run_id],
            "image": prediction.image.sha256,
            "neighbors": [sha256[pk] for pk in ids],
            "cosines": base64.b64encode(pairs.cosines.astype("<f2").tobytes()).decode(),
            "cells": base64.b64encode(pairs.cells.tobytes()).decode(),
        }
        yield (json.dumps(fact, separators=(",", ":")) + "\n").encode()


def pairs_store(run: PredictionRun, facts: Iterable[Json], images: Mapping[str, Image]) -> None:
    """Store the cosines that a file has of a run; none of them leaves no folder.

    Raises ``ValueError`` or ``KeyError`` for lines that no export wrote.
    """
    found = {images[str(fact["image"])].pk: _pairs_of(fact, images) for fact in facts}
    if not found:
        return
    # What an import that was rolled back has left.
    shutil.rmtree(pairs_folder(run), ignore_errors=True)
    with PairsWriter(pairs_folder(run), header_of(run)) as writer:
        writer.append(found)


def _pairs_of(fact: Json, images: Mapping[str, Image]) -> Pairs:
    neighbors = [images[str(sha256)] for sha256 in fact["neighbors"]]
    shape = (len(neighbors), N_CELLS)
    cosines = np.frombuffer(_bytes_of(fact["cosines"]), dtype="<f2").reshape(shape)
    cells = np.frombuffer(_bytes_of(fact["cells"]), dtype="u1").reshape(shape)
    if cells.max(initial=0) >= N_CELLS:
        raise ValueError(f"a cell is {cells.max()}; expected 0 to {N_CELLS - 1}")
    ids, labels = [each.pk for each in neighbors], [each.category.index for each in neighbors]
    return pairs_of(ids, labels, cosines, cells)


def _bytes_of(text: Any) -> bytes:
    return base64.b64decode(str(text), validate=True)
