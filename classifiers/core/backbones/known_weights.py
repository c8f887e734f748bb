"""Known weights that are not part of the program, and how a file of them is recognised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

import torch

Layout = Mapping[str, tuple[int, ...]]
"""The shape of each tensor of a checkpoint, by key."""

LITE0_CHANNELS: Final = 112  # of EfficientNet-Lite0's maps of stride 16
COUNTERS: Final = ".num_batches_tracked"  # of no use once trained; old files lack them


class WeightsRefused(ValueError):
    """Raised for an unknown weights file; the message says what was seen."""


@dataclass(frozen=True, slots=True)
class Published:
    """A weights file that somebody published, or that ``manage.py train_chm`` writes.

    A file of this layout is refused if its checksum is not the published ``sha256``. If no checksum
    is published, the layout is enough; a matching ``md5`` is additional evidence. ``layout`` gives
    the shapes by key; ``file`` is the published name; ``use`` the command that works with the
    weights.
    """

    name: str
    file: str
    source: str
    licence: str
    layout: Callable[[], Layout]
    use: str
    sha256: str = ""
    md5: str = ""


# Imported here because torchvision, which knows the shapes, takes 1.5 seconds to import.
@cache
def _resnet50() -> Layout:
    from classifiers.core.backbones.resnet import ResNet50, layout_of

    with torch.device("meta"):  # shapes alone: no memory, no random numbers
        return layout_of(ResNet50())


@cache
def _inat() -> Layout:
    from classifiers.core.backbones.inat_resnet import inat_layout

    return inat_layout()


@cache
def _chmnet(kernel: str) -> Layout:
    from classifiers.core.chm.checkpoint_layout import chmnet_layout

    return chmnet_layout(kernel)


@cache
def _trained() -> Layout:
    from classifiers.core.chm.chmnet import CHMLearner

    return {key: tuple(each.shape) for key, each in CHMLearner(LITE0_CHANNELS).state_dict().items()}


_USE_BACKBONE: Final = "build_gallery DATASET --backbone {}".format
_USE_MATCHER: Final = "predict DATASET --classifier chm-corr --set matcher={}".format
_CHM_SOURCE: Final = (
    "https://drive.google.com/drive/folders/1myRkb2ow6ltAWaAJtJsh23NVB6d4YFuo, "
    "linked from https://github.com/juhongm999/chm"
)

PUBLISHED: Final[dict[str, Published]] = {
    item.name: item
    for item in (
        Published(
            name="resnet50-imagenet1k-v1",
            file="resnet50-0676ba61.pth",
            source="https://download.pytorch.org/models/resnet50-0676ba61.pth",
            licence="BSD-3-Clause",
            layout=_resnet50,
            use=_USE_BACKBONE("resnet50-imagenet1k-v1"),
            # V2 has the same keys and shapes; only the checksum tells them apart.
            sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
        ),
        Published(
            name="resnet50-inaturalist2017",
            file="BBN.iNaturalist2017.res50.90epoch.best_model.pth",
            source="https://drive.google.com/uc?id=1_wVPVamytcZFS7FJWkNzz3XMQh95SHRe, "
            "as https://github.com/anguyen8/chm-corr-interactive fetches it",
            licence="MIT",
            layout=_inat,
            use=_USE_BACKBONE("resnet50-inaturalist2017"),
            md5="5cce3d554bc8e1e239b19321f692d9c5",
        ),
        Published(
            name="chmnet-psi",
            file="pas_psi.pt",
            source=_CHM_SOURCE,
            licence="none stated",
            layout=partial(_chmnet, "psi"),
            use=_USE_MATCHER("chmnet-psi"),
            md5="6b7b4d7bad7f89600fac340d6aa7708b",
        ),
        Published(
            name="chmnet-iso",
            file="pas_iso.pt",
            source=_CHM_SOURCE,
            licence="none stated",
            layout=partial(_chmnet, "iso"),
            use=_USE_MATCHER("chmnet-iso"),
        ),
        Published(
            name="chmnet-full",
            file="pas_full.pt",
            source=_CHM_SOURCE,
            licence="none stated",
            layout=partial(_chmnet, "full"),
            use=_USE_MATCHER("chmnet-full"),
        ),
        Published(
            name="chm-trained",
            file="DATASET.pt",
            source="python manage.py train_chm DATASET (docs/chm.md)",
            licence="that of the photos",
            layout=_trained,
            use=_USE_MATCHER("chm-trained"),
        ),
    )
}


def find_by_checksum(sha256: str, md5: str) -> tuple[Published, str] | None:
    """Return the published file with one of these checksums, and which of the two fits."""
    for item in PUBLISHED.values():
        if item.sha256 == sha256:
            return item, "sha256"
        if item.md5 == md5:
            return item, "md5"
    return None


def find_by_layout(found: Layout, file: str, sha256: str) -> Published:
    """Return the published weights of this layout; ``file`` and ``sha256`` say what was seen.

    Raises
    ------
    WeightsRefused
        Keys or shapes are unknown, or are those of weights that need the right checksum.

    """
    differences = {name: _compare(found, each.layout()) for name, each in PUBLISHED.items()}
    nearest = PUBLISHED[min(differences, key=lambda name: differences[name].count)]
    difference = differences[nearest.name]
    if difference.count:
        raise WeightsRefused(
            f"{file} has {len(found)} entries and is none of the known weights. The nearest are "
            f"{nearest.name} ({nearest.file}, {len(nearest.layout())} entries): "
            f"{difference.text}. Known: {known()}."
        )
    if nearest.sha256:
        raise WeightsRefused(
            f"{file} has the keys and shapes of {nearest.name}, but sha256 {sha256}; expected "
            f"{nearest.sha256}. Get {nearest.source} and register that file as it is."
        )
    return nearest


@dataclass(frozen=True, slots=True)
class _Difference:
    count: int
    text: str


def _compare(found: Layout, expected: Layout) -> _Difference:
    found, expected = _without_counters(found), _without_counters(expected)
    missing = [key for key in expected if key not in found]
    unexpected = [key for key in found if key not in expected]
    wrong = [key for key in expected if key in found and found[key] != expected[key]]
    parts = [_sample("missing", missing), _sample("unexpected", unexpected)]
    if wrong:
        key = wrong[0]
        parts.append(
            f"{len(wrong)} of another shape, first {key}: {found[key]}, expected {expected[key]}"
        )
    count = len(missing) + len(unexpected) + len(wrong)
    return _Difference(count, "; ".join(part for part in parts if part))


def _without_counters(layout: Layout) -> Layout:
    return {key: shape for key, shape in layout.items() if not key.endswith(COUNTERS)}


def _sample(title: str, keys: list[str]) -> str:
    rest = ", ..." if len(keys) > 3 else ""
    return f"{len(keys)} {title} ({', '.join(keys[:3])}{rest})" if keys else ""


def known() -> str:
    """Return names and files of all known weights, for messages."""
    return ", ".join(f"{item.name} ({item.file})" for item in PUBLISHED.values())
