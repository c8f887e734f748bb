"""What the writer writes, the import reads: by the folder and by its zip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.core.evidence import (
    Bars,
    ExemplarImage,
    Exemplars,
    Heatmap,
    Match,
    Panel,
    Picture,
    Text,
    Writer,
)
from classifiers.core.evidence.files import files_open
from classifiers.core.evidence.panels import panel_json, panel_of
from classifiers.core.evidence.reading import bars_of_scores, evidence_read
from classifiers.core.evidence.tables import predictions_read, scores_read
from tests.core.evidence.outside import known, photo, png, predicted

MATCH = Match((0, 0, 1, 1), (0.5, 0, 0.5, 1))
PANELS: list[Panel] = [
    Heatmap(np.eye(7), "where it looked"),
    Picture(np.zeros((40, 50, 3), dtype=np.uint8), alt="a prototype", caption="<b>"),
    Exemplars((ExemplarImage(photo(0, "gallery").source, "<i>", (MATCH,)),)),
    Bars((("red crown", 0.75), ("long bill", -2.0)), "concepts"),
    Text("- one\n- **two**"),
]  # fmt: skip


def test_all_panels_come_back_from_the_folder_and_from_the_zip(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "out")
    writer.add(photo(0).source, "jay", 0.5, PANELS, scores={"jay": 0.5, "wren": 0.4})
    table = predictions_read((tmp_path / "out/predictions.csv").read_bytes(), known())
    assert table.refused == []
    scores = scores_read((tmp_path / "out/scores.csv").read_bytes(), known(), table.rows)
    assert scores.scores == {photo(0).sha256: {"jay": 0.5, "wren": 0.4}}
    for source in (tmp_path / "out/evidence.jsonl", writer.zip()):
        with files_open(source, 10**9) as files:
            found = evidence_read(files, known(), table.rows, lambda content: f"{len(content)}.png")
        assert found.refused == []
        assert [each.kind for each in found.panels[photo(0).sha256]] == [
            "heatmap", "picture", "exemplars", "bars", "text"
        ]  # fmt: skip


def test_a_file_of_ones_own_is_copied_under_the_photos_number(tmp_path: Path) -> None:
    np.save(tmp_path / "seen.npy", np.eye(7))
    (tmp_path / "part.JPG").write_bytes(png("RGB", (40, 40), "JPEG"))
    panels: list[Panel] = [
        Heatmap(tmp_path / "seen.npy"),
        Picture(str(tmp_path / "part.JPG"), alt="a beak"),
    ]
    Writer(tmp_path / "out").add(photo(0).source, "jay", 0.5, panels)
    copied = sorted((tmp_path / "out").rglob("0*.*"))
    assert [path.suffix for path in copied] == [".npy", ".jpg"]
    assert copied[0].read_bytes() == (tmp_path / "seen.npy").read_bytes()
    np.save(tmp_path / "flat.npy", np.zeros(49))
    flat = Heatmap(tmp_path / "flat.npy")
    with pytest.raises(ValueError, match=r"shape \(49,\)"):
        Writer(tmp_path / "other").add(photo(1).source, "jay", 0.5, [flat])


@pytest.mark.parametrize("panel", PANELS[2:])
def test_a_panels_json_is_the_panel(panel: Panel) -> None:
    assert panel_of(panel_json(panel)) == panel


WRONG: list[Any] = [
    Heatmap(np.zeros(49)), Heatmap(np.full((7, 7), np.nan)), Bars(()), Text(""),
    Picture(np.zeros((40, 40, 4), dtype=np.uint8), alt="x"), Picture(np.zeros((40, 40)), alt="x"),
    Exemplars((ExemplarImage("x", "", (Match((0, 0, 2, 1), (0, 0, 1, 1)),)),)),
]  # fmt: skip


@pytest.mark.parametrize("panel", WRONG, ids=range(len(WRONG)))
def test_the_writer_refuses_what_the_import_would_and_writes_nothing(
    panel: Panel, tmp_path: Path
) -> None:
    writer = Writer(tmp_path)
    with pytest.raises(ValueError, match="expected"):
        writer.add(photo(0).source, "jay", 0.5, [panel])
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.csv"]
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 1


def test_a_used_folder_is_refused_and_a_confidence_is_a_share(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    with pytest.raises(FileExistsError, match="Choose another folder"):
        Writer(tmp_path)
    with pytest.raises(ValueError, match="from 0 to 1"):
        writer.add(photo(0).source, "jay", 85)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.npy").write_bytes(b"x")
    writer = Writer(tmp_path / "out")
    writer.add(photo(0).source, "jay", 0.5, PANELS[:1])
    file = next((tmp_path / "out/files").iterdir())
    file.unlink()
    file.symlink_to(tmp_path / "secret.npy")
    with files_open(tmp_path / "out/evidence.jsonl", 10**9) as files:
        found = evidence_read(files, known(), predicted(1), lambda content: "x")
    assert "leads out of" in found.refused[0].reason


def test_scores_become_the_five_highest_bars_in_the_words_that_people_read() -> None:
    scores = {name: float(n) for n, name in enumerate("abcdefg")} | {"h": 6.0}
    bars = bars_of_scores(scores, {name: name.upper() for name in scores})
    assert [name for name, _ in bars.items] == ["G", "H", "F", "E", "D"]


def test_the_writer_needs_neither_django_nor_torch() -> None:
    code = "import classifiers.core.evidence, sys; print({'django', 'torch'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
