"""The features of one photo that a classifier needs, by its parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from classifiers.core.backbones.backbones import LoadedBackbone, backbone_load
from classifiers.core.backbones.devices import device_chosen
from classifiers.core.catalogue import Parameters
from classifiers.core.chm.matchers import Matcher, matcher_load
from classifiers.core.features import Grey, extract
from classifiers.core.gallery.index import Gallery
from classifiers.core.images import load_rgb, matcher_crop, query_crop


@dataclass(frozen=True, slots=True)
class QueryFeatures:
    """One image's features: ``map`` (C, 7, 7) not normalised, ``vector`` (C,) of unit length.

    ``source`` (3, 225, D) is its encoding by a matcher. ``matched_map`` (C, 7, 7) is the map on
    which CHM-Corr compares patches, if that is not ``map``.
    """

    map: Tensor
    vector: Tensor
    source: Tensor | None = None
    matched_map: Tensor | None = None


def targets_field(parameters: Parameters) -> str:
    """Return the field of view of the gallery's targets that the parameters ask for."""
    return "paper" if parameters.get("paper") else "crop"


def query_features(
    photo: Image.Image | str | Path,
    gallery: Gallery,
    parameters: Parameters,
    matcher: Matcher | None = None,
) -> QueryFeatures:
    """Extract one photo's features with the gallery's backbone, and its matcher's if needed."""
    image = photo if isinstance(photo, Image.Image) else load_rgb(photo)
    backbone = _backbone_kept(gallery.manifest.backbone)
    if backbone.spec.weights_sha256 != gallery.manifest.weights_sha256:
        raise ValueError(
            f"The weights of {backbone.spec.name} have sha256 {backbone.spec.weights_sha256}; "
            f"the gallery was built with {gallery.manifest.weights_sha256}. Build it again, or "
            "register those weights."
        )
    features = extract(backbone, query_crop_of(image, parameters)[None], grey=grey_of(gallery))
    query = QueryFeatures(features.maps[0], features.vectors[0])
    if matcher is None:
        return query
    source = matcher.encode(matcher_crop_of(image, parameters)[None], "source")[0]
    if matched_transform(parameters) == parameters["transform"]:
        return replace(query, source=source)
    other = np.asarray(query_crop(image, matched_transform(parameters)))
    return replace(query, source=source, matched_map=extract(backbone, other[None]).maps[0])


def grey_of(gallery: Gallery) -> Grey:
    """Return how grey photos of a gallery, and therefore of its queries, are normalised."""
    return cast(Grey, gallery.manifest.grey)


def matched_transform(parameters: Parameters) -> str:
    """Return how CHM-Corr's query is prepared: the published code shows it the whole square."""
    transform = str(parameters["transform"])
    return "paper" if parameters.get("paper") and transform == "crop" else transform


def query_crop_of(image: Image.Image, parameters: Parameters) -> NDArray[Any]:
    """Return the query's crop (224, 224, 3) for the backbone."""
    return np.asarray(query_crop(image, parameters["transform"]))


def matcher_crop_of(image: Image.Image, parameters: Parameters) -> NDArray[Any]:
    """Return the query's crop (240, 240, 3) for the matcher."""
    return np.asarray(matcher_crop(image, matched_transform(parameters)))


@lru_cache(maxsize=2)
def _backbone_kept(name: str) -> LoadedBackbone:
    return backbone_load(name, device_chosen())


@lru_cache(maxsize=2)
def matcher_kept(name: str) -> Matcher:
    return matcher_load(name, device_chosen())
