"""The file of a run's cosines: appended, resumed, checked, and read without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classifiers.core.chm.pair_cosines import (
    HEADER,
    IMAGES,
    RECORDS,
    Header,
    Pairs,
    PairsFile,
    PairsRefused,
    PairsWriter,
    pairs_of,
    record_of,
)

RUN = Header("shades chm-corr", 6)


def pairs_at(seed: int, n: int = 6) -> Pairs:
    rng = np.random.default_rng(seed)
    cosines, cells = rng.uniform(-1, 1, (n, 49)), rng.integers(0, 49, (n, 49))
    return pairs_of(rng.permutation(900)[:n], rng.integers(0, 3, n), cosines, cells)


def pairs_all(folder: Path, seeds: list[int], batch: int) -> None:
    for start in range(0, len(seeds), batch):
        with PairsWriter(folder, RUN) as writer:
            writer.append({seed: pairs_at(seed) for seed in seeds[start : start + batch]})


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    pairs_all(tmp_path, [3, 1, 2], batch=2)
    for seed in (1, 2, 3):
        found, expected = PairsFile(tmp_path, RUN).of(seed), pairs_at(seed)
        for name in ("images", "labels", "cosines", "cells"):
            assert np.array_equal(getattr(found, name), getattr(expected, name))


def test_batches_do_not_change_a_byte_and_an_image_is_written_once(tmp_path: Path) -> None:
    pairs_all(tmp_path / "a", [3, 1, 2], batch=3)
    pairs_all(tmp_path / "b", [3, 1, 3, 2, 1], batch=1)
    for name in (HEADER, RECORDS, IMAGES):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_torn_record_is_written_again(tmp_path: Path) -> None:
    pairs_all(tmp_path, [1, 2], batch=2)
    whole = (tmp_path / RECORDS).read_bytes()
    (tmp_path / RECORDS).write_bytes(whole[:-10])
    assert PairsFile(tmp_path, RUN).places == {1: 0}
    pairs_all(tmp_path, [2], batch=1)
    assert (tmp_path / RECORDS).read_bytes() == whole


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    pairs_all(tmp_path, [1, 2], batch=2)
    content = bytearray((tmp_path / RECORDS).read_bytes())
    content[RUN.record.itemsize + 200] ^= 1
    (tmp_path / RECORDS).write_bytes(bytes(content))
    assert PairsFile(tmp_path, RUN).of(1).images.shape == (6,)
    with pytest.raises(PairsRefused, match=r"Record 1 of .* does not have its checksum"):
        PairsFile(tmp_path, RUN).of(2)


def test_cosines_of_another_run_are_refused(tmp_path: Path) -> None:
    pairs_all(tmp_path, [1], batch=1)
    with pytest.raises(PairsRefused, match=r"expected .*other run.*Delete the folder"):
        PairsWriter(tmp_path, Header("other run", 6))


def test_a_short_shortlist_keeps_its_length_and_numbers_must_be_finite(tmp_path: Path) -> None:
    one = pairs_at(1)
    with PairsWriter(tmp_path, RUN) as writer:
        writer.append({7: pairs_at(1, n=2)})
        with pytest.raises(ValueError, match="NaN"):
            writer.append({8: Pairs(one.images, one.labels, one.cosines * np.nan, one.cells)})
    assert len(PairsFile(tmp_path, RUN).of(7).images) == 2


def test_reading_needs_no_torch() -> None:
    code = "import sys, classifiers.core.chm.pair_cosines; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pairs_of_another_shape_are_not_written() -> None:
    long = pairs_at(1, n=7)
    with pytest.raises(ValueError, match=r"Images \(7,\), .* with n from 1 to 6"):
        record_of(long, RUN)


def test_a_folder_whose_header_cannot_be_read_is_refused(tmp_path: Path) -> None:
    pairs_all(tmp_path, [1], batch=1)
    (tmp_path / HEADER).write_text("{")
    with pytest.raises(PairsRefused, match=f"holds no readable {HEADER} .* Ask for the pred"):
        PairsFile(tmp_path, RUN)
