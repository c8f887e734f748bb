"""A study that can be opened can be analysed: every rule, few people, empty arms."""

from pathlib import Path

import pandas as pd
import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas import DataFrame

from analysis.blind import blind_lift
from analysis.codebook.interaction_columns import INTERACTION_TABLES
from analysis.codebook.looks_columns import LOOKS_TABLES
from analysis.codebook.task_columns import TASK_TABLES
from analysis.export.export_bundle import bundle_write
from analysis.results.sheets import panels_of
from analysis.stats.analysis_plan import Declared
from analysis.stats.exclusions import FLAGS, NOT_MEASURED, OPERATORS, STUDY_MEASURES, Rule
from analysis.tables.recompute import Frames, table_columns, tables_from
from analysis.tables.rerun import main
from tests.analysis import simulated
from tests.analysis.people import make_study, person
from trials.models import Participant, Study

# Documents that were frozen earlier may hold rules about the last one.
NAMES = (*STUDY_MEASURES, "session_number")
RULES = st.one_of(
    st.sampled_from(FLAGS),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(NAMES),
        st.sampled_from(list(OPERATORS)),
        st.sampled_from(["0", "1", "50", "100", "-2", "800.5"]),
    ),
)
ARMS = st.lists(
    st.sampled_from(simulated.CONDITIONS), min_size=1, max_size=3, unique_by=lambda arm: arm.name
)


def frames(arms: list[object], n_each: int, empty: str, status: str) -> Frames:
    """Return a study whose arm ``empty`` has nobody; its first person ended with ``status``."""
    made = simulated.simulate(n_each, conditions=tuple(arms), n_trials=4)  # type: ignore[arg-type]
    people = made.people[made.people["condition"] != empty].reset_index(drop=True)
    responses = made.responses[made.responses["condition"] != empty].reset_index(drop=True)
    people = people.assign(
        exclusion=None, last_stage="test", is_validation_passed=True, is_repeat=people.index == 0
    )
    people.loc[:0, "status"] = status
    people["exclusion"] = people["exclusion"].astype("category")
    return Frames(responses, people, made.items.assign(phase="test"))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    arms=ARMS, n_each=st.integers(1, 3), rules=st.lists(RULES, max_size=4, unique=True),
    lost=st.sampled_from(["", "first", "all"]), status=st.sampled_from(["completed", "withdrawn"]),
)  # fmt: skip
def test_no_rule_and_no_state_of_a_study_stops_its_tables(
    arms: list[object], n_each: int, rules: list[str], lost: str, status: str
) -> None:
    names = [arm.name for arm in arms]  # type: ignore[attr-defined]
    made = frames(arms, n_each, names[0] if lost else "", status)
    if lost == "all":
        made = Frames(made.responses[:0], made.participants[:0], made.items)
    declared = Declared(tuple(arms), exclusions=tuple(rules))  # type: ignore[arg-type]
    tables = tables_from(made, declared.to_json())
    assert {name: list(table) for name, table in tables.items()} == {
        name: [column.name for column in columns]
        for name, columns in table_columns().items()
        # Nobody defers, and no look is planned.
        if name not in {*TASK_TABLES, *INTERACTION_TABLES, *LOOKS_TABLES, "team_observed"}
    }
    assert panels_of(tables)
    told = tables["exclusions"]
    assert set(told.loc[told["note"] == NOT_MEASURED, "rule"]) == {
        str(Rule.parse(rule)) for rule in rules if rule.startswith("session_number")
    }
    check_flow(tables["consort"], len(made.participants))


def check_flow(flow: DataFrame, n_people: int) -> None:
    """Check that everybody is in the flow, and nobody twice."""
    whole = flow[flow["reason"].isna()].groupby("count")["n_participants"].sum()
    assert whole["consented"] == n_people
    assert whole["completed"] == whole["excluded"] + whole["analysed"]


STATES = {
    "nobody": [],
    "one person": [("kNN", "11", "00")],
    "one arm empty": [("kNN", "11", "00"), ("kNN", "10", "11")],
    "everyone excluded": [("kNN", "0", "0"), ("ResNet-50", "0", "0")],
}


@pytest.mark.django_db
@pytest.mark.one_database
@pytest.mark.usefixtures("_no_pictures")
@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_page_and_an_export(state: str, staff: Client, tmp_path: Path) -> None:
    rules = ["is_repeat", "accuracy<=50", "d_prime>0", "median_rt_ms>1", "session_number>1"]
    study = make_study()
    Study.objects.update(document=study.document | {"exclusions": rules})
    study = Study.objects.get()
    for answers in STATES[state]:
        person(study, *answers)
    Participant.objects.filter(number=1).update(is_repeat=True)
    blind_lift(study=study, user=User.objects.get())
    assert staff.get("/studio/study/birds/results/").status_code == 200
    bundle_write(study, tmp_path)
    table = pd.read_csv(tmp_path / "tables" / "exclusions.csv")
    assert list(table["rule"][: len(rules)]) == rules
    assert main(tmp_path, ["--no-figures"]) == 0
