"""Unguessable names, and the files of crops that have them."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings


def new_token() -> str:
    """Return an unguessable name, which tells nothing about what it names."""
    return secrets.token_urlsafe(15)


def crop_path(token: str) -> Path:
    """Return the file of the crop ``token``.

    Folders by its first two letters keep folders small.
    """
    return Path(settings.CROP_DIR) / token[:2] / f"{token}.jpg"


def whole_path(token: str, size: str) -> Path:
    """Return the file of a whole photo in one of its sizes, beside the crop's."""
    return crop_path(token).with_name(f"{token}.{size}.jpg")
