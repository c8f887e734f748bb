"""Files beside an evidence.jsonl: what is too large, damaged or missing is refused by name."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from classifiers.core.evidence import files
from classifiers.core.evidence.files import FileRefused, files_open
from classifiers.core.inputs.zip_files import ZipRefused

LINES = b'{"image": "a"}\n{"image": "b"}\n'
MAP = bytes(range(200))


def packed(**changed: bytes) -> io.BytesIO:
    """Return a zip of the lines and one map, without compression."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in ({"evidence.jsonl": LINES, "files/a.npy": MAP} | changed).items():
            archive.writestr(f"mine/{name}", content)
    return stream


def damaged(content: bytes) -> io.BytesIO:
    """Return the zip with the last byte of a member written over."""
    whole = packed().getvalue()
    at = whole.index(content) + len(content) - 1
    return io.BytesIO(whole[:at] + b"\xee" + whole[at + 1 :])


def test_names_count_from_the_folder_of_the_lines_in_the_zip() -> None:
    with files_open(packed(), 10**9) as found:
        assert b"".join(found.lines()) == LINES
        assert found.read("files/a.npy") == found.read("files\\a.npy") == MAP
        with pytest.raises(FileRefused, match=r"b\.npy is not in the zip beside evidence\.jsonl"):
            found.read("b.npy")


def test_an_empty_member_is_refused() -> None:
    with files_open(packed(**{"evidence.jsonl": b"", "b.npy": b""}), 10**9) as found:
        with pytest.raises(ZipRefused, match=r"mine/evidence\.jsonl in the zip: an empty file"):
            list(found.lines())
        with pytest.raises(FileRefused, match=r"b\.npy in the zip: an empty file"):
            found.read("b.npy")


def test_a_damaged_member_is_named() -> None:
    with (
        files_open(damaged(LINES), 10**9) as found,
        pytest.raises(ZipRefused, match=r"mine/evidence\.jsonl in the zip cannot be read"),
    ):
        list(found.lines())
    with (
        files_open(damaged(MAP), 10**9) as found,
        pytest.raises(FileRefused, match=r"'mine/files/a\.npy' in the zip cannot be read"),
    ):
        found.read("files/a.npy")


def test_a_large_file_is_refused_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE", 100)
    (tmp_path / "a.npy").write_bytes(MAP)
    (tmp_path / "evidence.jsonl").write_bytes(LINES)
    with (
        files_open(tmp_path / "evidence.jsonl", 10**9) as found,
        pytest.raises(FileRefused, match=r"a\.npy has 200 bytes; expected at most 100"),
    ):
        found.read("a.npy")
    with (
        files_open(packed(), 10**9) as found,
        pytest.raises(FileRefused, match=r"files/a\.npy has 200 bytes; at most 100"),
    ):
        found.read("files/a.npy")


def test_a_file_that_is_not_there_or_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evidence.jsonl").write_bytes(LINES)
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with files_open(tmp_path / "evidence.jsonl", 10**9) as found:
        for name in ("gone.npy", "circle"):
            with pytest.raises(FileRefused, match=rf"{name} cannot be read beside evidence\.jsonl"):
                found.read(name)


def test_of_a_line_without_end_only_the_beginning_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 10)
    (tmp_path / "evidence.jsonl").write_bytes(b"x" * 95 + b"\nlast\n")
    with files_open(tmp_path / "evidence.jsonl", 10**9) as found:
        assert list(found.lines()) == [b"x" * 11, b"last\n"]
