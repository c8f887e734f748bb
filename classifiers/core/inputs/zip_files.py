"""Reading untrusted zips: limits are checked before unpacking. Standard library only.

``zipfile`` reads the whole directory of an archive into memory, trusts the sizes in it, and raises
any exception of its decoders. Only this module has to handle that.
"""

from __future__ import annotations

import lzma
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
    MemoryError,
)
"""What ``zipfile`` and its decoders raise over an archive that is damaged or made to harm."""

CHUNK: Final = 1 << 16
MAX_RATIO: Final = 200
"""How many times smaller a large member may be packed; photos and tables stay far below."""
SMALL: Final = 10_000_000
MAX_PARTS: Final = 20
_UTF8_FLAG: Final = 0x800

# Names without the UTF-8 flag, by the systems that write them so.
ENCODINGS: Final = {
    "utf-8": "UTF-8 (macOS, Linux)",
    "cp850": "Western Europe, Windows zip (cp850)",
    "cp1252": "Western Europe (cp1252)",
    "cp437": "United States (cp437)",
    "cp852": "Central Europe, Windows zip (cp852)",
    "cp866": "Cyrillic, Windows zip (cp866)",
    "cp1251": "Cyrillic (cp1251)",
    "gbk": "Chinese, simplified (gbk)",
    "big5": "Chinese, traditional (big5)",
    "cp932": "Japanese (cp932)",
    "cp949": "Korean (cp949)",
}


class ZipRefused(ValueError):
    """The archive as a whole cannot be read; the message says what was seen and expected."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an archive: files, bytes of all files and of one, bytes of its directory."""

    n_files: int
    n_bytes: int
    n_bytes_each: int
    n_bytes_directory: int = 20_000_000


class _Bounded:
    """A file of which no more than so many bytes are read at once.

    ``zipfile`` reads the directory by one call and makes an object of every 47 bytes.
    """

    def __init__(self, file: IO[bytes], max_read: int) -> None:
        self._file, self._max_read = file, max_read
        self._size = file.seek(0, os.SEEK_END)

    def read(self, n: int | None = -1) -> bytes:
        wanted = self._size - self._file.tell() if n is None or n < 0 else n
        if wanted > self._max_read:
            raise ZipRefused(
                f"The zip's directory has {wanted / 1e6:,.0f} MB; expected at most "
                f"{self._max_read / 1e6:,.0f}. Put fewer files into one zip."
            )
        return self._file.read(wanted)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def flush(self) -> None:
        """Do nothing: the file is read only."""


@contextmanager
def zip_open(source: Path | IO[bytes], limits: Limits) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose directory stays within the limits. Raises ``ZipRefused``."""
    with ExitStack() as opened:
        try:
            file = opened.enter_context(source.open("rb")) if isinstance(source, Path) else source
            bounded = cast("IO[bytes]", _Bounded(file, limits.n_bytes_directory))
            archive = opened.enter_context(zipfile.ZipFile(bounded))
        except ZipRefused:
            raise
        except ZIP_ERRORS as error:
            raise ZipRefused(
                f"The file is no zip that can be read ({str(error) or type(error).__name__})."
            ) from error
        _check(archive, limits)
        yield archive


def _check(archive: zipfile.ZipFile, limits: Limits) -> None:
    infos = archive.infolist()
    n_bytes = sum(info.file_size for info in infos)
    if len(infos) > limits.n_files or n_bytes > limits.n_bytes:
        raise ZipRefused(
            f"The archive unpacks to {len(infos):,} files of {n_bytes / 1e6:,.0f} MB together; "
            f"allowed are {limits.n_files:,} files and {limits.n_bytes / 1e6:,.0f} MB."
        )


def member_problem(info: zipfile.ZipInfo, limits: Limits) -> str:
    """Say why one member must not be unpacked, whatever its name is; empty if it may."""
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link, not a file"
    if info.flag_bits & 1:
        return "encrypted: zip it without a password"
    if not info.file_size:
        return "an empty file"
    if info.file_size > limits.n_bytes_each:
        return f"{info.file_size / 1e6:,.0f} MB; at most {limits.n_bytes_each / 1e6:,.0f} are taken"
    if info.file_size > SMALL and info.file_size > MAX_RATIO * info.compress_size:
        times = info.file_size // max(info.compress_size, 1)
        return f"unpacks to {times:,} times its size; at most {MAX_RATIO} times are taken"
    return ""


def path_problem(name: str) -> str:
    """Say why a member's name must not become a path; empty if it may."""
    name = name.replace("\\", "/")
    parts = name.split("/")
    if "\0" in name or any(ord(item) < 32 for item in name):
        return "its name has characters that cannot be written"
    if name.startswith("/") or ".." in parts or "" in parts or ":" in parts[0]:
        return "its path leads out of the archive"
    if len(parts) > MAX_PARTS:
        return f"{len(parts) - 1:,} folders deep; at most {MAX_PARTS - 1} are taken"
    if any(len(part.encode("utf-8", "backslashreplace")) > 255 for part in parts):
        return "a name of more than 255 bytes"
    return ""


def names_of(infos: Sequence[zipfile.ZipInfo], encoding: str = "") -> list[str]:
    """Return the members' names, composed (NFC) as people type them.

    A zip marks names in UTF-8; the encoding of other names is unknown. They are read as UTF-8 if
    all of them are valid UTF-8, or else by ``encoding``. Without it ``ZipRefused`` asks for the
    encoding; it also names a name that does not fit.
    """
    raws = [_raw(info) for info in infos]
    unsaid = [raw for raw in raws if isinstance(raw, bytes)]
    encoding = encoding or (
        "utf-8" if all(_text(raw, "utf-8") is not None for raw in unsaid) else ""
    )
    if not encoding:
        raise ZipRefused(_question(next(raw for raw in unsaid if _text(raw, "utf-8") is None)))
    return [unicodedata.normalize("NFC", _read(raw, encoding)) for raw in raws]


def _raw(info: zipfile.ZipInfo) -> str | bytes:
    """Return a name, or its bytes if the zip does not name the encoding."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_FLAG or name.isascii():
        return name
    return name.encode("cp437")  # what zipfile took the bytes for


def _read(raw: str | bytes, encoding: str) -> str:
    if isinstance(raw, str):
        return raw
    if (text := _text(raw, encoding)) is None:
        raise ZipRefused(f"The name {raw!r} in the zip is not in {encoding}. {_question(raw)}")
    return text


def _text(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _question(raw: bytes) -> str:
    read = ((name, _text(raw, name)) for name in ENCODINGS)
    listed = "; ".join(f"{name}: {text}" for name, text in read if text and text.isprintable())
    return (
        "The zip does not say in which encoding its file names are. The first that is not UTF-8 "
        f"reads, by encoding: {listed}. Name the encoding whose reading is right."
    )


def member_read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """Return a member's bytes; raises ``ZipRefused`` if it has more than it may or says."""
    try:
        with archive.open(info) as source:
            content = source.read(max_bytes + 1)
    except ZIP_ERRORS as error:
        raise ZipRefused(f"{info.filename!r} in the zip cannot be read ({error}).") from error
    if len(content) > max_bytes:
        raise ZipRefused(
            f"{info.filename!r} in the zip has more than {max_bytes / 1e6:,.1f} MB, which is the "
            "most that is taken."
        )
    return content


def member_copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: IO[bytes]) -> None:
    """Copy a member, no more of it than its directory says. Raises what ``ZIP_ERRORS`` lists."""
    left = info.file_size
    with archive.open(info) as source:
        while block := source.read(CHUNK):
            left -= len(block)
            if left < 0:
                raise ZipRefused("it is larger than the zip says")
            target.write(block)
