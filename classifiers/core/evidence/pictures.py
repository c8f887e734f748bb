"""Pictures and drawn maps as files to serve: re-encoded, or checked to be as we encode them.

Other contents of an uploaded file (metadata, a second file after the picture) are never sent to a
browser. Pillow only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from PIL import Image

from classifiers.core.images import picture_of

MAX_SIDE: Final = 1024
QUALITY: Final = 88
MAX_ENCODED: Final = 3_000_000
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_CHUNKS: Final = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# JFIF's own segment, tables, frames and scans; no comment and no segment of an application.
_SEGMENTS: Final = {0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xDD}


def picture_encode(content: bytes) -> bytes:
    """Return a picture as a JPEG of at most ``MAX_SIDE`` pixels a side, without metadata.

    Raises ``ImageRefused`` for what is no still picture (``images.load_rgb``).
    """
    image = picture_of(BytesIO(content)).image
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    image.info = {}
    stream = BytesIO()
    image.save(stream, "JPEG", quality=QUALITY, progressive=True, subsampling="4:4:4")
    return stream.getvalue()


def ending_of(content: bytes) -> str:
    """Return the ending of a re-encoded file's name."""
    return ".png" if content.startswith(PNG) else ".jpg"


def encoded_problem(content: bytes) -> str:
    """Say why bytes are not a file as this package encodes it; empty if they are.

    It is for files that come back in an archive: every part is of a known kind, nothing follows the
    end, and the pixels can be decoded.
    """
    if len(content) > MAX_ENCODED:
        return f"it has {len(content):,} bytes; expected at most {MAX_ENCODED:,}"
    try:
        parts = _chunks(content) if content.startswith(PNG) else _segments(content)
        strangers = [part for part in parts if part not in _CHUNKS | _SEGMENTS]
        with Image.open(BytesIO(content), formats=["PNG", "JPEG"]) as image:
            if max(image.size) > MAX_SIDE:
                return f"it has {image.width} x {image.height} pixels; at most {MAX_SIDE} a side"
            image.load()
    except (OSError, SyntaxError, ValueError, struct.error, IndexError) as error:
        return f"it is no picture that an export wrote ({str(error)[:100] or type(error).__name__})"
    if strangers:
        return f"it holds a part of kind {strangers[0]!r}; expected pixels alone"
    return ""


def _chunks(content: bytes) -> Iterator[bytes]:
    """Yield the kinds of a PNG's chunks. Raises ``ValueError`` for bytes behind the last one."""
    place, kind = len(PNG), b""
    while kind != b"IEND":
        n_bytes, kind = struct.unpack_from(">I4s", content, place)
        yield kind
        place += 12 + n_bytes
    if place != len(content):
        raise ValueError("bytes behind its end")


def _segments(content: bytes) -> Iterator[int]:
    """Yield the kinds of a JPEG's segments. Raises ``ValueError`` for bytes behind its end."""
    if not content.startswith(JPEG):
        raise ValueError("neither PNG nor JPEG")
    place = 2
    while content[place : place + 2] != b"\xff\xd9":
        mark, kind, n_bytes = struct.unpack_from(">BBH", content, place)
        if mark != 0xFF:
            raise ValueError("no segment where one begins")
        yield kind
        place += 2 + n_bytes
        if kind == 0xDA:  # coded pixels: there, 0xFF is only before 0 and restart marks
            while content[place] != 0xFF or content[place + 1] in {0, *range(0xD0, 0xD8)}:
                place += 1
    if place + 2 != len(content):
        raise ValueError("bytes behind its end")
