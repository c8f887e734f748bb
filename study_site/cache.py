"""Caches with signed values: write access to Redis or to the folder does not allow running code.

The values are pickles of tables and other objects of this project. A pickle is loaded only if its
signature, made with ``SECRET_KEY``, is valid; any other value counts as missing.

If the cache is unavailable (Redis stopped, disk full), it behaves like an empty cache: pages are
slower, and nothing fails. The log says so, and the cache is tried again after some seconds.
"""

from __future__ import annotations

import contextlib
import logging
import math
import pickle
import struct
import time
from typing import IO, Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache

from classifiers.signed import MISSING, signed_bytes, signed_value

_HEAD = struct.Struct(">d")
AGAIN_S = 5.0  # how long a cache that failed is not used
logger = logging.getLogger(__name__)
_away_until: dict[type, float] = {}


class SignedPickles:
    """A serializer for Django's caches."""

    def __init__(self, protocol: int | None = None) -> None:
        self.protocol = pickle.HIGHEST_PROTOCOL if protocol is None else protocol

    def dumps(self, value: Any) -> bytes | int:
        """Return the signed pickle; whole numbers stay, so that Redis can count."""
        if type(value) is int:
            return value
        return signed_bytes(value, self.protocol)

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
        return signed_value(data)


class Degrading(BaseCache):
    """Makes an unavailable cache behave like an empty one; must be a class's first base."""

    def _tried(self, name: str, fallback: Any, *args: Any, **options: Any) -> Any:
        if time.monotonic() < _away_until.get(type(self), 0.0):
            return fallback
        try:
            return getattr(super(), name)(*args, **options)
        except (ValueError, TypeError):  # of the caller: a bad key, nothing to count up
            raise
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own
            _away_until[type(self)] = time.monotonic() + AGAIN_S
            logger.warning("The cache is away (%s): %s", name, error)
            return fallback

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._tried("get", default, key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        return self._tried("get_many", {}, keys, version)

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        self._tried("set", None, key, value, timeout, version)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        return bool(self._tried("add", True, key, value, timeout, version))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._tried("touch", False, key, timeout, version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._tried("delete", False, key, version))

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return bool(self._tried("has_key", False, key, version))

    def clear(self) -> None:
        self._tried("clear", None)


class SignedFiles(FileBasedCache):
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


class SignedFileCache(Degrading, SignedFiles):
    """The cache of a site on one machine."""

    def __init__(self, folder: Any, params: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # a folder that cannot be made now; each write tries
            super().__init__(folder, params)


class SharedCache(Degrading, RedisCache):
    """The cache of a site on several machines."""
