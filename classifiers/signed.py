"""Values as signed pickles, so that nobody can run code here by writing to our stores."""

from __future__ import annotations

import hmac
import pickle
import zlib
from typing import Any, Final

from django.utils.crypto import salted_hmac

SIZE: Final = 32  # bytes of a SHA-256
MISSING: Final = object()


def _signature(content: bytes) -> bytes:
    signed = salted_hmac("study_site.cache", b"", algorithm="sha256")
    signed.update(content)
    return signed.digest()


def signed_bytes(value: Any, protocol: int = pickle.HIGHEST_PROTOCOL) -> bytes:
    """Return a value as a compressed pickle with its signature by ``SECRET_KEY``."""
    content = zlib.compress(pickle.dumps(value, protocol))
    return _signature(content) + content


def signed_value(data: bytes) -> Any:
    """Return the value, or ``MISSING`` if it was not signed here."""
    if not hmac.compare_digest(data[:SIZE], _signature(data[SIZE:])):
        return MISSING
    return pickle.loads(zlib.decompress(data[SIZE:]))  # noqa: S301 - signed by us
