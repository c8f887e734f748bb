"""Random requests for the fuzzer: every address and method, with bodies good, odd and broken."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image as Pixels

METHODS = (*["GET"] * 10, *["POST"] * 10, "HEAD", "PUT", "DELETE", "OPTIONS")
ODD = (
    "", " ", "\0", "é" * 300, "9" * 400, "-1", "1e999", "NaN", "null", "[]", "{}", "<script>",
    "../../etc/passwd", "%00", "\ud7ff", "‮txt", "2026-02-30", "x" * 20_000, "a:\n- b: [", "&a *a",
    "0x" + "f" * 5000, "1" * 5000, "[" * 5000, "a: " * 2000, "!!python/object:os.system x",
)  # fmt: skip
GOOD = ("0", "1", "2", "yes", "no", "on", "keep", "delete", "live", "pilot", "all", "kNN", "pause")
FIELDS = (
    "page", "part", "stage", "robots", "state", "condition", "reached", "flag", "simulated", "at",
    "analysed", "step", "answer", "answers", "events", "agree", "arrival", "enrolment_key", "pid",
    "text", "slug", "template", "name", "editors", "number", "is_on", "sure", "n", "seed", "screen",
    "username", "password", "next", "classifier", "backbone", "device_width", "device_kind",
    "rt_ms", "away_ms", "payment", "reason", "leaves", "again", "retry", "decline", "back", "key",
    "set", "size", "download", "PROLIFIC_PID", "SESSION_ID", "workerId", "q_age", "remarks",
    "shown_to", "document", "version", "parameters", "archive", "folder", "split",
)  # fmt: skip
TYPES = (
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x", "application/json", "text/plain", "", "a/b; c=" + "d" * 999,
    "text/html; charset=utf-16", "text/html; charset=zlib", "text/plain; charset*=utf-8''utf-7",
    "multipart/form-data; boundary=x; charset=hex", "text/yaml; charset=nonsense",
)  # fmt: skip


@dataclass(slots=True)
class Asked:
    """One request as it will be sent."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] | bytes = b""
    content_type: str = ""

    def fields(self) -> dict[str, Any]:
        """Return the query's and the body's fields, for a report."""
        body = (
            self.data if isinstance(self.data, dict) else {"body": self.data, "": self.content_type}
        )
        return self.query | body


def patterns(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Yield the route of every address of the site."""
    for url_pattern in resolver.url_patterns:
        route = before + str(url_pattern.pattern)
        if isinstance(url_pattern, URLPattern):
            yield route
        else:
            yield from patterns(url_pattern, route)


def routes() -> list[str]:
    """Return every route of the site once; of the admin's, each as often as any other."""
    return sorted(set(patterns(get_resolver())))


def picture(rng: random.Random) -> bytes:
    """Return a picture: whole, cut, or of a shape that asks for much memory."""
    stream = io.BytesIO()
    size = rng.choice([(8, 8), (64, 64), (3000, 1), (1, 3000)])
    kind = rng.choice(["PNG", "JPEG", "GIF", "TIFF", "BMP"])
    Pixels.new(rng.choice(["L", "RGB"]), size, 3).save(stream, kind)
    content = stream.getvalue()
    return content if rng.random() < 0.6 else content[: rng.randrange(len(content))]


def archive(rng: random.Random) -> bytes:
    """Return a zip: of photos or a study, empty, broken, a bomb, or with odd names."""
    stream = io.BytesIO()
    names = ["gallery/a/1.png", "query/a/2.png", "../up.png", "/etc/x", ".", "a\0b", "é" * 200]
    names += ["study.json", "sets.csv", "images.csv", "d/" * 300 + "x.png", "categories.csv"]
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name in dict.fromkeys(rng.choices(names, k=rng.randrange(6))):
            bomb = b"\0" * 2_000_000
            file.writestr(name, rng.choice([picture(rng), b"{}", b"a,b\n1", bomb, b"\xff" * 99]))
    content = bytearray(stream.getvalue())
    for _ in range(rng.choice([0, 0, 1, 20])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def document(rng: random.Random) -> str:
    """Return a study's document with one thing changed, as YAML or JSON."""
    from tests.factories import make_document

    found: dict[str, Any] = make_document()
    target: Any = found
    while isinstance(target, dict | list) and target:
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        key = rng.choice(keys)
        if rng.random() < 0.4 or not isinstance(target[key], dict | list):
            target[key] = rng.choice([None, [], {}, -1, 10**30, 0.5, rng.choice(ODD), [[]], True])
            break
        target = target[key]
    return json.dumps(found)


def value(rng: random.Random, known: Sequence[str]) -> str:
    """Return a field's value: known here, good somewhere, or odd."""
    chance = rng.random()
    if chance < 0.3:
        return rng.choice(known)
    return rng.choice(GOOD) if chance < 0.6 else rng.choice(ODD)


def request(rng: random.Random, path: str, known: Sequence[str]) -> Asked:
    """Draw a request to an address; ``known`` are values that the site gave out."""
    asked = Asked(rng.choice(METHODS), path)
    for name in rng.sample(FIELDS, rng.choice([0, 0, 1, 3])):
        asked.query[name] = value(rng, known)
    if asked.method in {"GET", "HEAD", "OPTIONS"}:
        return asked
    if rng.random() < 0.15:
        asked.data = rng.choice([b"", b"\xff" * 50, b"a=%ff&" * 50, b"--x\r\n", b"&" * 2000])
        asked.content_type = rng.choice(TYPES)
        return asked
    asked.data = {name: value(rng, known) for name in rng.sample(FIELDS, rng.randrange(9))}
    if rng.random() < 0.3:
        asked.data["text"] = document(rng)
    if rng.random() < 0.2:
        content = rng.choice([archive, picture])(rng)
        name = rng.choice(["archive", "file", "text"])
        asked.data[name] = SimpleUploadedFile(rng.choice(["a.zip", "b\0.zip", "é" * 99]), content)
    return asked
