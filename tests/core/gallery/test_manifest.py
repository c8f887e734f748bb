"""Small files written whole, and large ones mapped."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.core.gallery.manifest import array_open, write_atomically


def test_an_array_larger_than_memory_opens(tmp_path: Path) -> None:
    shape = (1 << 40, 4)  # 8 TB, and no file system holds much more
    with open(tmp_path / "maps.npy", "wb") as file:
        header = {"descr": "<f2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        try:
            file.truncate(file.tell() + 2 * shape[0] * shape[1])
        except OSError:
            pytest.skip("files cannot have holes here")
    assert array_open(tmp_path / "maps.npy", shape, "float16")[1 << 39].tolist() == [0, 0, 0, 0]


def test_two_writers_of_one_file_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, replace_file = tmp_path / "m.json", os.replace

    def meanwhile(*names: Any) -> None:
        monkeypatch.undo()
        write_atomically(path, {"by": "the other"})
        replace_file(*names)

    monkeypatch.setattr(os, "replace", meanwhile)
    write_atomically(path, {"by": "me"})
    assert json.loads(path.read_text()) == {"by": "me"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    write_atomically(tmp_path / "m.json", {"a": 1})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_atomically(tmp_path / "m.json", {"a": object()})
    assert json.loads((tmp_path / "m.json").read_text()) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"]
