"""All tables of a study at once."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal

from analysis.codebook.table_columns import TABLES
from analysis.rows.frame import responses_frame
from analysis.stats import draws
from analysis.stats.measures import MEASURES
from analysis.tables.tables import (
    DTYPES,
    OF_TEAMS,
    PARTS,
    Declared,
    DeclaredCondition,
    tables_of,
    texts_of,
)
from tests.analysis.people import make_study, person
from tests.analysis.simulated import CONDITIONS, Frames, declared, row_of, simulate

FRAMES, DECLARED = simulate(8, seed=2), declared(exclusions=("accuracy<=60", "median_rt_ms<6000"))
DECLARED_ONLY = ("tests", "differences", "equivalence", "attrition")
MADE = {*PARTS, *OF_TEAMS, "exclusions", "attrition"}


def tables(frames: Frames = FRAMES, declaration: Declared = DECLARED) -> dict[str, DataFrame]:
    return tables_of(frames.responses, frames.people, frames.items, declaration)


@pytest.fixture(scope="module")
def made() -> dict[str, DataFrame]:
    """The tables of a small study with two rules."""
    return tables()


def test_every_table_has_the_columns_and_types_of_the_codebook(made: dict[str, DataFrame]) -> None:
    assert set(made) == MADE
    for name, table in made.items():
        assert list(table) == [column.name for column in TABLES[name]], name
        types = {column.name: DTYPES[column.type] for column in TABLES[name]}
        assert {column: str(kind) for column, kind in table.dtypes.items()} == types, name


def test_every_level_that_the_codebook_lists_is_one_that_occurs(made: dict[str, DataFrame]) -> None:
    for name in MADE:
        for column in TABLES[name]:
            seen = set(made[name][column.name].dropna().astype(str))
            # Of the tests' measures only the declared one occurs.
            # Few people are behind these verdicts; not all of them occur.
            if column.name == "verdict":
                assert seen <= set(column.levels)
            elif column.levels and name not in DECLARED_ONLY:
                # Rows ``declared`` are there where somebody was left out by hand, ``block`` within
                # people.
                expected = set(column.levels) - {"declared", "block"}
                assert seen == expected, (name, column.name)
    assert tuple(next(c for c in TABLES["measures"] if c.name == "measure").levels) == MEASURES


def test_every_table_is_there_with_and_without_the_exclusions(made: dict[str, DataFrame]) -> None:
    for name in MADE - {"exclusions", "attrition"}:
        assert list(made[name]["analysed"].unique()) == ["all", "kept"], name
    counts = {
        analysed: row_of(
            made["measures"], condition="kNN", analysed=analysed, measure="accuracy",
            weight="participants",
        )["n_participants"]
        for analysed in ("all", "kept")
    }  # fmt: skip
    rule = row_of(made["exclusions"], condition="kNN", rule="accuracy<=60")
    assert counts == {"all": rule["n_participants"], "kept": rule["n_kept"]}
    assert 0 < rule["n_kept"] < 8


def test_every_rule_is_counted_in_every_condition(made: dict[str, DataFrame]) -> None:
    table = made["exclusions"]
    assert len(table) == len(CONDITIONS) * 2
    assert (table["n_kept"] <= table["n_participants"] - table["n_excluded"]).all()


def test_a_rule_that_excludes_nobody_leaves_every_number_as_it_is() -> None:
    made = tables(declaration=declared(exclusions=("n_trials<1",)))
    for name in MADE - {"exclusions", "attrition"}:
        everyone, kept = (
            made[name][made[name]["analysed"] == item]
            .drop(columns="analysed")
            .reset_index(drop=True)
            for item in ("all", "kept")
        )
        assert_frame_equal(everyone, kept)


def test_the_order_of_rows_and_of_categories_does_not_matter(made: dict[str, DataFrame]) -> None:
    mixed = FRAMES.responses.sample(frac=1, random_state=1).reset_index(drop=True)
    mixed["item_id"] = mixed["item_id"].cat.set_categories(FRAMES.responses["item_id"].unique())
    items = FRAMES.items.sample(frac=1, random_state=1)
    for name, table in tables(replace(FRAMES, responses=mixed, items=items)).items():
        assert_frame_equal(table, made[name])


def test_texts_that_are_no_categories_give_the_same_tables(made: dict[str, DataFrame]) -> None:
    texts = ["participant_id", "condition", "item_id", "image"]
    plain = FRAMES.responses.astype(dict.fromkeys(texts, "str"))
    for name, table in tables(replace(FRAMES, responses=plain)).items():
        assert_frame_equal(table, made[name])


def test_the_seed_decides_the_draws_and_no_estimate(made: dict[str, DataFrame]) -> None:
    again = tables(declaration=replace(DECLARED, seed=9))
    assert (again["measures"]["low"] != made["measures"]["low"]).any()
    assert_frame_equal(again["measures"][["estimate"]], made["measures"][["estimate"]])
    assert again["tests"]["p_holm"].equals(made["tests"]["p_holm"])


def test_a_table_that_is_not_wanted_is_left_out_and_changes_no_other() -> None:
    everything = tables()
    some = tables_of(
        FRAMES.responses, FRAMES.people, FRAMES.items, DECLARED, without=("mixed_model", "images")
    )
    assert everything.keys() - some.keys() == {"mixed_model", "images"}
    assert_frame_equal(some["team"], everything["team"])


def test_the_model_says_in_words_what_it_is_of_all_and_of_the_kept(
    made: dict[str, DataFrame],
) -> None:
    texts = texts_of(made)
    assert set(texts) == {"detection_model.txt", "mixed_model.txt"}
    text = texts["mixed_model.txt"]
    everyone, kept = text.split("Rows whose analysed is ")[1:]
    n_people = len(FRAMES.people)
    assert (everyone[:5], kept[:6]) == ("all:\n", "kept:\n")
    assert f"; {n_people} participants" in everyone
    assert f"; {n_people} participants" not in kept
    nobody_excluded = texts_of(tables(declaration=declared()))["mixed_model.txt"]
    assert nobody_excluded.startswith("Rows whose analysed is all, kept:\n")
    assert texts_of({}) == {}


def test_progress_is_told_to_its_end() -> None:
    seen: list[tuple[int, int]] = []
    tables_of(
        FRAMES.responses, FRAMES.people, FRAMES.items, DECLARED,
        progress=lambda *now: seen.append(now),
    )  # fmt: skip
    assert seen == [(n, 26) for n in range(1, 27)]


def test_a_study_without_anyone_has_its_rows_without_numbers() -> None:
    empty = Frames(FRAMES.responses.iloc[:0], FRAMES.people.iloc[:0], FRAMES.items.iloc[:0])
    made = tables(empty)
    for name in ("measures", "accuracy_by", "times", "team"):
        assert set(made[name]["condition"]) == set(DECLARED.names), name
        assert (made[name]["n_participants"] == 0).all(), name
    assert made["measures"][["estimate", "sd", "low", "high"]].isna().all(axis=None)
    assert made["tests"][["difference", "low", "twoway_low", "p", "p_holm"]].isna().all(axis=None)
    assert (made["exclusions"]["n_participants"] == 0).all()


def test_a_rule_may_leave_nobody() -> None:
    made = tables(declaration=declared(exclusions=("n_trials>0",)))
    kept = made["measures"][made["measures"]["analysed"] == "kept"]
    assert (kept["n_participants"] == 0).all()
    assert (made["exclusions"]["n_kept"] == 0).all()


def test_a_rule_about_what_a_study_does_not_measure_excludes_nobody_and_says_so() -> None:
    made = tables(declaration=declared(exclusions=("session_number>1", "accuracy<=60")))
    notes = made["exclusions"].groupby("rule")["note"].unique().map(list).to_dict()
    assert notes["session_number>1"] == ["not measured"]
    assert pd.isna(notes["accuracy<=60"]).all()
    is_lost = made["exclusions"]["rule"] == "session_number>1"
    assert (made["exclusions"].loc[is_lost, "n_excluded"] == 0).all()
    alone = tables(declaration=declared(exclusions=("accuracy<=60",)))
    assert_frame_equal(made["measures"], alone["measures"])


def test_known_chances_come_back() -> None:
    frames = simulate(120, n_trials=20, correct=(0.9, 0.4), seed=4)
    made = tables(frames, declared())
    for name, chance in (("accuracy_ai_correct", 90), ("over_reliance", 60), ("accuracy", 65)):
        row = row_of(
            made["measures"], condition="EMD-Corr", analysed="all", measure=name,
            weight="participants",
        )  # fmt: skip
        assert row["estimate"] == pytest.approx(chance, abs=3)
        assert row["high"] - row["low"] < 6


def test_memory_grows_by_some_hundred_bytes_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the draws hold does not grow with the answers.
    monkeypatch.setattr(draws, "BLOCK", 50_000)
    monkeypatch.setattr(draws, "MOST_BYTES", 0)
    arms, peaks = CONDITIONS[1:3], []
    for n_each in (100, 300):
        frames = simulate(n_each, n_trials=30, n_sets=3, n_pool=200, conditions=arms)
        tracemalloc.start()
        tables(frames, Declared(arms))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / (200 * 30 * 2) < 600


@pytest.mark.django_db
def test_the_frame_of_stored_answers_is_taken_as_it_is() -> None:
    study = make_study()
    person(study, "kNN", "11", "10")
    person(study, "kNN", "10", "00")
    person(study, "ResNet-50", "1", status="active")
    people = DataFrame(
        {
            "participant_id": ["p0001", "p0002", "p0003"],
            "condition": ["kNN", "kNN", "ResNet-50"],
            "status": ["completed", "completed", "active"],
        }
    )
    items = FRAMES.items.iloc[:0]
    arms = (DeclaredCondition("ResNet-50", "softmax"), DeclaredCondition("kNN", "knn"))
    made = tables_of(responses_frame(study), people, items, Declared(arms))
    cells = {"measure": "accuracy", "weight": "participants", "analysed": "all"}
    assert row_of(made["measures"], condition="kNN", **cells)["estimate"] == 50
    assert pd.isna(row_of(made["measures"], condition="ResNet-50", **cells)["estimate"])
    assert len(made["images"]) == 2 * 4


@pytest.mark.parametrize("name", [*MEASURES, *TABLES])
def test_every_measure_and_every_table_is_explained(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs/metrics.md").read_text()
    assert f"`{name}`" in page


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_one_anchor_in_the_page_of_metrics(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs/metrics.md").read_text()
    assert page.count(f'<a id="table-{name}"></a>') == 1


def test_without_a_declared_margin_no_equivalence_is_tested() -> None:
    made = tables(declaration=declared(margin=0.0))
    assert made["equivalence"].empty
    assert "p" in made["equivalence"]
    assert len(made["tests"])
