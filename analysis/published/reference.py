"""Compare computed numbers with a file of reference numbers, if there is one. Pure.

The reference is a JSON file next to the data or named by the caller; none is built in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pandas import DataFrame

from analysis.published.refusals import PublishedRefused
from analysis.stats.confidence import DIFFICULTIES

# Keys of results.json, and the reference's keys of the same number of a condition.
METHOD_KEYS = {
    "n_users_raw": ("n_users_raw",),
    "n_users": ("n_users",),
    "accuracy_raw_mean": ("accuracy_raw_mean",),
    "accuracy_mean": ("accuracy_mean",),
    "accuracy_sd": ("accuracy_sd",),
    "balanced_accuracy_mean": ("balanced_accuracy_mean",),
    "accuracy_ai_wrong_mean": ("accuracy_ai_wrong_user_mean",),
    "accuracy_ai_correct_mean": ("accuracy_ai_correct_user_mean",),
    "over_reliance": ("over_reliance_accept_when_ai_wrong",),
    "under_reliance": ("under_reliance_reject_when_ai_correct",),
    "n_accepted": ("accepted",),
    "n_rejected": ("rejected",),
    **{level: ("difficulty", level, "figure_mean_of_user_cells") for level in DIFFICULTIES},
}
TEAM_KEYS = {
    "threshold": "T_star",
    "ai_share": "ai_share",
    "ai_accuracy_on_share": "ai_acc_on_accepted",
    "human_accuracy_on_rest": "human_acc_on_rest",
    "ai_alone": "ai_alone_thresholded_test_split",
    "team": "team",
    "team_prevalence_corrected": "team_prevalence_corrected",
}
TEST_KEYS = {"u": "U", "p": "p", "p_holm": "p_holm_15", "cliffs_delta": "cliffs_delta_a_minus_b"}


def read_reference(path: Path | str) -> dict[str, Any]:
    """Read a JSON file of reference numbers. Raises ``PublishedRefused`` for any other file."""
    file = Path(path)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PublishedRefused(f"{file}: {error}; expected reference numbers as JSON.") from error
    if not isinstance(content, dict) or "per_method" not in content.get("dataset", {}):
        raise PublishedRefused(
            f"{file}: no dataset.per_method; expected reference numbers of one dataset, with "
            "dataset.per_method.CONDITION, dataset.tests.pairs and team.table3.CONDITION."
        )
    return content


def comparison_table(
    results: Mapping[str, Any], reference: Mapping[str, Any] | None = None
) -> DataFrame:
    """Return one row per number of ``results.json``, with the reference and the difference.

    Columns: ``group`` (accuracy, team, tests), ``of`` (a condition, or a pair), ``quantity``,
    ``computed``, ``reference``, ``difference``; the last two are NaN if the reference lacks the
    number.
    """
    known = reference or {}
    rows = [
        {"group": group, "of": of, "quantity": quantity, "computed": computed, "reference": other}
        for group, of, quantity, computed, other in [
            *_method_rows(results, known),
            *_test_rows(results, known),
        ]
    ]
    table = DataFrame(rows, columns=["group", "of", "quantity", "computed", "reference"])
    table = table.astype({"computed": "float64", "reference": "float64"})
    return table.assign(difference=table["computed"] - table["reference"])


Row = tuple[str, str, str, float, float]


def _method_rows(results: Mapping[str, Any], reference: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for name, numbers in results["methods"].items():
        flat = numbers | numbers["accuracy_by_difficulty"]
        there = _at(reference, "dataset", "per_method", name)
        rows += [
            ("accuracy", name, key, _number(flat[key]), _number(_at(there, *path)))
            for key, path in METHOD_KEYS.items()
        ]
        there = _at(reference, "team", "table3", name)
        rows += [
            ("team", name, key, _number(numbers["team"][key]), _number(_at(there, path)))
            for key, path in TEAM_KEYS.items()
            if numbers["team"] is not None
        ]
    return rows


def _test_rows(results: Mapping[str, Any], reference: Mapping[str, Any]) -> list[Row]:
    pairs = _at(reference, "dataset", "tests", "pairs") or []
    known = {tuple(pair["pair"]): pair for pair in pairs}
    return [
        (
            "tests",
            " vs ".join(test["pair"]),
            key,
            _number(test[key]),
            _number(_at(known, tuple(test["pair"]), path)),
        )
        for test in results["tests"]
        for key, path in TEST_KEYS.items()
    ]


def _at(tree: Any, *path: Any) -> Any:
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _number(value: Any) -> float:
    """Return a number, also from text; NaN for anything else."""
    return math.nan if value is None else float(value)
