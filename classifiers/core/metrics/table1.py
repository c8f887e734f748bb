"""The rows of the reference study's table of accuracies: their data, and the printed numbers.

Nguyen, Taesiri & Nguyen, NeurIPS 2022, Table 1. The printed numbers are the accuracies of the
predictions that the authors released; they released none for the sets out of distribution, so those
rows have no number to compare with. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

RESNET, INAT = "resnet50-imagenet1k-v1", "resnet50-inaturalist2017"
CLASSIFIERS: Final = ("softmax", "knn", "emd-corr", "chm-corr")
TRAIN: Final = "the training images of ImageNet-1k (ILSVRC2012_img_train.tar)"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row. ``folder`` below the data's root has ``gallery`` and ``query``.

    ``files`` maps what else the row reads to where it comes from; ``printed`` are percent by
    classifier; ``n`` is the size of the test set, None where no source states it.
    """

    name: str
    folder: str
    n: int | None
    query: str
    gallery: str = TRAIN
    transform: str = "crop"
    classes: str = "all"
    backbone: str = RESNET
    files: Mapping[str, str] = field(default_factory=dict)
    printed: Mapping[str, float] = field(default_factory=dict)

    @property
    def has_own_head(self) -> bool:
        """Whether the softmax is the backbone's own head, of ImageNet's classes."""
        return self.backbone == RESNET

    def missing(self, root: Path) -> list[str]:
        """Return what is not below ``root``, each with where to get it."""
        wanted = {
            f"{self.folder}/query/<class>/<photo>": self.query,
            f"{self.folder}/gallery/<class>/<photo>": self.gallery,
        }
        found = [
            f"{place}: {source}"
            for place, source in wanted.items()
            if not any((root / place.split("/<")[0]).glob("*/*"))
        ]
        return found + [
            f"{name}: {source}"
            for name, source in self.files.items()
            if not (root / name).is_file()
        ]


def _accuracies(*percent: float) -> Mapping[str, float]:
    return MappingProxyType(dict(zip(CLASSIFIERS, percent, strict=True)))


REAL, CLEAN = "real.json", "clean.txt"
ROWS: Final = (
    TableRow(
        "ImageNet", "imagenet", 50_000, "the validation images (ILSVRC2012_img_val.tar)",
        printed=_accuracies(76.130, 74.776, 74.930, 74.400),
    ),
    TableRow(
        "ImageNet-ReaL", "imagenet", 44_424, "the validation images (ILSVRC2012_img_val.tar)",
        files={
            REAL: "github.com/google-research/reassessed-imagenet",
            CLEAN: "the published list of 44,424 clean images",
        },
        printed=_accuracies(83.144, 82.145, 82.390, 82.050),
    ),
    TableRow(
        "ImageNet-R", "imagenet-r", None, "imagenet-r.tar of github.com/hendrycks/imagenet-r",
        gallery="the training images of ImageNet-R's 200 classes", classes="split",
    ),
    TableRow("ImageNet-Sketch", "imagenet-sketch", None, "github.com/HaohanWang/ImageNet-Sketch"),
    TableRow(
        "DAmageNet", "damagenet", None, "DAmageNet of arxiv.org/abs/2001.06325",
        transform="squash", classes="split",
    ),
    TableRow(
        "Adversarial Patch", "adversarial-patch", None,
        "validation images with a patch towards class 859, made by the authors' script",
        transform="squash",
    ),
    TableRow(
        "CUB", "cub", 5_794, "the test images of CUB-200-2011 (CUB_200_2011.tgz)",
        gallery="the training images of CUB-200-2011", backbone=INAT,
        printed=_accuracies(85.830, 85.468, 84.984, 83.276),
    ),
)  # fmt: skip


def clean_names(text: str) -> set[str]:
    """Return the file names in the published list of clean images."""
    return set(re.findall(r"ILSVRC2012_val_\d{8}\.\w+", text))
