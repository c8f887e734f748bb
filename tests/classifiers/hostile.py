"""200 pictures and archives made to harm: ``write`` makes them, ``main`` imports them.

``python -m tests.classifiers.hostile FOLDER`` prints as JSON which were named as refused, and the
peak memory in bytes. That is a process of its own, because only so can its memory be measured.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import resource
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

N_PICTURES, N_ARCHIVES = 150, 50
RLIMIT = 6_000_000_000  # a process that goes astray ends here, not the machine


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, kind: int = 2, depth: int = 8, extra: bytes = b"",
        is_whole: bool = True, shade: int = 0) -> bytes:  # fmt: skip
    """Return a PNG of one colour; not whole: its header promises what is not there."""
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[kind]
    row = b"\0" + bytes([shade]) * (width * channels * depth // 8)
    packer = zlib.compressobj(1)
    n_rows = max(1, 4_000_000 // len(row))  # a block at a time
    blocks = [n_rows] * (height // n_rows) + [height % n_rows] if is_whole else [1]
    rows = b"".join(packer.compress(row * n) for n in blocks)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    data = chunk(b"IDAT", rows + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + data + chunk(b"IEND", b"")


def bmp(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def tiff(width: int, height: int) -> bytes:
    n_bytes = width * height % 2**32
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1),
            (273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, n_bytes)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"," + struct.pack(
        "<HHHHB", 0, 0, width, height, 0
    ) + b"\x08\x01\x00\x3b"  # fmt: skip


def pictures() -> Iterator[tuple[str, bytes]]:
    """Yield the files' names and bytes; no two have the same."""
    text = zlib.compress(bytes(50_000_000), 1)
    zips = chunk(b"zTXt", b"a\0\0" + text), chunk(b"iCCP", b"a\0\0" + text)
    for n in range(10):
        yield f"thin_wide_{n}.png", png(20_000 + n, 32)
        yield f"thin_tall_{n}.png", png(32, 200_000 + n)
        yield f"huge_{n}.png", png(30_000 + n, 30_000, kind=0, depth=1, is_whole=False)
        yield f"huge_{n}.bmp", bmp(30_000 + n, 30_000)
        yield f"huge_{n}.gif", gif(65_000 + n, 65_000)
        yield f"huge_{n}.tif", tiff(40_000 + n, 40_000)
        yield f"empty_{n}.png", png(300 + n, 300)[: 33 + n]
        yield f"cut_{n}.png", png(3_000, 3_000, shade=n)[: 1000 + n]
        yield f"text_{n}.png", png(31, 64, extra=zips[n % 2], shade=n)
        yield f"frames_{n}.gif", gif(64, 64) * (n + 2)
        yield f"noise_{n}.jpg", b"\xff\xd8\xff\xe0" + bytes([n]) * 5_000
        yield f"noise_{n}.webp", b"RIFF\xff\xff\xff\x7fWEBPVP8L" + bytes([n]) * 500
        yield f"noise_{n}.jp2", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes([n]) * 500
        yield f"noise_{n}.avif", b"\0\0\0\x1cftypavif" + bytes([n]) * 500
    clear = chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", b"\x80")
    for n in range(5):  # as large as is taken: the first stays, the others show the same
        size, note = (9_400, 9_400) if n < 2 else (100, 100), chunk(b"tEXt", b"a\0%d" % n)
        yield f"large_clear_{n}.png", png(*size, kind=3, extra=clear + note)
        yield f"large_deep_{n}.png", png(*size, kind=0, depth=16, extra=note, shade=9)


TAKEN = {"large_clear_0.png", "large_clear_2.png", "large_deep_0.png", "large_deep_2.png"}
"""Harmless beside the others: they are large, but photos."""


def zipped(files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytearray:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return bytearray(stream.getvalue())


def crowded(n: int) -> bytes:
    """Return a zip with so many empty files."""
    entry = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", *(20, 20, 0, 0, 0, 0), *(0, 0, 0), *(1, 0, 0, 0, 0), 0, 0
    )
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, n % 65_536, n % 65_536, n * 47, 0, 0)
    return (entry + b"a") * n + end


def renamed(name: bytes, flags: int = 0) -> bytearray:
    """Return a zip with one file whose name is these bytes, and these flags."""
    raw = zipped({"q" * len(name): b"photo"})
    for at, flags_at in ((raw.index(b"PK\3\4"), 6), (raw.index(b"PK\1\2"), 8)):
        raw[at + flags_at : at + flags_at + 2] = struct.pack("<H", flags)
    return raw.replace(b"q" * len(name), name)


def linked() -> bytearray:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("a/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return bytearray(stream.getvalue())


def archives() -> Iterator[tuple[str, bytes | bytearray]]:
    """Yield the archives' names and bytes."""
    bomb = zipped({"a/1.png": bytes(60_000_000)})
    broken = zipped({"a/1.png": lzma.compress(b"x" * 5_000)}, zipfile.ZIP_LZMA)
    at = broken.index(b"a/1.png") + 7
    broken[at : at + 30] = b"\xff" * 30
    whole = zipped({"a/1.png": b"photo" * 1_000})
    for n in range(5):
        yield f"bomb_{n}.zip", bomb
        yield f"crowded_{n}.zip", crowded(450_000 + n if n else 400_000)
        yield f"dot_{n}.zip", renamed(b"." * (n + 1))
        yield f"nul_{n}.zip", renamed(b"a/\0%d.png" % n)
        yield f"no_utf8_{n}.zip", renamed(b"a/\xff%d.png" % n, 0x800)
        yield f"unknown_{n}.zip", renamed(b"a/R\x9bdk\x91lk%d.png" % n)
        yield f"lzma_{n}.zip", broken
        yield f"deep_{n}.zip", zipped({"a/" * (2_000 + n) + "1.png": b"photo"})
        yield f"cut_{n}.zip", whole[: -1 - 10 * n]
        yield f"way_out_{n}.zip", [linked(), renamed(b"/etc/x.png"), renamed(b"../../x.png"),
                                   renamed(b"a/1.png", 1), zipped({"a/1.png": b""})][n]  # fmt: skip


def named_pictures(folder: Path) -> list[str]:
    """Import the pictures, return the names of those that were refused."""
    import django

    django.setup()
    from django.core.management import call_command

    from classifiers.services.datasets import dataset_import

    call_command("migrate", verbosity=0)
    report = dataset_import(slug="hostile", root=folder)
    return [Path(item.path).name for item in report.refused]


def named_archives(folder: Path) -> list[str]:
    """Unpack the archives, return the names of those that were refused or had a file refused."""
    from classifiers.services.archives import ArchiveRefused, archive_extract, archive_list

    found = []
    for path in sorted(folder.iterdir()):
        try:
            listing = archive_list(path, max_bytes=8_000_000_000)
            failed = archive_extract(path, listing, folder / f"{path.stem}.out", lambda *_: None)
        except ArchiveRefused:
            found.append(path.name)
        else:
            found += [path.name] * bool(listing.refused or failed)
    return found


def write(folder: Path) -> list[str]:
    """Write all files, return their names."""
    written = []
    for place, files in (("photos/gallery/a", pictures()), ("zips", archives())):
        (folder / place).mkdir(parents=True)
        for name, content in files:
            (folder / place / name).write_bytes(content)
            written.append(name)
    return written


def main(folder: Path) -> None:
    """Import what ``write`` wrote."""
    resource.setrlimit(resource.RLIMIT_AS, (RLIMIT, RLIMIT))
    os.environ |= {"DATA_DIR": str(folder / "data"), "DATABASE_URL": ""}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "study_site.settings")
    named = named_pictures(folder / "photos")
    first = peak()
    named += named_archives(folder / "zips")
    json.dump({"named": named, "peak": peak(), "peak_of_pictures": first}, sys.stdout)


def peak() -> int:
    """Return the most memory that this process had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
