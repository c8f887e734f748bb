"""The tables of a study from its exported CSV files only. Pure pandas; an export contains it.

An export computes its tables with this module from the files that it has just written. The script
in the export runs the same code on the same files.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pandas import DataFrame

from analysis.codebook.codebook import ACCURACY
from analysis.codebook.column import Column, Columns
from analysis.codebook.data_columns import CONDITION, DATA, PARTICIPANT_ID
from analysis.codebook.interaction_columns import INTERACTION_TABLES
from analysis.codebook.looks_columns import LOOKS_TABLES
from analysis.codebook.table_columns import TABLES
from analysis.codebook.task_columns import TASK_TABLES
from analysis.codebook.team_columns import DEFER_TABLES
from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample, samples_of
from analysis.stats.complementarity import ALPHA
from analysis.stats.exclusions import BY_HAND
from analysis.stats.measures import MEASURES
from analysis.tables.accuracy import accuracy_table
from analysis.tables.consort import CONSORT, consort_table
from analysis.tables.imrmc_table import IMRMC, imrmc_table
from analysis.tables.looks_table import LookPlan, looks_table, tables_at_look
from analysis.tables.tables import tables_of
from analysis.tables.tidy import table_read

# The one group of people whose orders of blocks are drawn.
ANY_ORDER = "any order"
PLAN_FILE = "analysis_plan.json"
PACKAGE_FILE = "datapackage.json"

_IN_SDS = ("d_prime", "criterion")
MEASURED = (
    PARTICIPANT_ID,
    CONDITION,
    Column("n_trials", "integer", "trials", "Test trials of the participant.", minimum=1),
    *(
        Column(
            name, "number", "standard deviations" if name in _IN_SDS else "percent (0-100)",
            f"The participant's {name} over the test trials (see README.md). Empty if the "
            "denominator is 0.",
            is_nullable=True,
        )
        for name in MEASURES
    ),
    Column(
        "excluded_by", "string", "",
        "Declared rules that exclude the participant, separated by '; '. by hand: a researcher "
        "left them out (see exclusion of the participants). Empty for kept participants.",
        is_nullable=True,
    ),
)  # fmt: skip
OWN_TABLES: dict[str, Columns] = {
    "consort": CONSORT,
    "participants": MEASURED,
    "accuracy": ACCURACY,
    "imrmc": IMRMC,
}


def table_columns() -> dict[str, Columns]:
    """Return the columns of every table that an export has."""
    return OWN_TABLES | TABLES | TASK_TABLES | INTERACTION_TABLES | DEFER_TABLES | LOOKS_TABLES


def data_files(folder: Path) -> dict[str, Path]:
    """Return the paths of the data of an export, by the names of ``codebook.DATA``."""
    package = json.loads((folder / PACKAGE_FILE).read_text(encoding="utf-8"))
    paths = {item["name"]: folder / item["path"] for item in package["resources"]}
    return {name: paths[name] for name in DATA}


def table_path(name: str) -> str:
    """Return the path of a table in an export."""
    return "consort.csv" if name == "consort" else f"tables/{name}.csv"


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """An export's data without the events; columns as in ``codebook.DATA``."""

    responses: DataFrame
    participants: DataFrame
    items: DataFrame


def frames_read(files: Mapping[str, Path]) -> Frames:
    """Read the CSV files of ``codebook.DATA``."""
    names = ("responses", "participants", "items")
    return Frames(*(table_read(files[name], DATA[name]) for name in names))


def tables_from(
    frames: Frames,
    declared: Mapping[str, Any],
    progress: Callable[[int, int], None] | None = None,
    looks: Mapping[str, Any] | None = None,
) -> dict[str, DataFrame]:
    """Compute every table of the declared analysis.

    ``declared`` is a ``Declared`` in JSON. ``progress`` is called with the number of finished
    tables and the number of all. With planned ``looks`` (``LookPlan`` in JSON), there is the table
    ``looks``, and tests and verdicts on teams of a running study are for the people of the look
    that is reached.
    """
    checked = Declared.from_json(declared)
    responses, people = frames.responses, frames.participants
    tables = _own_tables(frames, checked)  # its samples are dropped before the others are made
    n, tell = len(tables), progress or _silent
    tell(n, n)
    plan = None if looks is None else LookPlan.from_json(looks)
    tables |= tables_of(
        responses, people, frames.items, checked,
        without=plan.limited if plan else (),
        p_bound=plan.p_bound if plan else ALPHA,
        progress=lambda n_done, n_total: tell(n + n_done, n + n_total),
    )  # fmt: skip
    if plan is None:
        return tables
    tables |= tables_at_look(responses, people, frames.items, checked, plan)
    tables["looks"] = looks_table(plan)
    return {name: tables[name] for name in table_columns() if name in tables}


def _own_tables(frames: Frames, checked: Declared) -> dict[str, DataFrame]:
    """Return ``OWN_TABLES``."""
    responses, people = frames.responses, frames.participants
    samples = samples_of(responses, people, checked)
    measured = _measured(samples[0].people)
    has_validation = bool((frames.items["phase"] == "validation").any())
    return {
        "consort": flow_from(people, samples[0], checked, has_validation=has_validation),
        "participants": measured.assign(
            excluded_by=measured["excluded_by"].mask(measured["excluded_by"] == "")
        ),
        "accuracy": accuracy_table(samples, checked),
        "imrmc": imrmc_table(samples[-1], checked),
    }


def flow_from(
    people: DataFrame, everyone: Sample, declared: Declared, *, has_validation: bool
) -> DataFrame:
    """Return the flow of people by their conditions, or within people by their orders of blocks.

    ``people`` has everybody, and ``everyone`` is the sample of those who completed.
    """
    measured = everyone.people
    who = measured["participant_id"].astype("str")
    excluded = dict(zip(who, measured["excluded_by"], strict=True))
    names = [*([BY_HAND] if (people["exclusion"].astype("object").notna()).any() else [])]
    names += [str(rule) for rule in declared.rules]
    missing = [str(rule) for rule in declared.rules if not rule.is_measured(measured)]
    grouped, groups = (_by_order(people, declared) if declared.is_within
                       else (people, declared.names))  # fmt: skip
    return consort_table(
        grouped, groups, excluded, names, has_validation=has_validation, missing=missing
    )


def _by_order(people: DataFrame, declared: Declared) -> tuple[DataFrame, tuple[str, ...]]:
    """Return people with their order of blocks as the condition; a drawn order is one group."""
    orders = declared.orders or (ANY_ORDER,)
    named = people["block_order"].astype("object")
    return people.assign(condition=named.where(named.isin(orders), orders[0])), orders


def _silent(n_done: int, n_total: int) -> None:
    """Show no progress."""


def _measured(everyone: DataFrame) -> DataFrame:
    named = everyone.assign(participant_id=everyone["participant_id"].astype("str"))
    return named[[column.name for column in MEASURED]]


def figure_files(tables: Mapping[str, DataFrame], note: str = "") -> dict[str, Callable[[], bytes]]:
    """Return the figures of the tables: each file's name, and a function that returns its bytes."""
    from analysis.figures import figures

    # Otherwise Matplotlib logs every glyph of a PDF.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    drawn = figures.figures_of(tables, note=note)
    return {
        f"{name}.{form}": partial(figures.figure_bytes, figure, form)
        for name, figure in drawn.items()
        for form in figures.FORMATS
    }
