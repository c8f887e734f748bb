"""Files of masks, stored by their content for the runs that use them. Needs no torch."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from django.conf import settings

from classifiers.core.chm.masks import masks_read


def masks_path(sha256: str) -> Path:
    """Return the path of a stored file of masks."""
    return Path(settings.DATA_DIR) / "masks" / f"{sha256}.json"


def masks_keep(path: Path) -> str:
    """Store a copy of a checked file of masks; return its sha256, which is its name in a run."""
    masks_read(path)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    kept = masks_path(sha256)
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial_path = kept.with_suffix(f".{secrets.token_hex(4)}")
    partial_path.write_bytes(content)
    partial_path.replace(kept)
    return sha256
