"""The texts of the figures: titles, and the numbers as text alternatives. Nothing is drawn."""

from __future__ import annotations

from typing import Any, Final

from pandas import DataFrame, isna

from analysis.figures.figure_points import (
    ALL,
    KEPT,
    LEAST_PEOPLE,
    SPECS,
    Tables,
    analysed_rows,
    arms_of,
    counted,
    is_few,
    points_of,
)
from trials.study.rule_words import rule_words

TEAM: Final = "team"
CALIBRATION: Final = "calibration"
READER_ROC: Final = "reader_roc"
FLOW: Final = "flow"
NAMES: Final = (
    "accuracy",
    "accuracy_by_ai",
    "accuracy_by_difficulty",
    "reliance",
    TEAM,
    "time",
    "position",
)
# Figures of a task that asks for confidence, and of the flow of everybody who came.
ALL_NAMES: Final = (*NAMES, CALIBRATION, READER_ROC, FLOW)
COMPARED: Final = {
    "team_natural": "team", "ai_alone_natural": "AI alone", "human_alone_natural": "people",
}  # fmt: skip
ON_ALL_PHOTOS: Final = {
    ("team_prevalence_corrected", "corrected_low", "corrected_high"): "team, natural mixture",
    ("team", "team_low", "team_high"): "team, mixture of the trials",
}
CURVE_COLUMNS: Final = {
    CALIBRATION: ("mean_confidence", "accuracy"),
    READER_ROC: ("false_alarms", "hits"),
}
MOST_POINTS: Final = 10
TITLES: Final = {
    TEAM: "Human-AI team",
    CALIBRATION: "Confidence and correctness",
    READER_ROC: "ROC curves of people",
    FLOW: "Flow of participants",
}

# How people are lost between consent and the end, in the order of the drawing.
LOSSES: Final = {
    "failed_validation": "below the pass mark",
    "failed_attention": "failed attention checks",
    "returned": "returned",
    "timed_out": "out of time",
    "withdrawn": "withdrew",
    "left": "under way, or left",
}


def figure_names(tables: Tables, analysed: str = KEPT) -> list[str]:
    """Return the figures that these tables allow, in the order of ``ALL_NAMES``."""
    return [name for name in ALL_NAMES if has_figure(name, tables, analysed)]


def has_figure(name: str, tables: Tables, analysed: str = KEPT) -> bool:
    """Return whether the tables have the data of the figure."""
    if name == TEAM:
        return all(len(tables.get(item, ())) for item in ("team", "team_curve"))
    if name in (CALIBRATION, READER_ROC):
        return len(tables.get(name, ())) > 0
    if name == FLOW:
        return len(tables.get("consort", ())) > 0
    return len(points_of(name, tables, analysed)) > 0


def figure_title(name: str) -> str:
    """Return the title of the figure."""
    return TITLES[name] if name in TITLES else SPECS[name].title


def figure_text(name: str, tables: Tables, analysed: str = KEPT) -> str:
    """Return the figure's numbers in sentences: its text alternative."""
    if name == TEAM:
        return _team_text(analysed_rows(tables["team"], analysed))
    if name in (CALIBRATION, READER_ROC):
        return _curve_text(name, analysed_rows(tables[name], analysed))
    if name == FLOW:
        return _flow_text(tables["consort"])
    points = points_of(name, tables, analysed)
    spec = SPECS[name]
    parts = [f"{spec.axis}, mean over participants and 95 % interval, {_of_whom(points)}."]
    for condition in arms_of(points):
        own = points[points["condition"] == condition]
        words = _range(own) if name == "position" else _values(own)
        n = counted(own["n_participants"].max())
        parts.append(f"{condition}{f' ({n})' if n else ''}: {words}.")
    return " ".join(parts)


def _of_whom(points: DataFrame) -> str:
    n = len(set(points["condition"]))
    return "1 condition" if n == 1 else f"{n} conditions"


def _values(own: DataFrame) -> str:
    said = []
    for _, point in own.iterrows():
        label = f"{point['series']} " if len(own) > 1 else ""
        said.append(label + interval_text(point["value"], point["low"], point["high"]))
    return ", ".join(said)


def interval_text(value: Any, low: Any, high: Any) -> str:
    """Return ``67.6 (65.8 to 69.5)``; ``no data`` if nothing is known."""
    if isna(value):
        return "no data"
    limits = "" if isna(low) or isna(high) else f" ({low:.1f} to {high:.1f})"
    return f"{value:.1f}{limits}"


def _range(own: DataFrame) -> str:
    known = own["value"].dropna()
    if not len(known):
        return "no data"
    if is_few(own["n_participants"].max()):
        return f"no curve for fewer than {LEAST_PEOPLE} people"
    return f"between {known.min():.1f} and {known.max():.1f} over {len(known)} trials"


def _team_text(team: DataFrame) -> str:
    """Compare the team with the AI and people on one mixture, and name the others apart."""
    parts = [
        "Correct decisions in percent if the AI decides at or above its threshold. Team, AI alone "
        "and people: the natural mixture, on the photos that did not tune the threshold; do not "
        "compare the AI alone or people with the numbers on all photos."
    ]
    for condition in arms_of(team):
        row = team[team["condition"] == condition].iloc[0]
        words = ", ".join(
            f"{label} {interval_text(row[name], None, None)}" for name, label in COMPARED.items()
        )
        at = "" if isna(row["threshold"]) else f" at threshold {row['threshold']:.2f}"
        on_all = ", ".join(
            f"{label} {interval_text(*(row[name] for name in names))}"
            for names, label in ON_ALL_PHOTOS.items()
        )
        parts.append(f"{condition}: {words}{at}; on all photos: {on_all}.")
    return " ".join(parts)


def _curve_text(name: str, rows: DataFrame) -> str:
    """Return the points of the final answers' curves in words."""
    rows = rows[rows["occasion"] == "final"]
    x, y = {CALIBRATION: ("mean_confidence", "accuracy"), READER_ROC: ("false_alarms", "hits")}[
        name
    ]
    parts = [
        "Correct answers in percent by mean confidence."
        if name == CALIBRATION
        else "Shares of high ratings in percent: where the AI is wrong, where it is right."
    ]
    for condition in arms_of(rows):
        own = thinned(rows[rows["condition"] == condition])
        points = ", ".join(f"{a:.1f}: {b:.1f}" for a, b in zip(own[x], own[y], strict=True))
        parts.append(f"{condition}: {points}.")
    return " ".join(parts)


def _flow_text(flow: DataFrame) -> str:
    """Return how many came, completed and are analysed, by condition."""
    whole = flow[flow["reason"].isna()]
    n = whole.set_index(["condition", "count"])["n_participants"].to_dict()
    parts = []
    for name in dict.fromkeys(whole["condition"]):
        words = [f"{n[name, 'consented']} gave consent", f"{n[name, 'completed']} completed"]
        if (name, "analysed") in n:
            words.append(f"{n[name, 'analysed']} are analysed")
        parts.append(f"{name}: {', '.join(words)}.")
    return " ".join(parts)


def thinned(points: DataFrame) -> DataFrame:
    """Return at most ``MOST_POINTS`` of a curve's points, evenly spaced, with both ends."""
    if len(points) <= MOST_POINTS:
        return points
    places = [round(k * (len(points) - 1) / (MOST_POINTS - 1)) for k in range(MOST_POINTS)]
    return points.iloc[places]


def exclusions_text(tables: Tables, analysed: str) -> str:
    """Return whether the numbers are before or after exclusions, and by which rules."""
    exclusions = tables.get("exclusions")
    if exclusions is None or not len(exclusions):
        return "no exclusion rule is declared"
    notes = dict(zip(exclusions["rule"], exclusions["note"].isna(), strict=True))
    rules = ", ".join(
        rule_words(rule) if plain else f"{rule_words(rule)}: not measured"
        for rule, plain in notes.items()
    )
    return f"before exclusions ({rules})" if analysed == ALL else f"after exclusions ({rules})"
