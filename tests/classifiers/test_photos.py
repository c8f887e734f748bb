"""A photo's original file is read only if it is the one that was imported."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from classifiers.models import Dataset, Image
from classifiers.services.photos import PhotoMissing, photo_read


def test_an_original_that_is_gone_changed_or_unreadable_is_told(tmp_path: Path) -> None:
    image = Image(dataset=Dataset(slug="trees", root=str(tmp_path)), source="a.png", sha256="0")
    with pytest.raises(PhotoMissing, match=r"cannot be read .*import_dataset trees again"):
        photo_read(image)
    image.path.write_bytes(b"\x89PNG")
    with pytest.raises(PhotoMissing, match="has other bytes than when it was imported"):
        photo_read(image)
    image.sha256 = hashlib.sha256(b"\x89PNG").hexdigest()
    with pytest.raises(PhotoMissing, match=r"a\.png cannot be used any more: "):
        photo_read(image)
