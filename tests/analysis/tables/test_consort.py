"""Who took part and what became of them."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from analysis.codebook.codebook import STAGES
from analysis.tables.consort import CONSORT, STATUS_COUNTED_AS, consort_table

ARMS = ("kNN", "EMD-Corr")
RULES = ("accuracy<=50", "d_prime<0")

PERSON = st.tuples(
    st.sampled_from(ARMS),
    st.sampled_from(list(STATUS_COUNTED_AS)),
    st.sampled_from(STAGES),
    st.sampled_from([True, False, None]),
    st.sets(st.sampled_from(RULES)),
)


def people_of(rows: list[tuple[str, str, str, bool | None, set[str]]]) -> DataFrame:
    """Return the participants as a frame of the export's types."""
    frame = DataFrame(
        [row[:4] for row in rows],
        columns=["condition", "status", "last_stage", "is_validation_passed"],
    )
    ids = [f"p{n:04d}" for n in range(len(rows))]
    return frame.assign(participant_id=ids).astype({"is_validation_passed": "boolean"})


def counts(table: DataFrame, condition: str) -> dict[tuple[str, str | None], int]:
    mine = table[table["condition"] == condition]
    reasons = [None if pd.isna(item) else item for item in mine["reason"]]
    return dict(zip(zip(mine["count"], reasons, strict=True), mine["n_participants"], strict=True))


@given(st.lists(PERSON, max_size=30))
def test_the_flow_adds_up_and_equals_a_count_by_hand(
    rows: list[tuple[str, str, str, bool | None, set[str]]],
) -> None:
    people = people_of(rows)
    excluded = {f"p{n:04d}": "; ".join(sorted(row[4])) for n, row in enumerate(rows)}
    table = consort_table(people, ARMS, excluded, RULES)
    for arm in ARMS:
        n, mine = counts(table, arm), [row for row in rows if row[0] == arm]
        done = [row for row in mine if row[1] == "completed"]
        whole = [n[name, None] for name in STATUS_COUNTED_AS.values()]
        assert n["consented", None] == len(mine) == sum(whole)
        assert n["completed", None] == len(done) == n["excluded", None] + n["analysed", None]
        assert n["analysed", None] == sum(not row[4] for row in done)
        assert [n["excluded", r] for r in RULES] == [
            sum(r in row[4] for row in done) for r in RULES
        ]
        assert sum(n["left", stage] for stage in STAGES) == n["left", None]


def test_a_status_that_nobody_said_how_to_count_is_refused() -> None:
    people = people_of([("kNN", "completed", "test", True, set())]).assign(status="vanished")
    with pytest.raises(ValueError, match=r"status vanished; expected one of"):
        consort_table(people, ARMS)


def test_a_condition_that_the_list_lacks_is_refused() -> None:
    people = people_of([("kNN", "completed", "test", True, set())])
    with pytest.raises(ValueError, match="condition kNN; expected one of EMD-Corr"):
        consort_table(people, ["EMD-Corr"])


def test_without_a_validation_there_is_no_row_of_who_passed_it() -> None:
    table = consort_table(people_of([]), ARMS, has_validation=False)
    gone = set(consort_table(people_of([]), ARMS)["count"]) - set(table["count"])
    assert gone == {"passed_validation"}


def test_an_arm_without_anyone_is_there_with_zeros() -> None:
    table = consort_table(people_of([]), ARMS)
    assert list(table.columns) == [column.name for column in CONSORT]
    assert set(table["condition"]) == set(ARMS)
    assert (table["n_participants"] == 0).all()
