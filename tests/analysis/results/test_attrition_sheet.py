"""The results page says who was lost, and what that may hide."""

from __future__ import annotations

from pandas import DataFrame

from analysis.results.attrition_sheet import attrition_sheet

ROWS = DataFrame(
    {
        "a": ["kNN"] * 3, "b": ["none"] * 3, "stage": ["validation", "attention", "all"],
        "n_a": [20] * 3, "n_b": [21] * 3, "lost_a": [3, 0, 4], "lost_b": [0, 0, 1],
        "p": [0.1, 1.0, 0.2], "difference": [None, None, 2.5], "lee_low": [None, None, -1.25],
        "lee_high": [None, None, 6.0], "all_randomised": [None, None, 1.0],
    }
)  # fmt: skip


def test_a_comparison_has_the_stages_where_somebody_was_lost_and_the_bounds_once() -> None:
    validation, every = attrition_sheet({"attrition": ROWS}, "kept").rows
    assert validation == ["kNN − none", "validation", "3 of 20 / 0 of 21", "0.100", "–", "–", "–"]
    assert every[:4] == ["kNN − none", "all", "4 of 20 / 1 of 21", "0.200"]
    assert every[4] == "2.5"
    assert every[5].startswith("−1.2")
    assert every[5].endswith("6.0")
