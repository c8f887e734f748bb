"""The answers on which R's lme4 is the referee.

``python -m tests.analysis.stats.detection_fixtures`` writes the answers, runs ``r/detection.R`` on
them, and stores what R finds in ``r/detection.json``. The whole published file takes half an hour.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.power.simulated import Layout, simulated_responses
from analysis.published.responses import read_responses
from analysis.stats.detection_fit import Rows
from study_site.demo.bootstrap import ROOT
from trials.simulation.behaviour import Behaviour

HERE = Path(__file__).parent / "r"
STORED = HERE / "detection.json"
FIRST = Behaviour(0.9, 0.5, sd_skill=0.4, sd_bias=0.7, sd_image=0.8)
LAYOUTS = ((24, 4, True), (30, 6, False), (20, 3, True))  # people an arm, sets, shared photos
MADE = tuple(f"made_{seed}" for seed in range(len(LAYOUTS)))
TWINS = {"cub_emd": ("EMD-NN", "EMD-Corr"), "cub_chm": ("CHM-NN", "CHM-Corr")}
CUB = ("ResNet-50", "kNN", *TWINS["cub_emd"], *TWINS["cub_chm"])
PUBLISHED = {**TWINS, "cub": CUB}
ALONE = ("made_1", "imagenet")  # no photo is judged in two arms


def answers(name: str) -> DataFrame:
    """Return a set's answers: ``accepted``, ``arm`` from 1, ``ai_correct``, person and photo."""
    if name in MADE:
        return _made(int(name[-1]))
    if name == "imagenet":  # a sample of twelve people, of all arms together
        frame = _published("ImageNet-Human-Study-Summary.sample.csv")
        return _columns(frame.assign(condition="all"), ("all",))
    frame = _published("CUB-Human-Study-Summary.csv")
    accuracy = frame.groupby("participant_id", observed=True)["is_correct"].mean()
    kept = frame["participant_id"].isin(accuracy.index[accuracy > 0.5])
    return _columns(frame[kept], PUBLISHED[name])


def _made(seed: int) -> DataFrame:
    n, n_sets, is_shared = LAYOUTS[seed]
    arms = (FIRST, replace(FIRST, accept_wrong=0.4), replace(FIRST, accept_right=0.8))
    behaviours = dict(zip("abc" if seed == 2 else "ab", arms, strict=False))
    layout = Layout(n_test=20, n_sets=n_sets, is_shared=is_shared)
    frame = simulated_responses(behaviours, n_participants=n, layout=layout, seed=seed)
    return _columns(frame, tuple(behaviours))


def shared(name: str) -> Path:
    """Return a published file beside this project."""
    return ROOT.parent / "shared" / "published" / name


def _published(name: str) -> DataFrame:
    return read_responses(shared(name), b"any").responses


def _columns(frame: DataFrame, arms: tuple[str, ...]) -> DataFrame:
    rows = frame[frame["condition"].astype("str").isin(arms)]
    photo = rows["item_id" if "item_id" in rows else "image"].astype("str")
    right = rows["is_ai_correct"].to_numpy(dtype=bool)
    return DataFrame(
        {
            "accepted": (rows["is_correct"].to_numpy(dtype=bool) == right).astype(int),
            "arm": 1 + pd.Categorical(rows["condition"].astype("str"), categories=arms).codes,
            "ai_correct": right.astype(int),
            "person": pd.factorize(rows["participant_id"].astype("str"))[0],
            "photo": pd.factorize(photo)[0],
        }
    )


def rows_of(name: str) -> Rows:
    """Return a set as the model takes it."""
    frame = answers(name)
    arm, kind, person, photo = (
        frame[column].to_numpy(dtype=np.intp) for column in ("arm", "ai_correct", "person", "photo")
    )
    accepted = frame["accepted"].to_numpy(dtype=bool)
    return Rows(accepted, arm - 1, kind, person, photo, int(arm.max()), name not in ALONE)


def by_r(name: str, folder: Path) -> dict[str, Any]:
    """Return what lme4 finds in a set."""
    file, found = folder / f"{name}.csv", folder / f"{name}.json"
    answers(name).to_csv(file, index=False)
    more = [] if name in ALONE else ["both"]
    subprocess.run(
        ["Rscript", "--vanilla", str(HERE / "detection.R"), str(file), str(found), *more],
        check=True,
        capture_output=True,
    )
    return dict(json.loads(found.read_text(encoding="utf-8")))


def main() -> None:
    """Store what R finds in the sets named on the command line, or in all."""
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or [*MADE, "imagenet", *PUBLISHED]:
            stored[name] = by_r(name, Path(folder))
    STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
