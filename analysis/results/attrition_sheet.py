"""The page's table of the people who were lost, with bounds of each declared difference."""

from __future__ import annotations

from analysis.figures.figure_points import Tables
from analysis.results.cells import NONE, Sheet, number, p_value

TITLE = "Attrition"
CAPTION = (
    "People who began and were lost, by stage (where somebody was), without those under way; p of "
    "a difference between the shares lost, not corrected. Bounds of the difference (Lee 2009) "
    "hold if the losses are not random; the last column is the difference over all who began if "
    "the lost had guessed. Exclusions do not apply"
)
ALL_STAGES = "all"
COLUMNS = ["Comparison", "Stage", "Lost", "p", "Difference", "Bounds", "All who began"]


def attrition_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return the people lost in each declared comparison; ``analysed`` makes no difference."""
    rows = []
    for _, row in tables["attrition"].iterrows():
        is_of_stage = str(row["stage"]) != ALL_STAGES
        if is_of_stage and not (row["lost_a"] or row["lost_b"]):
            continue
        lost = " / ".join(f"{row[f'lost_{arm}']} of {row[f'n_{arm}']}" for arm in ("a", "b"))
        ends = [number(row[name]) for name in ("lee_low", "lee_high")]  # equal if the losses are
        bounds = NONE if NONE in ends else " to ".join(ends)
        more = [number(row["difference"]), bounds, number(row["all_randomised"])]
        rows.append([f"{row['a']} − {row['b']}", str(row["stage"]), lost, p_value(row["p"]), *more])
    return Sheet(CAPTION, COLUMNS, rows)
