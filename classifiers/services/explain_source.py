"""A gallery that explains photos: of a dataset, or of a folder. Runs on a worker.

The command ``explain`` and the page *Explain* use it.
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
    """A gallery that explains photos: its photos by image id, its categories by class index.

    ``crop_of`` takes an image id and a transform of ``crop_read``; ``encode`` writes a matcher's
    encoding of the photos, if it is missing. ``truths`` gives the class index by the name of the
    folder, or by a label that only one class has. ``reading`` is how the files of the dataset and
    the query are read.
    """

    gallery: index.Gallery
    crop_of: Callable[[int, str], Pixels.Image]
    encode: Callable[[Matcher, str, OnProgress], object]
    labels: Mapping[int, str]
    truths: Mapping[str, int]
    reading: Reading = STANDARD


@dataclass(frozen=True, slots=True)
class Explained:
    """The decisions of kNN and of the chosen classifier on a photo, and the cosines of CHM-Corr."""

    knn: Decision
    reranked: Decision
    pairs: Pairs | None


def photo_explain(
    source: Source, image: Pixels.Image, classifier: str, parameters: Mapping[str, Any]
) -> Explained:
    """Decide on a photo. The gallery must already be encoded for the matcher."""
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
    """Return the class index by label. A label of several categories is left out."""
    n_named = Counter(category.label for category in categories)
    return {
        category.label: category.index for category in categories if n_named[category.label] == 1
    }


def _dataset_encode(
    gallery: index.Gallery, matcher: Matcher, field: str, on_progress: OnProgress
) -> None:
    """Prepare the gallery as a worker does before it predicts; photos are loaded only if needed."""
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
    """Return the square of an exemplar that the cells of the boxes divide, as in its targets."""
    return targets_field(parameters) if "matcher" in parameters else "crop"


def query_transform(parameters: Mapping[str, Any]) -> str:
    """Return the square of the query that the cells of the boxes divide: the matched one."""
    is_matched = "matcher" in parameters
    return matched_transform(parameters) if is_matched else str(parameters["transform"])
