"""Caches whose values are signed: nobody who writes to Redis or to the folder runs code here.

The values are tables and other objects of ours, so they are pickles. A pickle is opened only if
its signature, by ``SECRET_KEY``, is right; anything else is as if it were not there.
"""

from __future__ import annotations

import hmac
import math
import pickle
import struct
import time
import zlib
from typing import IO, Any

from django.core.cache.backends.filebased import FileBasedCache
from django.utils.crypto import salted_hmac

SIZE = 32  # bytes of a SHA-256
_HEAD = struct.Struct(">d")
MISSING = object()


def _signature(content: bytes) -> bytes:
    signed = salted_hmac("study_site.cache", b"", algorithm="sha256")
    signed.update(content)
    return signed.digest()


class SignedPickles:
    """A serializer for Django's caches."""

    def __init__(self, protocol: int | None = None) -> None:
        self.protocol = pickle.HIGHEST_PROTOCOL if protocol is None else protocol

    def dumps(self, value: Any) -> bytes | int:
        """Return the signed pickle; whole numbers stay, so that Redis can count."""
        if type(value) is int:
            return value
        content = zlib.compress(pickle.dumps(value, self.protocol))
        return _signature(content) + content

    def loads(self, data: Any) -> Any:
        """Return the value, or None for what was not signed here."""
        found = self.opened(data)
        return None if found is MISSING else found

    def opened(self, data: Any) -> Any:
        """Return the value, or ``MISSING``."""
        try:
            return int(data)
        except ValueError:
            pass
        if not hmac.compare_digest(data[:SIZE], _signature(data[SIZE:])):
            return MISSING
        return pickle.loads(zlib.decompress(data[SIZE:]))  # noqa: S301 - signed by us


class SignedFileCache(FileBasedCache):
    """Django's cache in files, with signed values: first when it ends, then the value."""

    serializer = SignedPickles()

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        file_of = self._key_to_file  # type: ignore[attr-defined]
        try:
            with open(file_of(key, version), "rb") as file:
                found = MISSING if self._is_expired(file) else self.serializer.opened(file.read())
        except FileNotFoundError:
            return default
        return default if found is MISSING else found

    def touch(self, key: Any, timeout: Any = None, version: int | None = None) -> bool:
        found = self.get(key, MISSING, version)
        if found is not MISSING:
            self.set(key, found, timeout, version)
        return found is not MISSING

    def _write_content(self, file: IO[bytes], timeout: Any, value: Any) -> None:
        ends = self.get_backend_timeout(timeout)
        file.write(_HEAD.pack(math.inf if ends is None else ends))
        content = self.serializer.dumps(value)
        file.write(str(content).encode() if isinstance(content, int) else content)

    def _is_expired(self, f: IO[bytes]) -> bool:
        head = f.read(_HEAD.size)
        if len(head) == _HEAD.size and _HEAD.unpack(head)[0] >= time.time():
            return False
        f.close()
        self._delete(f.name)  # type: ignore[attr-defined]
        return True
