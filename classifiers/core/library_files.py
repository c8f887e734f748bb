"""The files of FOLDER/<category>/<file>, and which of them are usable photos."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from classifiers.core.gallery.manifest import write_atomically
from classifiers.core.images import ImageRefused, load_rgb
from classifiers.core.inputs.folder_entries import folder_entries
from classifiers.files import file_sha256

FILES, CHECKED = "files.json", "checked.json"
LAYOUT: Final = "FOLDER/<category>/<file>"


class FolderRefused(ValueError):
    """Raised if the folder cannot become a gallery; says what was seen, expected, and to do."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file below the folder: ``refused`` says why it cannot be used, empty if it can.

    ``path`` is below the folder, with slashes; size and time tell whether to read it again.
    """

    path: str
    size: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    refused: str = ""

    @property
    def category(self) -> str:
        """The name of the category folder."""
        return self.path.split("/")[0]


def files_check(
    root: Path, out: Path, on_progress: Callable[[int, int], None]
) -> tuple[SeenFile, ...]:
    """Decode every file once and say which can be used, in ``ImageFolder`` order.

    The results are stored in ``out``, also after an interruption, so that unchanged files are not
    read again.

    Raises
    ------
    FolderRefused
        ``root`` is no folder.
    """
    if not root.is_dir():
        seen = "is not a folder" if root.exists() else "does not exist"
        raise FolderRefused(f"{root} {seen}; expected a folder with {LAYOUT}. Check the path.")
    found = list(_scan(root))
    known = {item.path: item for name in (FILES, CHECKED) for item in files_read(out / name)[1]}
    checked: list[SeenFile] = []
    try:
        for item in found:
            same = known.get(item.path, item)
            is_known = (same.size, same.mtime_ns) == (item.size, item.mtime_ns) and same.sha256
            checked.append(item if item.refused else same if is_known else _check(root, item))
            on_progress(len(checked), len(found))
    finally:
        files_write(out / CHECKED, root, checked)
    return tuple(checked)


def files_read(path: Path) -> tuple[Path, tuple[SeenFile, ...]]:
    """Return folder and files of a list on disk; nothing if there is no list."""
    if not path.is_file():
        return Path(), ()
    data = json.loads(path.read_text())
    return Path(data["root"]), tuple(SeenFile(**item) for item in data["files"])


def files_write(path: Path, root: Path, files: Sequence[SeenFile]) -> None:
    """Write the list of files in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, {"root": str(root), "files": [asdict(file) for file in files]})


def _scan(root: Path) -> Iterator[SeenFile]:
    """Yield every file, categories and names in byte order; what is misplaced is refused."""
    for category in folder_entries(root).shown:
        if not category.is_dir():
            yield SeenFile(category.name, refused=f"no category folder above it: {LAYOUT}")
            continue
        for entry in folder_entries(category.path).shown:
            path = f"{category.name}/{entry.name}"
            if not entry.is_file():
                seen = "a folder" if entry.is_dir() else "a broken link"
                yield SeenFile(path, refused=f"{seen}, not a file: expected {LAYOUT}")
                continue
            stat = entry.stat()
            yield SeenFile(path, stat.st_size, stat.st_mtime_ns)


def _check(root: Path, file: SeenFile) -> SeenFile:
    path = root / file.path
    try:
        sha256 = file_sha256(path)
        load_rgb(path)
    except ImageRefused as error:
        return replace(file, sha256=sha256, refused=str(error))
    except OSError as error:
        return replace(file, refused=f"cannot be read: {error.strerror}")
    return replace(file, sha256=sha256)
