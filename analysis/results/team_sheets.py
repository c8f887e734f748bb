"""The tables of human-AI teams for a page."""

from __future__ import annotations

from typing import Final

from pandas import Series, isna

from analysis.figures.figure_points import Tables, analysed_rows
from analysis.figures.figure_texts import exclusions_text
from analysis.results.cells import NONE, Sheet, estimate, number

TOO_FEW: Final = "too few trials"
INTERIM: Final = "interim"
NATURAL: Final = ("team_prevalence_corrected", "corrected_low", "corrected_high")


def team_sheet(tables: Tables, analysed: str) -> Sheet:
    team = analysed_rows(tables["team"], analysed)
    columns = [
        "Condition", "Threshold", "AI decides", "AI right there", "Trials of the rest", "AI alone",
        "AI always accepted", "People", "Team", "Team − best of the others", "Beats both",
        "Team, mixture of the trials", "Natural mixture, all photos",
    ]  # fmt: skip
    rows = [_team_row(row) for _, row in team.iterrows()]
    whom = exclusions_text(tables, analysed)
    what = "Correct decisions in percent (95 % interval), AI and people sharing the images"
    caption = (
        f"{what}; right and wrong answers as often as the AI gives, on the photos that did not "
        "tune its threshold. The last two columns are the figure's curves, on all photos, with "
        "right answers as often as the trials and as often as the AI has them: do not compare them "
        f"with the AI alone; {whom}"
    )
    return Sheet(caption, columns, rows)


def undecided(tables: Tables) -> Tables:
    """Return the tables of a state that decides nothing: the verdicts on teams say interim."""
    if "team" not in tables:
        return tables
    team = tables["team"]
    return {
        **tables,
        "team": team.assign(verdict=team["verdict"].mask(team["verdict"].notna(), INTERIM)),
    }


def _team_row(row: Series) -> list[str]:
    above = [row[f"complementarity{end}"] for end in ("", "_low", "_high")]
    natural = ("ai_alone_natural", "ai_always", "human_alone_natural", "team_natural")
    return [
        row["condition"],
        number(row["threshold"], 2),
        *(number(row[name]) for name in ("ai_share", "ai_accuracy_on_share")),
        number(row["n_trials_on_rest"], 0),
        *(number(row[name]) for name in natural),
        estimate(*above),
        _verdict(row),
        estimate(row["team"], row["team_low"], row["team_high"]),
        estimate(*(row[name] for name in NATURAL)),
    ]


def _verdict(row: Series) -> str:
    if isna(row["verdict"]):
        return NONE
    if row["verdict"] != TOO_FEW:
        return str(row["verdict"])
    return _too_few(int(row["n_trials_on_rest"]), int(row["n_people_on_rest"]))


def prevalence_sheet(tables: Tables, analysed: str) -> Sheet:
    rows_of = analysed_rows(tables["team_prevalence"], analysed)
    shares = list(dict.fromkeys(rows_of["prevalence"]))
    rows = []
    for condition, own in rows_of.groupby("condition", sort=False, observed=True):
        ends = ("complementarity", "complementarity_low", "complementarity_high")
        at = own.set_index("prevalence")[list(ends)].reindex(shares)
        rows.append([str(condition), *(estimate(*point) for point in at.to_numpy())])
    caption = (
        "Team − best of the others in points (95 % interval), by how often the AI is right; "
        f"{exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, ["Condition", *(f"{number(share, 0)} %" for share in shares)], rows)


def observed_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return the observed teams: the AI decides where it is sure, people judge the rest."""
    rows = []
    for _, row in analysed_rows(tables["team_observed"], analysed).iterrows():
        ends = {
            name: [row[f"{name}{end}"] for end in ("", "_low", "_high")]
            for name in ("human", "human_natural", "team", "team_natural")
        }
        rows.append(
            [
                row["condition"],
                *(number(row[name]) for name in ("ai_share", "ai_accuracy_on_share", "ai_always")),
                number(row["n_trials"], 0),
                *(estimate(*each) for each in ends.values()),
                number(row["team_simulated"]),
            ]
        )
    columns = [
        "Condition", "AI decides", "AI right there", "AI always accepted", "Trials of the rest",
        "People, mixture of the trials", "People", "Team, mixture of the trials", "Team",
        "Simulated team",
    ]  # fmt: skip
    caption = (
        "Correct decisions in percent (95 % interval over people and photos): the AI decides the "
        "photos where it is sure, people the others, which the AI gets right as often as it does, "
        "or as often as the trials; the simulated team has the mixture of the trials and the AI's "
        f"own threshold; {exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, columns, rows)


def _too_few(n_trials: int, n_people: int) -> str:
    people = "person" if n_people == 1 else "people"
    return f"{TOO_FEW} below the threshold ({n_trials} of {n_people} {people})"
