"""The photos to train and to test a CHM learner, and the scores of it and of other matchers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from classifiers.core.backbones.backbones import LoadedBackbone
from classifiers.core.chm.baselines import Score, rules_score
from classifiers.core.chm.chmnet import CHMLearner, learner_of
from classifiers.core.chm.training import learner_score
from classifiers.core.chm.warped_pairs import Pair, PairPlan, PairStream, stacked
from classifiers.core.chm.warps import STRENGTHS
from classifiers.core.images import ImageRefused, load_rgb
from classifiers.core.inputs.folder_entries import files_below
from classifiers.files import file_sha256
from classifiers.models import Dataset, Image

MONITOR_SHARE: Final = 0.1
TEST_SHARE: Final = 0.2
SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".avif")
TRAINING, MONITORING, TESTING = 0, 1, 2  # streams of one seed; the tests' kinds count on
N_MONITORED: Final = 48
CROSS: Final = "other photo"

Scores = dict[tuple[str, str], dict[str, Score]]


class PhotosRefused(ValueError):
    """There are too few photos for a training; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo's file, the hash of its bytes, and the name of its category."""

    path: str
    sha256: str
    category: str


@dataclass(frozen=True, slots=True)
class Photos:
    """Photos to train on, to choose the best step by, and to test on; no photo is in two.

    ``refused`` are files that were left out, with why.
    """

    training: Sequence[Photo]
    monitoring: Sequence[Photo]
    testing: Sequence[Photo]
    refused: Sequence[tuple[str, str]] = ()

    def fingerprint(self) -> str:
        """Return the hash of what is trained on and chosen by."""
        names = ",".join(item.sha256 for item in (*self.training, *self.monitoring))
        return hashlib.sha256(names.encode()).hexdigest()


def dataset_photos(dataset: Dataset, seed: int) -> Photos:
    """Train on a dataset's gallery and test on its queries, if it has any."""
    gallery, queries = (
        [
            Photo(str(image.path), image.sha256, image.category.name)
            for image in Image.objects.in_split(dataset, split).select_related(
                "category", "dataset"
            )
        ]
        for split in (Image.GALLERY, Image.QUERY)
    )
    return _split(str(dataset), gallery, queries, seed)


def folder_photos(
    folder: Path, seed: int, watch: Callable[[Sequence[Path]], Iterable[Path]] = iter
) -> Photos:
    """Train on the photos anywhere below a folder; a photo's category is the folder it is in.

    Each is decoded once before the training, because a damaged photo would end the training in
    the middle. ``watch`` is given the files and yields them again, for a progress bar.
    """
    files = sorted(path for path in files_below(folder) if path.suffix.lower() in SUFFIXES)
    photos: dict[str, Path] = {}
    refused = []
    for path in watch(files):
        try:
            digest = file_sha256(path)
            if digest not in photos:
                load_rgb(path)
            photos[digest] = path
        except (ImageRefused, OSError) as error:
            refused.append((str(path), str(error)))
    named = [Photo(str(path), digest, path.parent.name) for digest, path in photos.items()]
    some = f" ({len(refused)} cannot be used, the first {': '.join(refused[0])})" if refused else ""
    return replace(_split(f"{folder}{some}", named, [], seed), refused=refused)


def _split(name: str, photos: list[Photo], testing: list[Photo], seed: int) -> Photos:
    """Draw the held-out photos, each by its own bytes, so that more photos later change no draw."""
    drawn = {photo: _draw(photo.sha256, seed) for photo in photos}
    test_from = 1.0 if testing else 1 - TEST_SHARE
    # In the order of their hashes, so that the same photos give the same pairs in any folders.
    split = Photos(
        sorted((p for p, u in drawn.items() if MONITOR_SHARE <= u < test_from), key=_hash),
        sorted((p for p, u in drawn.items() if u < MONITOR_SHARE), key=_hash),
        sorted(testing or (p for p, u in drawn.items() if u >= test_from), key=_hash),
    )
    sizes = len(split.training), len(split.monitoring), len(split.testing)
    if min(sizes) == 0:
        raise PhotosRefused(
            f"{name} gives {sizes[0]} photos to train on, {sizes[1]} to monitor and {sizes[2]} "
            "to test; expected at least one each. Bring more photos (a hundred is a start)."
        )
    return split


def _hash(photo: Photo) -> str:
    return photo.sha256


def _draw(sha256: str, seed: int) -> float:
    digest = hashlib.sha256(f"chm:{seed}:{sha256}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def groups(photos: Sequence[Photo], prefixes: Sequence[str]) -> dict[str, list[str]]:
    """Return the paths by group: categories that begin with the same prefix, or all photos.

    Raises ``PhotosRefused`` for a prefix without photos.
    """
    found = {
        prefix or "all": [photo.path for photo in photos if photo.category.startswith(prefix)]
        for prefix in prefixes or [""]
    }
    for prefix, paths in found.items():
        if not paths:
            known = ", ".join(sorted({photo.category for photo in photos}))
            raise PhotosRefused(f"No photo's category begins with {prefix!r}; there are: {known}.")
    return found


def monitoring_stream(training: PairStream, photos: Photos) -> PairStream:
    """Return pairs of the monitoring photos, as hard as in the test, mixed as in the training."""
    plan = replace(training.plan, strengths=("medium", "strong"), paddings=("border",))
    paths = [item.path for item in photos.monitoring]
    return replace(training, photos=paths, stream=MONITORING, plan=plan)


def weights_read(path: Path) -> CHMLearner:
    """Load a trained learner from its state dict."""
    return learner_of(torch.load(path, weights_only=True))


def evaluate(
    backbone: LoadedBackbone,
    learner: CHMLearner,
    grouped: dict[str, list[str]],
    *,
    seed: int,
    n_pairs: int,
    view: str,
    on_pair: Callable[[], object],
) -> Scores:
    """Score the rules and the learner on fresh pairs of each group of photos.

    Keys are (group, kind): a warp of the photo itself, weak, medium or strong; or a medium warp of
    another photo of the group, for which the truth is only assumed.
    """
    kinds = {name: PairPlan((name,), 0.0, ("border",), (view,)) for name in STRENGTHS}
    kinds[CROSS] = PairPlan(("medium",), 1.0, ("border",), (view,))
    scores: Scores = {}
    for group, paths in grouped.items():
        for number, (kind, plan) in enumerate(kinds.items()):
            stream = PairStream(backbone, paths, seed, TESTING + number, plan)
            pairs = stacked([_watched(stream, i, on_pair) for i in range(n_pairs)])
            scores[group, kind] = {**rules_score(pairs), "learner": learner_score(learner, pairs)}
    return scores


def _watched(stream: PairStream, number: int, on_pair: Callable[[], object]) -> Pair:
    on_pair()
    return stream[number]


def scores_table(scores: Scores) -> str:
    """Return the scores as Markdown: a table for each group, a column for each kind."""
    lines: list[str] = []
    for group in dict.fromkeys(group for group, _ in scores):
        columns = {kind: each for (of, kind), each in scores.items() if of == group}
        counts = [f"{kind} ({each['learner'].n:,} points)" for kind, each in columns.items()]
        lines += [f"| {group} | {' | '.join(counts)} |", "|---" * (len(columns) + 1) + "|"]
        for rule in next(iter(columns.values())):
            cells = [_cell(each[rule]) for each in columns.values()]
            lines.append(f"| {rule} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def _cell(score: Score) -> str:
    return f"{100 * score.pck_10:.1f} / {100 * score.pck_05:.1f} / {score.mean_px:.1f}"
