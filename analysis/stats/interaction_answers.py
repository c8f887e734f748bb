"""How people used an interactive view: columns of the answers. Pure pandas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

NEEDED = ("mask", "n_mask_changes", "shown_label", "is_shown_correct", "ai_label")


def is_interactive(responses: DataFrame) -> bool:
    """Return whether some answers are of an interactive view."""
    return "mask" in responses and bool(responses["mask"].notna().any())


def interaction_columns(taken: Mapping[str, Series]) -> dict[str, NDArray[np.float64]]:
    """Return the columns that an interactive view adds; NaN for the answers of other views.

    ``n_mask_changes``, ``n_cells`` (selected at the answer), ``is_other_label`` (the label shown at
    the answer is not the AI's first one) and ``is_shown_correct``, each as a float.
    """
    is_there = taken["mask"].notna().to_numpy()
    cells = taken["mask"].astype("object").where(is_there, "").str.count("1").to_numpy(dtype=float)
    shown, first = (taken[name].astype("object").to_numpy() for name in ("shown_label", "ai_label"))
    return {
        "n_mask_changes": taken["n_mask_changes"].to_numpy(dtype=float, na_value=np.nan),
        "n_cells": np.where(is_there, cells, np.nan),
        "is_other_label": np.where(is_there, shown != first, np.nan),
        "is_shown_correct": taken["is_shown_correct"].to_numpy(dtype=float, na_value=np.nan),
    }
