"""The tables of the results page, from the answers in the database."""

from __future__ import annotations

from typing import Final

from pandas import DataFrame

from analysis.blind import first_of_each_arm
from analysis.codebook.codebook import ITEMS, PARTICIPANTS, RESPONSES
from analysis.results.flow import flow_table
from analysis.rows.frame import StudyRows
from analysis.rows.interim import LookShown, first_people, planned, wanted
from analysis.rows.lookups import columns_with_values
from analysis.rows.overview import declared_of, stage_shown
from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import READ, samples_of
from analysis.stats.complementarity import ALPHA
from analysis.tables.looks_table import LookPlan, tables_at_look
from analysis.tables.recompute import flow_from
from analysis.tables.tables import tables_of
from analysis.tables.tidy import frame_of
from trials.models import Study

# Tables that the page does not show are not computed; an export has them all.
NOT_SHOWN: Final = (
    "differences",
    "equivalence",
    "detection_model",
    "mixed_model",
    "images",
    "rational",
    "task_differences",
    "confusion",
)


def study_tables(
    study: Study, is_simulated: bool, is_blinded: bool = False, look: LookShown | None = None
) -> dict[str, DataFrame]:
    """Return the tables of ``analysis.tables.tables``, by their names.

    While the study is blinded, each arm has the same number of people (``first_of_each_arm``). With
    planned looks, ``tests`` and the tables of teams are for the people of the shown look, and empty
    before it.
    """
    stage = stage_shown(study)
    responses, people, items = frames_of(study, is_simulated, stage)
    everybody = people
    declared = Declared.from_json(declared_of(study))
    if is_blinded:
        names = () if declared.is_within else declared.names
        people = first_of_each_arm(people, names)
        responses = responses[responses["participant_id"].isin(people["participant_id"])]
    plan = _look_plan(study, look, is_simulated, stage)
    held = plan.limited if plan else ()
    tables = tables_of(
        responses, people, items, declared,
        without=(*NOT_SHOWN, *held),
        p_bound=plan.p_bound if plan else ALPHA,
    )  # fmt: skip
    has_validation = study.plan.validation is not None
    if declared.is_within:
        everyone = samples_of(responses, people, declared)[0]
        tables["consort"] = flow_from(everybody, everyone, declared, has_validation=has_validation)
    else:
        tables["consort"] = flow_table(
            everybody, declared.names, tables["exclusions"], has_validation=has_validation
        )
    if plan is None:
        return tables
    return tables | tables_at_look(responses, people, items, declared, plan, without=NOT_SHOWN)


def frames_of(
    study: Study, is_simulated: bool, stage: str
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Return the responses, the people and the AIs' answers of a study.

    The responses have only the columns that tables use, which is less than half of the memory.
    """
    rows = StudyRows(study, include_simulated=is_simulated, stage=stage)
    columns = columns_with_values(study.plan, [each for each in RESPONSES if each.name in READ])
    responses = frame_of(columns, rows.responses(columns))
    people = frame_of(PARTICIPANTS, rows.participants())
    return responses, people, frame_of(ITEMS, rows.items())


def _look_plan(
    study: Study, look: LookShown | None, is_simulated: bool, stage: str
) -> LookPlan | None:
    """Return the planned looks with the people of the shown one; None without a plan."""
    looks = planned(study)
    if not looks:
        return None
    shares, n = tuple(each.share for each in looks), wanted(study)
    if look is not None and look.n_people is None:
        return LookPlan(shares, n, look.place, None)
    n_people = look.n_people or 0 if look else 0
    first = first_people(study, n_people, include_simulated=is_simulated, stage=stage)
    return LookPlan(shares, n, look.place if look else 0, tuple(sorted(first)))
