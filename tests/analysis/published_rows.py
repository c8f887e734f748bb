"""Synthetic files in the reference study's two schemas. Every value is invented.

``rows`` and ``pool_rows`` draw them, ``write`` makes files of them, ``run`` the command.
Columns that the analysis does not read hold plausible filling.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from trials.study.plan import CONDITIONS

AIS = ("ResNet", "KNN", "EMD", "CHM")
JUDGED = dict(zip([c.name for c in CONDITIONS], [0, 1, 2, 2, 3, 3], strict=True))
SUFFIXES = ("No-XAI", "KNNs", "EMD-NNs", "EMD-Corrs", "CHM-NNs", "CHM-Corrs")
LEVELS = ("Easy", "Medium", "Hard")

METHODS = list(JUDGED)
METHOD_KEYS = {
    "n_users_raw", "n_users", "accuracy_raw_mean", "accuracy_mean", "accuracy_sd",
    "balanced_accuracy_mean", "accuracy_ai_wrong_mean", "accuracy_ai_correct_mean",
    "over_reliance", "under_reliance", "n_accepted", "n_rejected", "accuracy_by_difficulty", "team",
}  # fmt: skip
TEAM_KEYS = {
    "threshold", "ai_share", "ai_accuracy_on_share", "human_accuracy_on_rest", "ai_alone", "team",
    "team_prevalence_corrected",
}  # fmt: skip

Row = dict[str, object]


def level(percent: int, is_ai_correct: int) -> str:
    place = 0 if percent >= 75 else 2 if percent < 35 else 1
    return LEVELS[place if is_ai_correct else 2 - place]


def rows(schema: str, n_each: int = 2, n_trials: int = 30, seed: int = 0) -> list[Row]:
    """Return the rows of ``n_each`` participants a condition, in either schema."""
    rng = random.Random(seed)
    made = []
    for condition in JUDGED:
        for person in range(n_each):
            trials = [_trial(condition, rng, f"{person}-{t}") for t in range(n_trials)]
            made += _session(schema, condition, person, trials)
    return made


def _trial(condition: str, rng: random.Random, name: str) -> Row:
    ai = JUDGED[condition]
    y = rng.randint(0, 1)
    sure = [rng.randint(0, 100) if i == 0 else 5 * rng.randint(0, 20) for i in range(4)]
    h = int(rng.random() < (0.9 if y else 0.5))
    answers = ["wren" if y or i != ai else "owl" for i in range(4)]
    return {
        "Query": f"{condition}-{name}.jpg",
        "Correctness": h,
        "Method": condition,
        "GroundTruth": "wren",
        "ClassifierCorrectness": y,
        "ConfidenceScore": sure[ai] / 100,
        "DifficultyLevel": level(sure[ai], y),
        **{f"{each}-Prediction": answer for each, answer in zip(AIS, answers, strict=True)},
        **{f"{each}-Conf": percent / 100 for each, percent in zip(AIS, sure, strict=True)},
    }


def _session(schema: str, condition: str, person: int, trials: list[Row]) -> list[Row]:
    n_right = sum(int(str(trial["Correctness"])) for trial in trials)
    stage = 400_000 + 1000 * person
    place = list(JUDGED).index(condition)
    shared: Row = {
        "Counter balance": 1 + person % 20,
        "Validation Reaction Time": stage + 1500.5,
        "Test Reaction Time": stage,
    }
    if schema == "CUB":
        session: Row = {
            "UID": f"p{place}{person:04d}{SUFFIXES[place]}",
            "Date": f"2022-05-05 14:{person % 60:02d}:35.473",
            "Accuracy": n_right / len(trials),
            "Total Corrects": n_right,
        }
        votes = {f"{ai}-Conf": 1 / 20 for ai in AIS[1:]}
        divided = [{key: float(str(t[key])) * by for key, by in votes.items()} for t in trials]
        return [t | shared | session | d for t, d in zip(trials, divided, strict=True)]
    session = {
        "UID": 6_000_000 + 1000 * place + person,
        "DATE": f"2022-05-01 00:{person % 60:02d}:34.793",
        "User Accuracy": n_right / len(trials),
        "User Corrects": n_right,
        "ImageNet": n_right,
        "Prior Knowledge": person % 2,
        **dict.fromkeys(("Group Known", "Group Unknown"), 0),
        "Group Validation Correct": 10,
        "Group Validation Incorrect": 0,
        **{f"Parent-lvl{depth}": "bird" for depth in (12, 13, 14)},
        **{f"Parent-lvl{depth}_real": "['bird']" for depth in (12, 13, 14)},
        "Real GTs": "['wren', 'robin']",
        "Real WNIDs": "['n1', 'n2']",
    }
    return [trial | shared | session for trial in trials]


def write(path: Path, table: Sequence[Row]) -> Path:
    """Write rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def pool_rows(n: int, seed: int = 0) -> list[Row]:
    """Return a pool of ``n`` images on which surer AIs are more often right."""
    rng = random.Random(seed)
    table: list[Row] = []
    for _ in range(n):
        row: Row = {"gt": "wren"}
        for ai in AIS:
            percent = rng.randint(0, 100) if ai == "ResNet" else 5 * rng.randint(0, 20)
            row[f"{ai.lower()}_correct"] = int(rng.random() < percent / 100)
            row[f"{ai.lower()}_conf"] = percent / 100
        table.append(row)
    return table


def run(out: Path, *arguments: object) -> tuple[dict[str, Any], str]:
    """Run the command into ``out``; return results.json and what was printed."""
    printed = StringIO()
    call_command("analyse_published", *map(str, arguments), "--out", str(out), stdout=printed)
    return json.loads((out / "results.json").read_text()), printed.getvalue()


def tidy(file: Path) -> list[dict[str, str]]:
    """Read a CSV with the standard library, every cell as text."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))
