"""Write an outside AI's predictions and panels, in a few lines of the lab's own script.

Needs neither Django nor torch; NumPy arrays go in as they are.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.core.evidence.checking import panels_problems
from classifiers.core.evidence.files import EVIDENCE
from classifiers.core.evidence.maps import MapRefused, map_read
from classifiers.core.evidence.panels import Heatmap, Panel, Picture, panel_json
from classifiers.core.evidence.tables import (
    PREDICTION_COLUMNS,
    PREDICTIONS,
    SCORE_COLUMNS,
    SCORES,
)

FILES: Final = "files"


class Writer:
    """A folder with ``predictions.csv``, ``evidence.jsonl``, ``scores.csv`` and their files.

    Every call of ``add`` writes its rows at once, so an interrupted script loses nothing. A folder
    with such files is refused.

    >>> writer = Writer("resnet152-gradcam")
    >>> writer.add("query/jay/1.jpg", "jay", 0.91, panels=[Heatmap(array)])  # doctest: +SKIP
    """

    def __init__(self, path: str | Path) -> None:
        self.folder = Path(path)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (PREDICTIONS, EVIDENCE, SCORES):
            if (self.folder / name).exists():
                raise FileExistsError(
                    f"{self.folder / name} is there already; expected a folder without it. Choose "
                    "another folder, or move the old files away."
                )
        self._n = 0
        self._row(PREDICTIONS, PREDICTION_COLUMNS)

    def add(
        self,
        image: str,
        label: str,
        confidence: float | None,
        panels: Sequence[Panel] = (),
        *,
        scores: Mapping[str, float] | None = None,
        n_votes: int | None = None,
        n_voters: int | None = None,
    ) -> None:
        """Write one prediction.

        Parameters
        ----------
        image
            The photo's path below the dataset's root, or the SHA-256 of its file.
        label
            The predicted category: its folder's name, or its label.
        confidence
            From 0 to 1; None where the AI states none, then for every photo.
        panels
            What explains it, in the order shown. A heat map's ``file`` may be an array (H, W), a
            picture's an array (H, W) or (H, W, 3) of uint8; both may be a path.
        scores
            The scores of categories, by folder or label.

        Raises
        ------
        ValueError
            A panel that the import would refuse; nothing of the call is written then.

        """
        if confidence is not None and not 0 <= confidence <= 1:
            raise ValueError(f"confidence is {confidence!r}; expected a number from 0 to 1.")
        number = self._n + 1
        contents: dict[str, bytes] = {}
        named = [
            self._named(panel, f"{number:06d}-{k}", contents) for k, panel in enumerate(panels)
        ]
        found = [panel_json(panel) for panel in named]
        if problems := list(panels_problems(json.loads(json.dumps(found)))):
            raise ValueError(f"Panels of {image}: {'; '.join(problems)}.")
        for name, content in contents.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        self._n = number
        stated = "" if confidence is None else repr(float(confidence))
        votes = ["" if each is None else each for each in (n_votes, n_voters)]
        self._row(PREDICTIONS, [image, label, stated, *votes])
        with (self.folder / EVIDENCE).open("a", encoding="utf-8") as file:
            line = {"image": image, "panels": found}
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        if scores and not (self.folder / SCORES).exists():
            self._row(SCORES, SCORE_COLUMNS)
        for name, score in (scores or {}).items():
            self._row(SCORES, [image, name, repr(float(score))])

    def zip(self) -> Path:
        """Pack ``evidence.jsonl`` and its files into ``evidence.zip``; return its path."""
        path = self.folder / "evidence.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(self.folder / EVIDENCE, EVIDENCE)
            for item in sorted((self.folder / FILES).glob("*")):
                archive.write(item, f"{FILES}/{item.name}")
        return path

    def _row(self, name: str, cells: Sequence[object]) -> None:
        with (self.folder / name).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(cells)

    def _named(self, panel: Panel, name: str, contents: dict[str, bytes]) -> Panel:
        """Return a panel whose file has a name here; ``contents`` takes what is to be written."""
        if not isinstance(panel, Heatmap | Picture):
            return panel
        ending, content = _content(panel)
        place = f"{FILES}/{name}{ending}"
        contents[place] = content
        return replace(panel, file=place)


def _content(panel: Heatmap | Picture) -> tuple[str, bytes]:
    """Return a file's ending and its bytes. Raises ``ValueError`` for what is no such file."""
    if isinstance(panel.file, str | Path):
        path = Path(panel.file)
        content = path.read_bytes()
        if isinstance(panel, Heatmap):
            _map_check(content)
        return path.suffix.lower(), content
    array = np.asarray(panel.file)
    if isinstance(panel, Heatmap):
        content = _npy(array)
        _map_check(content)
        return ".npy", content
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)):
        raise ValueError(
            f"A picture's array is {array.dtype} of shape {array.shape}; expected uint8 of shape "
            "(H, W) or (H, W, 3)."
        )
    stream = BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return ".png", stream.getvalue()


def _npy(array: NDArray[Any]) -> bytes:
    stream = BytesIO()
    single = array.astype(np.float32) if array.dtype.kind == "f" else array
    np.save(stream, single, allow_pickle=False)
    return stream.getvalue()


def _map_check(content: bytes) -> None:
    try:
        map_read(content)
    except MapRefused as error:
        raise ValueError(f"A heat map is {error}.") from error
