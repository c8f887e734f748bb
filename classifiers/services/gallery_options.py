"""How a gallery is extracted: chosen once, and stored with its arrays. Needs no torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from classifiers.core.gallery.manifest import MANIFEST, PROGRESS, json_read, write_atomically
from classifiers.models import Gallery
from classifiers.services.queueing import RequestRefused

Grey = Literal["backbone", "half"]  # as in ``classifiers.core.features``, which needs torch
OPTIONS: Final = "options.json"


@dataclass(frozen=True, slots=True)
class GalleryOptions:
    """``half``: maps and vectors in float16; ``grey``: how grey photos' maps are normalised."""

    half: bool = False
    grey: Grey = "backbone"

    def __str__(self) -> str:
        return f"--{'half' if self.half else 'no-half'} --grey {self.grey}"


def options_of(folder: Path) -> GalleryOptions | None:
    """Return the options of a gallery's folder; None if none are stored."""
    for name in (MANIFEST, PROGRESS):
        if (folder / name).is_file():
            found = json_read(folder / name)
            return GalleryOptions(found["maps_dtype"] == "float16", found["grey"])
    if (folder / OPTIONS).is_file():
        return GalleryOptions(**json.loads((folder / OPTIONS).read_text()))
    return None


def options_keep(*, gallery: Gallery, half: bool | None, grey: Grey | None) -> None:
    """Store the options for the worker; an option that is None does not change.

    Raises ``RequestRefused`` if the gallery exists, or is begun, with other options.
    """
    named: dict[str, Any] = {"half": half, "grey": grey}
    given = {name: value for name, value in named.items() if value is not None}
    found = options_of(gallery.folder)
    wanted = replace(found or GalleryOptions(), **given)
    if found is not None and wanted != found:
        raise RequestRefused(
            f"Gallery {gallery} is there already, built or begun with {found}; asked for {wanted}. "
            "Import the photos as a dataset of another name; or, if nothing was predicted with it "
            f"yet, delete {gallery.folder} and run this again."
        )
    if found is None:
        gallery.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(gallery.folder / OPTIONS, asdict(wanted))
