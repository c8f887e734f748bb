"""All tables of a study's analysis, for the page, the files and the command. Pure pandas.

``tables_of`` is the entry point. ``analysis.codebook`` defines each column, docs/metrics.md each
number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.codebook.codebook import Column
from analysis.codebook.interaction_columns import INTERACTION_TABLES
from analysis.codebook.table_columns import TABLES
from analysis.codebook.task_columns import TASK_TABLES
from analysis.codebook.team_columns import DEFER_TABLES
from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample, samples_of
from analysis.stats.complementarity import ALPHA
from analysis.stats.detection import detection_model
from analysis.stats.draws import kept_draws
from analysis.stats.equivalence import equivalence_table
from analysis.stats.exclusions import NOT_MEASURED, exclusion_table
from analysis.stats.mixed import mixed_table
from analysis.stats.task_answers import asked, is_choice
from analysis.tables.attrition_table import attrition_table
from analysis.tables.choice_tables import classes_table, combination_table, confusion_table
from analysis.tables.complementarity_tables import (
    team_and_verdict_table,
    team_prevalence_table,
    verdicts_of,
)
from analysis.tables.inference_tables import differences_table, pair_tests_table, twoway_of
from analysis.tables.interaction_table import interaction_table
from analysis.tables.observed_team_table import defers, team_observed_table
from analysis.tables.people_tables import (
    accuracy_by_table,
    images_table,
    measures_table,
    times_table,
)
from analysis.tables.rational_table import rational_table
from analysis.tables.task_tables import (
    calibration_table,
    reader_roc_table,
    task_differences_table,
    task_measures_table,
)
from analysis.tables.team_tables import pools_of, team_curve_table, teams_of

__all__ = ["Declared", "DeclaredCondition", "OnProgress", "tables_of", "texts_of"]

SPECIFICATION = "specification"
CHOSEN = "people chose among classes, and did not accept or reject"
OnProgress = Callable[[int, int], None]
Part = Callable[[Sample, Declared], DataFrame]


def _equivalence(sample: Sample, declared: Declared, p_bound: float = ALPHA) -> DataFrame:
    """Return the tests of equivalence: one row per pair; no row without a declared margin."""
    if not declared.margin:
        return equivalence_table({}, (), 0, ()).assign(measure=declared.measure)
    values = {name: sample.values(name, declared.measure) for name in declared.names}
    differences = twoway_of(sample, declared, declared.measure)
    table = equivalence_table(values, declared.pairs, declared.margin, differences, p_bound=p_bound)
    if declared.is_within:  # Welch's test is of two groups of people
        table[["welch_low", "welch_high", "welch_p"]] = np.nan
    return table.assign(measure=declared.measure)


def _mixed_model(sample: Sample, declared: Declared) -> DataFrame:
    table = mixed_table(sample.answers, conditions=declared.names, seed=declared.seed)
    return _saying(table, {sample.name: table.attrs[SPECIFICATION]})


def _detection_model(sample: Sample, declared: Declared) -> DataFrame:
    is_fitted = not is_choice(sample.answers)
    answers = sample.answers if is_fitted else sample.answers.iloc[:0]
    model = detection_model(
        answers, conditions=declared.names, pairs=declared.pairs, seed=declared.seed
    )
    if is_fitted:
        return _saying(model.table, {sample.name: model.specification})
    return _saying(model.table.assign(note=CHOSEN), {sample.name: f"Nothing was fitted: {CHOSEN}."})


def _saying(table: DataFrame, words: Mapping[str, str]) -> DataFrame:
    """Return the table; ``attrs`` has its model's specification, by the value of ``analysed``."""
    table.attrs[SPECIFICATION] = dict(words)
    return table


def texts_of(tables: Mapping[str, DataFrame]) -> dict[str, str]:
    """Return the texts that go with the tables, by the names of text files."""
    texts = {}
    for name, table in tables.items():
        words = table.attrs.get(SPECIFICATION, {})
        whose: dict[str, list[str]] = {}
        for analysed in table["analysed"].unique() if words else ():
            # If nobody is excluded, the model is fitted once and the rows are copied.
            whose.setdefault(words.get(analysed, words.get("all")), []).append(analysed)
        parts = [f"Rows whose analysed is {', '.join(n)}:\n{text}\n" for text, n in whose.items()]
        if parts:
            texts[f"{name}.txt"] = "\n".join(parts)
    return texts


ATTRITION = "attrition"
OF_TEAMS = ("team", "team_curve", "team_prevalence", "rational")
OF_VERDICTS = frozenset({"team", "team_prevalence"})
DTYPES = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}

PARTS: dict[str, Part] = {
    "measures": measures_table,
    "accuracy_by": accuracy_by_table,
    "tests": pair_tests_table,
    "differences": differences_table,
    "equivalence": _equivalence,
    "detection_model": _detection_model,
    "mixed_model": _mixed_model,
    "images": images_table,
    "times": times_table,
}


def _task_parts(answers: DataFrame) -> dict[str, Part]:
    """Return the tables that the task and an interactive view add; none for Yes and No alone."""
    has_confidence = "confidence" in answers or "first_confidence" in answers
    is_task = {
        task_measures_table: bool(asked(answers)),
        task_differences_table: bool(asked(answers)),
        calibration_table: has_confidence,
        reader_roc_table: has_confidence and not is_choice(answers),
        classes_table: is_choice(answers),
        confusion_table: is_choice(answers),
        combination_table: is_choice(answers),
    }
    found: dict[str, Part] = {
        name: part
        for name, (part, is_there) in zip(TASK_TABLES, is_task.items(), strict=True)
        if is_there
    }
    return found | ({"interaction": interaction_table} if "n_mask_changes" in answers else {})


def tables_of(
    responses: DataFrame,
    people: DataFrame,
    items: DataFrame,
    declared: Declared,
    *,
    without: Collection[str] = (),
    progress: OnProgress | None = None,
    p_bound: float = ALPHA,
) -> dict[str, DataFrame]:
    """Return all tables of a study: the codebook's ``TABLES``, and what task and deferral add.

    ``responses`` has one row per test answer (``codebook.RESPONSES``; ``prior_knowledge`` and
    ``rt_clean_ms`` are optional), ``people`` one row per participant (``participant_id``,
    ``condition``, ``status``, and durations of stages, which end in ``_ms``), ``items`` one row per
    classifier and image (``classifier``, ``item_id``, ``is_ai_correct``, ``ai_confidence``,
    ``ai_votes`` and ``n_voters``, both missing for an AI that does not vote). Texts may be
    categories, which saves memory.

    Only participants who completed are analysed. A row's ``analysed`` says whether it is for
    ``all`` of them or for those ``kept`` (``analysis_sets.samples_of``). Percentages are 0 to
    100. A value that is not defined is missing, never 0. Tables named in ``without`` are left
    out, to save time. ``p_bound`` is that of a planned look, for the verdicts on teams and on
    equivalence. ``progress`` is called with the number of finished tables and of all. The same
    frames and declaration give the same tables. Raises ``ValueError`` for frames that contradict
    each other or the declaration.
    """
    everyone, *_, kept = found = samples_of(responses, people, declared)
    pools = pools_of(items, declared)
    samples = (everyone,) if kept.people is everyone.people else found
    of_task = _task_parts(everyone.answers)
    of_teams = (*OF_TEAMS, *(DEFER_TABLES if defers(items) else ()))
    wanted = [name for name in (*PARTS, *of_teams, *of_task) if name not in without]
    made: dict[str, list[DataFrame]] = {name: [] for name in wanted}
    total, done = len(samples) * len(made), 0
    for sample in samples:
        teams = teams_of(sample, declared, pools)
        judged = pools if OF_VERDICTS & set(wanted) else {}
        verdicts = verdicts_of(sample, declared, judged, p_bound=p_bound)
        parts: dict[str, Part] = (
            PARTS
            | of_task
            | {
                "equivalence": partial(_equivalence, p_bound=p_bound),
                "team": partial(team_and_verdict_table, teams=teams, verdicts=verdicts),
                "team_prevalence": lambda *_, found=verdicts: team_prevalence_table(found),
                "team_curve": partial(team_curve_table, teams=teams),
                "rational": partial(rational_table, pools=pools),
                "team_observed": partial(team_observed_table, items=items, teams=teams),
            }
        )
        with kept_draws():
            for name in wanted:
                made[name].append(parts[name](sample, declared).assign(analysed=sample.name))
                done += 1
                if progress is not None:
                    progress(done, total)
    if len(samples) == 1:  # nobody is excluded: the results for all are also those for the kept
        made = {name: [t, t.assign(analysed=kept.name)] for name, (t,) in made.items()}
    columns = TABLES | TASK_TABLES | INTERACTION_TABLES | DEFER_TABLES
    tables = {name: _shaped(parts, columns[name]) for name, parts in made.items()}
    excluded = _noted(everyone.people, declared)
    tables["exclusions"] = _shaped([excluded], TABLES["exclusions"])
    if ATTRITION not in without:
        lost = attrition_table(people, everyone, declared)
        tables[ATTRITION] = _shaped([lost], TABLES[ATTRITION])
    return tables


def _noted(people: DataFrame, declared: Declared) -> DataFrame:
    """Return the exclusions; ``note`` marks a rule about something that is not measured."""
    table = exclusion_table(people, declared.rules, declared.names)
    lost = {str(rule): NOT_MEASURED for rule in declared.rules if not rule.is_measured(people)}
    return table.assign(note=table["rule"].map(lost))


def _shaped(parts: Iterable[DataFrame], columns: tuple[Column, ...]) -> DataFrame:
    """Return the concatenated rows, with the columns and types of the codebook."""
    shaped = [
        part.reindex(columns=[column.name for column in columns]).astype(
            {column.name: DTYPES[column.type] for column in columns}
        )
        for part in parts
    ]
    table = pd.concat(shaped, ignore_index=True)
    words = {k: v for part in shaped for k, v in part.attrs.get(SPECIFICATION, {}).items()}
    return _saying(table, words) if words else table
