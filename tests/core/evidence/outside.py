"""A small dataset as an outside AI's files name it, and files in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from classifiers.core.evidence.files import FileRefused
from classifiers.core.evidence.tables import Known, Photo, Row

N_QUERIES = 1200


def photo(number: int, split: str = "query") -> Photo:
    """Return a photo whose SHA-256 is its number."""
    source = f"{split}/jay/{number:04d}.jpg"
    prefix = "a" if split == "query" else "b"
    return Photo(f"{prefix}{number:063d}", source, split == "query")


def known() -> Known:
    """Return a dataset of queries, five gallery photos, and a label that two categories share."""
    photos = [photo(n) for n in range(N_QUERIES)] + [photo(n, "gallery") for n in range(5)]
    return Known(photos, [("jay", "Blue jay"), ("wren", "wren"), ("w2", "dull"), ("w3", "dull")])


def predicted(n: int = N_QUERIES) -> dict[str, Row]:
    """Return a prediction of every query."""
    return {photo(k).sha256: Row(k + 2, photo(k).sha256, "jay", 0.5, None, None) for k in range(n)}


def npy(array: Any, **options: Any) -> bytes:
    """Return an array as the bytes of a file."""
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), **options)
    return stream.getvalue()


def png(mode: str = "L", size: tuple[int, int] = (40, 40), form: str = "PNG") -> bytes:
    """Return a picture as the bytes of a file."""
    stream = io.BytesIO()
    Image.new(mode, size, 100 if mode != "RGB" else (1, 2, 3)).save(stream, form)
    return stream.getvalue()


class MemoryFiles:
    """The files of an ``evidence.jsonl`` in memory."""

    def __init__(self, lines: list[bytes | dict[str, Any]], files: Mapping[str, bytes]) -> None:
        self._lines, self._files = lines, files

    def lines(self) -> Iterator[bytes]:
        """Yield the lines."""
        for line in self._lines:
            yield line if isinstance(line, bytes) else json.dumps(line).encode()

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        if name not in self._files:
            raise FileRefused(f"{name} is not there")
        return self._files[name]
