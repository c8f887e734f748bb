"""Weights that the user registers: checked once, stored in one folder, found by name.

``register`` recognises a file and stores a copy under the name that backbones use, with a small
JSON file that says what it is and how it was recognised.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import secrets
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

import torch
from torch import Tensor

from classifiers.core.backbones.known_weights import (
    PUBLISHED,
    Layout,
    Published,
    WeightsRefused,
    find_by_checksum,
    find_by_layout,
    known,
)
from classifiers.core.gallery.manifest import write_atomically

OnProgress = Callable[[int], object]
"""Called with the number of bytes that were copied since the last call."""

FOLDER_VARIABLE: Final = "STUDY_WEIGHTS_DIR"
CHUNK: Final = 1 << 22
# Exceptions that torch.load raises if a file is not a checkpoint or is incomplete.
_LOAD_ERRORS: Final = (
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    pickle.UnpicklingError,
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered file, and as what it was recognised.

    ``file`` is the published name of such files; ``how`` they were recognised is "sha256",
    "md5" or "layout".
    """

    name: str
    sha256: str
    file: str
    how: str
    path: Path


def weights_folder(folder: Path | None = None) -> Path:
    """Return the folder of registered weights: the argument, or ``STUDY_WEIGHTS_DIR``.

    Raises
    ------
    FileNotFoundError
        Neither is given.

    """
    if folder is not None:
        return folder
    if not os.environ.get(FOLDER_VARIABLE):
        raise FileNotFoundError(
            f"No folder of weights: give one, or set {FOLDER_VARIABLE} to the folder that "
            "`manage.py add_weights` copied them to (weights/ in DATA_DIR)."
        )
    return Path(os.environ[FOLDER_VARIABLE])


def registered(name: str, folder: Path | None = None) -> Registered:
    """Return the registered file of this name, without reading it.

    Raises
    ------
    FileNotFoundError
        It is not registered; the message says which file to get and what to run.

    """
    published, folder = PUBLISHED[name], weights_folder(folder)
    path = folder / f"{name}.pth"
    if not path.is_file() or not path.with_suffix(".json").is_file():
        raise FileNotFoundError(
            f"No weights of {name} in {folder}. Get {published.file} from {published.source}, "
            f"then run: python manage.py add_weights {published.file}"
        )
    return Registered(**json.loads(path.with_suffix(".json").read_text()), path=path)


def register(
    path: str | os.PathLike[str],
    folder: Path | None = None,
    *,
    replace: bool = False,
    on_progress: OnProgress | None = None,
) -> Registered:
    """Find out which published weights a file contains, and store a copy in the folder.

    The copy is checked, not the original, so the stored file is the checked one. An interruption
    does not change the folder.

    Parameters
    ----------
    path
        A checkpoint as ``torch.save`` writes it, of any version.
    replace
        Whether to replace another registered file.

    Raises
    ------
    WeightsRefused
        None of the known files, or another file is registered under the name.
    OSError
        The file cannot be read or copied.
    """
    path, folder = Path(path), weights_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{secrets.token_hex(4)}.part"
    try:
        with open(path, "rb") as file, open(copy, "xb") as target:
            sums = _copy(file, target, on_progress or (lambda n_bytes: None))
        published, how = _recognise(copy, path.name, *sums)
        found = Registered(
            name=published.name,
            sha256=sums[0],
            file=published.file,
            how=how,
            path=folder / f"{published.name}.pth",
        )
        _check_place(found, replace)
        os.replace(copy, found.path)
    finally:
        copy.unlink(missing_ok=True)
    entry = asdict(found)
    del entry["path"]
    write_atomically(found.path.with_suffix(".json"), entry)
    return found


def _copy(file: BinaryIO, target: BinaryIO, on_progress: OnProgress) -> tuple[str, str]:
    """Copy to the disk; return SHA-256 and MD5 of what was copied."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    while chunk := file.read(CHUNK):
        sha256.update(chunk)
        md5.update(chunk)
        target.write(chunk)
        on_progress(len(chunk))
    target.flush()
    os.fsync(target.fileno())
    return sha256.hexdigest(), md5.hexdigest()


def _check_place(found: Registered, replace: bool) -> None:
    try:
        present = registered(found.name, found.path.parent)
    except FileNotFoundError:
        return
    if present.sha256 != found.sha256 and not replace:
        raise WeightsRefused(
            f"{found.name} is registered with sha256 {present.sha256}; this file has "
            f"{found.sha256}. Use --replace to replace it; galleries of the old weights "
            "must then be built again."
        )


def _recognise(path: Path, file: str, sha256: str, md5: str) -> tuple[Published, str]:
    """Return the known weights of a file and how they were recognised; ``file`` is for messages."""
    by_checksum = find_by_checksum(sha256, md5)
    if by_checksum:
        return by_checksum
    return find_by_layout(_layout_read(path, file), file, sha256), "layout"


def _layout_read(path: Path, file: str) -> Layout:
    """Return the shapes of a checkpoint's tensors, and read as little as possible."""
    try:
        # Files from before PyTorch 1.6, as the oldest of these are, cannot be mapped.
        state = _state(path, is_mapped=zipfile.is_zipfile(path))
    except _LOAD_ERRORS as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise WeightsRefused(
            f"{file} is no file of tensors that torch.load(weights_only=True) can read "
            f"({reason}). Known: {known()}."
        ) from error
    return {key: tuple(each.shape) for key, each in state.items()}


def state_load(path: Path, sha256: str, advice: str) -> dict[str, Tensor]:
    """Load the tensors of a checkpoint by key, on the CPU, if the file has this checksum.

    The same open file is hashed and read, even if it is replaced meanwhile.

    Raises
    ------
    ValueError
        It is another file; the message ends in ``advice``.

    """
    with open(path, "rb") as file:
        seen = hashlib.file_digest(file, "sha256").hexdigest()
        if seen != sha256:
            raise ValueError(f"{path} has sha256 {seen}; expected {sha256}{advice}")
        file.seek(0)
        return _state(file)


def _state(file: Path | BinaryIO, is_mapped: bool = False) -> dict[str, Tensor]:
    """Read tensors by key; training scripts wrap them as one entry "state_dict" of several."""
    state = torch.load(file, map_location="cpu", weights_only=True, mmap=is_mapped)
    if isinstance(state, Mapping) and "state_dict" in state:
        state = state["state_dict"]
    if not isinstance(state, Mapping):
        raise TypeError(f"it contains a {type(state).__name__}, not tensors by name")
    strange = [key for key, each in state.items() if not isinstance(each, Tensor)]
    if strange:
        raise TypeError(f"its entry {strange[0]!r} is no tensor")
    return dict(state)
