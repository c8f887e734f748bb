"""The tables next to the figures: words and rounded numbers, ready to be shown on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pandas import DataFrame, Series, isna

from analysis.figures.figure_points import (
    KEPT,
    MS_PER_S,
    SPECS,
    WITH_AWAY,
    WITHOUT_AWAY,
    Tables,
    analysed_rows,
    arms_of,
    n_timed,
    points_of,
    pooled,
    time_shown,
)
from analysis.figures.figure_texts import (
    CALIBRATION,
    FLOW,
    READER_ROC,
    TEAM,
    exclusions_text,
    figure_names,
    figure_text,
    figure_title,
)
from analysis.results import attrition_sheet
from analysis.results.cells import NONE, Sheet, estimate, interval, number, p_value
from analysis.results.flow import flow_sheet
from analysis.results.interaction_sheet import TITLE, interaction_sheet
from analysis.results.task_sheets import curve_sheet, roc_sheet, task_sheets
from analysis.results.team_sheets import observed_sheet, prevalence_sheet, team_sheet
from analysis.stats.exclusions import NOT_MEASURED
from trials.study.rule_words import rule_words

ALL_ARMS: Final = "All arms"
OWN_SHEETS: Final[Mapping[str, Callable[[Tables, str], Sheet]]] = {
    TEAM: team_sheet, CALIBRATION: curve_sheet, READER_ROC: roc_sheet, FLOW: flow_sheet,
}  # fmt: skip
MOST_INTERVALS: Final = 3  # series; a table of more series shows only the means
RELIANCE_TOO: Final = {"accept_rate": "Accepted", "d_prime": "d′", "criterion": "c"}
TESTS: Final = "Tests"
OBSERVED: Final = "Observed human-AI team: the AI decides where it is sure"
PREVALENCE: Final = "Human-AI team by how often the AI is right"
PHOTOS_APART: Final = (
    "Mann–Whitney treats the photos as fixed: where they are different, its difference may be that "
    "of the photos"
)
INTERIM: Final = "Interim: not for deciding when to stop."


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page: a table, with its figure unless ``name`` is empty."""

    title: str
    sheet: Sheet
    name: str = ""
    text: str = ""


def panels_of(tables: Tables, analysed: str = KEPT, *, is_interim: bool = False) -> list[Panel]:
    """Return the panels of all tables, in the order of the page.

    Tests of a study that is not closed are marked as interim (``is_interim``).
    """
    drawn = [
        Panel(figure_title(name), _sheet(name, tables, analysed), name, words)
        for name in figure_names(tables, analysed)
        for words in [figure_text(name, tables, analysed)]
    ]
    told = {
        OBSERVED: "team_observed",
        PREVALENCE: "team_prevalence",
        TESTS: "tests",
        "Exclusions": "exclusions",
        attrition_sheet.TITLE: "attrition",
    }
    more = [
        Panel(title, TOLD[name](tables, analysed))
        for title, name in told.items()
        if len(tables.get(name, ()))
    ]
    of_task = [Panel(title, sheet) for title, sheet in task_sheets(tables, analysed)]
    if len(tables.get("interaction", ())):
        of_task.append(Panel(TITLE, interaction_sheet(tables, analysed)))
    return drawn + of_task + [_marked(item) if is_interim else item for item in more]


def _marked(panel: Panel) -> Panel:
    """Return the panel; a panel of tests says that the tests are interim."""
    if panel.title != TESTS:
        return panel
    caption = f"{panel.sheet.caption}. {INTERIM}"
    return replace(panel, sheet=replace(panel.sheet, caption=caption))


def _sheet(name: str, tables: Tables, analysed: str) -> Sheet:
    if name in OWN_SHEETS:
        return OWN_SHEETS[name](tables, analysed)
    points = points_of(name, tables, analysed)
    spec = SPECS[name]
    series = list(spec.series or dict.fromkeys(points["series"]))
    whom = exclusions_text(tables, analysed)
    if len(series) == 1:
        caption = f"{spec.axis}, mean over the participants who completed; {whom}"
        sheet = _one_series(caption, points)
        return _with_median(sheet, tables, analysed) if name == "time" else sheet
    limits = " (95 % interval)" if len(series) <= MOST_INTERVALS else ""
    caption = f"{spec.axis}, mean{limits} over the participants who completed; {whom}"
    rows = [_row(name, points[points["condition"] == name], series) for name in arms_of(points)]
    of_series = [pooled(points[points["series"] == item]) for item in series]
    n = max(n for n, _ in of_series)
    rows.append([ALL_ARMS, str(n), *(number(mean) for _, mean in of_series)])
    columns = ["Condition", "Participants", *series]
    sheet = _countless(Sheet(caption, columns, rows), points)
    return _with_more(sheet, tables, analysed) if name == "reliance" else sheet


def _row(name: str, own: DataFrame, series: list[str]) -> list[str]:
    cells = [name, number(own["n_participants"].max(), 0)]
    values = own.set_index("series").reindex(series)
    if len(series) > MOST_INTERVALS:
        return cells + [number(value) for value in values["value"]]
    parts = ("value", "low", "high", "n_participants")
    points = zip(*(values[name] for name in parts), strict=True)
    # The column of participants has the number, unless a series has fewer of them.
    most = own["n_participants"].max()
    return cells + [
        estimate(value, low, high, None if n == most else n) for value, low, high, n in points
    ]


def _one_series(caption: str, points: DataFrame) -> Sheet:
    """Return the table of one series, with additional columns and, if counted, trials."""
    columns = ["Condition", "Participants", "Trials", "Mean", "SD", "95 % interval"]
    own = points.set_index("condition").loc[arms_of(points)]
    rows = [
        [
            str(name), number(row["n_participants"], 0), number(row["n_trials"], 0),
            number(row["value"]), number(row["sd"]),
            interval(row["low"], row["high"]),
        ]
        for name, row in own.iterrows()
    ]  # fmt: skip
    n, mean = pooled(points)
    rows.append([ALL_ARMS, str(n), number(own["n_trials"].sum(), 0), number(mean), NONE, NONE])
    if own["n_trials"].isna().all():
        columns, rows = _without(2, columns), [_without(2, row) for row in rows]
    return _countless(Sheet(caption, columns, rows), points)


def _countless(sheet: Sheet, points: DataFrame) -> Sheet:
    """Return a blinded sheet without the counts of people, also for all arms together."""
    if points["n_participants"].notna().any():
        return sheet
    rows = [_without(1, row) for row in sheet.rows if row[0] != ALL_ARMS]
    return Sheet(sheet.caption, _without(1, sheet.columns), rows)


def _without(place: int, cells: list[str]) -> list[str]:
    return cells[:place] + cells[place + 1 :]


def _with_median(sheet: Sheet, tables: Tables, analysed: str) -> Sheet:
    """Add the median over people, and say whether time away from the page is included."""
    rows = analysed_rows(tables["times"], analysed)
    shown = time_shown(rows)
    medians = rows[rows["measure"] == shown].set_index("condition")["median"] / MS_PER_S
    place = sheet.columns.index("Mean")
    sheet.columns.insert(place, "Median")
    for row in sheet.rows:
        row.insert(place, number(medians.get(row[0])))
    return replace(sheet, caption=f"{sheet.caption}; each person's median{_away_words(rows)}")


def _away_words(rows: DataFrame) -> str:
    """Say whether the shown times include time away from the page; empty if nobody's is known."""
    n, n_without_away = (n_timed(rows, measure) for measure in (WITH_AWAY, WITHOUT_AWAY))
    if time_shown(rows) == WITHOUT_AWAY:
        return ", without the time away from the page"
    if not n_without_away:
        return ""
    return f", with the time away from the page, which is known for {n_without_away} of {n} only"


def _with_more(sheet: Sheet, tables: Tables, analysed: str) -> Sheet:
    """Add the measures of the same answers that are not in the figure."""
    rows = analysed_rows(tables["measures"], analysed)
    rows = rows[rows["weight"] == "participants"]
    for measure, head in RELIANCE_TOO.items():
        own = rows[rows["measure"] == measure].set_index("condition")["estimate"]
        digits = 1 if measure == "accept_rate" else 2
        for row in sheet.rows:
            row.append(number(own.get(row[0]), digits))
        sheet.columns.append(head)
    return sheet


def _tests(tables: Tables, analysed: str) -> Sheet:
    tests = analysed_rows(tables["tests"], analysed)
    columns = ["Comparison", "Photos", "n", "Difference", "95 % interval", "p", "p (Holm)"]
    columns += ["Mann–Whitney U", "Mann–Whitney p", "Mann–Whitney p (Holm)", "Cliff’s δ"]
    rows = [_tests_row(row) for _, row in tests.iterrows()]
    whom = exclusions_text(tables, analysed)
    measure = str(tests["measure"].iloc[0]).replace("_", " ")
    apart = f". {PHOTOS_APART}" if _are_apart(tests["shares_photos"]).any() else ""
    caption = (
        f"Differences in {measure} between conditions; interval and p treat people and photos as "
        f"samples; {whom}{apart}"
    )
    return Sheet(caption, columns, rows)


def _are_apart(shares_photos: Series) -> Series:
    """Return which pairs judge different photos; a pair of which that is unknown does not."""
    return ~shares_photos.fillna(True).astype(bool)


def _tests_row(row: Series) -> list[str]:
    return [
        f"{row['a']} − {row['b']}",
        NONE if isna(row["shares_photos"]) else "shared" if row["shares_photos"] else "different",
        f"{row['n_a']} and {row['n_b']}",
        number(row["difference"]),
        interval(row["twoway_low"], row["twoway_high"]),
        p_value(row["twoway_p"]),
        p_value(row["twoway_p_holm"]),
        number(row["u"]),
        p_value(row["p"]),
        p_value(row["p_holm"]),
        number(row["cliffs_delta"], 2),
    ]


def _exclusions(tables: Tables, analysed: str) -> Sheet:
    columns = ["Condition", "Rule", "Participants", "Excluded by it", "Kept"]
    table = tables["exclusions"]
    names = ["condition", "rule", "n_participants", "n_excluded", "n_kept"]
    is_unknown = table["note"] == NOT_MEASURED
    said = (
        table[names]
        .astype("str")
        .assign(
            rule=table["rule"].astype("str").map(rule_words),
            n_excluded=table["n_excluded"].astype("str").mask(is_unknown, NOT_MEASURED),
        )
    )
    rows = [list(row) for row in said.itertuples(index=False, name=None)]
    caption = "Participants who completed, by declared rule; by hand: left out by a researcher"
    return Sheet(caption, columns, rows)


TOLD: Final[Mapping[str, Callable[[Tables, str], Sheet]]] = {
    "team_observed": observed_sheet,
    "team_prevalence": prevalence_sheet,
    "tests": _tests,
    "exclusions": _exclusions,
    "attrition": attrition_sheet.attrition_sheet,
}
