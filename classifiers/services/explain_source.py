"""A gallery to explain photos with: a dataset's, or that of a folder. Runs on a worker.

The command ``explain`` and the page of the same name draw by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from matplotlib.figure import Figure
from PIL import Image as Pixels

from classifiers.core import figures
from classifiers.core.catalogue import BASELINE, CLASSIFIERS
from classifiers.core.chm.matcher_features import Targets
from classifiers.core.chm.matchers import Matcher
from classifiers.core.chm.pair_cosines import Pairs
from classifiers.core.gallery import index
from classifiers.core.gallery.manifest import GalleryRefused
from classifiers.core.inputs.reading import STANDARD, Reading
from classifiers.core.library import OnProgress, crop_read, spec_of, square_of, targets_encode
from classifiers.core.methods import classify
from classifiers.core.query import matched_transform, targets_field
from classifiers.decision import Decision
from classifiers.models import Category, Gallery
from classifiers.models import Image as Photo
from classifiers.services.photos import photo_read


@dataclass(frozen=True, slots=True)
class Source:
    """A gallery to explain with: its photos by image id, its categories by class index.

    ``crop_of`` takes an image id and a transform of ``crop_read``; ``encode`` writes what a
    matcher keeps of the photos, if that is not there yet. ``truths`` is the class index by the
    folder's name, or by a label that one class alone has; ``reading`` is how the dataset's files
    are read, and so the query.
    """

    gallery: index.Gallery
    crop_of: Callable[[int, str], Pixels.Image]
    encode: Callable[[Matcher, str, OnProgress], object]
    labels: Mapping[int, str]
    truths: Mapping[str, int]
    reading: Reading = STANDARD


@dataclass(frozen=True, slots=True)
class Explained:
    """kNN's decision on a photo, the asked classifier's, and CHM-Corr's cosines where it has."""

    knn: Decision
    reranked: Decision
    pairs: Pairs | None


def photo_explain(
    source: Source, image: Pixels.Image, classifier: str, parameters: Mapping[str, Any]
) -> Explained:
    """Decide on a photo; the gallery has to be encoded for the matcher already."""
    known = CLASSIFIERS[BASELINE].parameters
    shared = {name: value for name, value in parameters.items() if name in known}
    pairs: list[Pairs] = []
    reranked = classify(image, source.gallery, classifier, on_pairs=pairs.append, **parameters)
    knn = classify(image, source.gallery, BASELINE, **shared)
    return Explained(knn, reranked, pairs[0] if pairs else None)


def explanation_draw(
    source: Source,
    image: Pixels.Image,
    found: Explained,
    classifier: str,
    parameters: Mapping[str, Any],
    truth: int | None = None,
) -> Figure:
    """Return the figure of an explained photo, as it was matched."""
    return figures.explanation_figure(
        square_of(image, query_transform(parameters)),
        found.knn,
        found.reranked,
        lambda exemplar: source.crop_of(exemplar, exemplars_transform(parameters)),
        source.labels,
        method=CLASSIFIERS[classifier].label,
        truth=truth,
    )


def dataset_source(row: Gallery) -> Source:
    """Return a dataset's finished gallery to explain with."""
    categories = list(row.dataset.categories.all())
    gallery = index.Gallery.open(row.folder, spec_of(row.backbone))
    return Source(
        gallery=gallery,
        crop_of=_dataset_crop,
        encode=partial(_dataset_encode, gallery),
        labels={category.index: category.label for category in categories},
        truths={
            **_unique_labels(categories),
            **{category.name: category.index for category in categories},
        },
        reading=row.dataset.reading,
    )


def _unique_labels(categories: Sequence[Category]) -> dict[str, int]:
    """Return the class index by label; one that several categories have names none of them."""
    n_named = Counter(category.label for category in categories)
    return {
        category.label: category.index for category in categories if n_named[category.label] == 1
    }


def _dataset_encode(
    gallery: index.Gallery, matcher: Matcher, field: str, on_progress: OnProgress
) -> None:
    """Do what a worker does before it predicts; photos are looked up only if there is work."""
    try:
        Targets.open(gallery, matcher, field)
    except GalleryRefused:
        ids = gallery.image_ids.tolist()
        found = Photo.objects.select_related("dataset").in_bulk(ids)
        photos = [found[image] for image in ids]
        targets_encode(gallery, photos, photo_read, matcher, field, on_progress)


def _dataset_crop(image: int, transform: str) -> Pixels.Image:
    """Return the stored crop, or another square of the original photo."""
    photo = Photo.objects.select_related("dataset").get(pk=image)
    if transform != "crop":
        return crop_read(photo.path, transform, photo.dataset.reading)
    with Pixels.open(photo.crop_path) as crop:
        crop.load()
        return crop


def exemplars_transform(parameters: Mapping[str, Any]) -> str:
    """Return which square of an exemplar the boxes' cells divide: what its targets are of."""
    return targets_field(parameters) if "matcher" in parameters else "crop"


def query_transform(parameters: Mapping[str, Any]) -> str:
    """Return which square of the query the boxes' cells divide: what was matched."""
    is_matched = "matcher" in parameters
    return matched_transform(parameters) if is_matched else str(parameters["transform"])
