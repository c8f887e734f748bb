"""A zip from a stranger is bounded in its directory and in every member."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest

from classifiers.core.inputs.zip_files import (
    Limits,
    ZipRefused,
    member_copy,
    member_problem,
    names_of,
    zip_open,
)

LIMITS = Limits(n_files=1000, n_bytes=10**9, n_bytes_each=5_000_000)


def test_a_directory_that_is_too_long_is_refused_unread() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(900):
            archive.writestr(f"{number}.txt", b"")
    with (
        pytest.raises(ZipRefused, match=r"directory has 0 MB; .* Put fewer files into one zip"),
        zip_open(stream, Limits(1000, 10**9, 10**9, n_bytes_directory=20_000)),
    ):
        pass


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"flag_bits": 1}, "encrypted: zip it without a password"),
        ({"file_size": 6_000_000}, "6 MB; at most 5 are taken"),
        ({"external_attr": 0o120777 << 16}, "a link, not a file"),
        ({}, ""),
    ],
)
def test_a_member_that_must_not_be_unpacked_is_told_why(changed: dict[str, Any], said: str) -> None:
    info = zipfile.ZipInfo("a.png")
    info.file_size = info.compress_size = 100
    for name, value in changed.items():
        setattr(info, name, value)
    assert member_problem(info, LIMITS) == said


def test_no_more_of_a_member_is_written_than_the_directory_says() -> None:
    archive: Any = SimpleNamespace(open=lambda info: io.BytesIO(b"four"))
    info, target = zipfile.ZipInfo("a"), io.BytesIO()
    info.file_size = 3
    with pytest.raises(ZipRefused, match="it is larger than the zip says"):
        member_copy(archive, info, target)
    assert target.getvalue() == b""


def test_names_that_say_utf8_stay_whatever_the_encoding_of_the_others() -> None:
    said, unsaid = zipfile.ZipInfo("gr\u00fcn"), zipfile.ZipInfo("gr\u03b1n")
    said.flag_bits = 0x800
    assert names_of([said, unsaid], "cp1252") == ["gr\u00fcn", "gr\u00e0n"]
    with pytest.raises(ZipRefused, match=r"is not in utf-8\. The zip does not say in which"):
        names_of([said, unsaid], "utf-8")
