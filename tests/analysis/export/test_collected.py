"""Everything that was collected comes out, as the codebook says, in pandas and in base R."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas import DataFrame

from analysis.codebook.codebook import DATA
from analysis.codebook.column import Column
from analysis.export.export_bundle import bundle_write
from analysis.rows.collected import CollectedRows
from analysis.rows.collected_wording import answer_of, number_of
from analysis.tables.csv_cells import restored
from analysis.tables.tidy import dtype_of, table_read
from classifiers.core.boxes import boxes
from tests.analysis.psych_ds import problems
from tests.analysis.questioned import ANSWERS, DEVICE, PEOPLE, questioned_study
from trials.models import Study, Trial
from trials.participant.trial_view import trial_screen
from trials.services.flags import participant_flags
from trials.study.plan import QuestionPlan

pytestmark = pytest.mark.django_db
AS_WRITTEN: dict[str, Any] = {"keep_default_na": False, "na_values": [""]}
KINDS = {"string": "O", "integer": "if", "number": "f", "boolean": "bO", "datetime": "O"}


@dataclass(frozen=True)
class World:
    """Folders of three exports, and what the pages showed, by participant, phase and place."""

    live: Path
    pilot: Path
    texts: Path
    screens: dict[tuple[str, str, int], list[tuple[str, list[tuple[int, int]]]]]
    flags: dict[str, str]


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> World:
    """Three exports of a study whose database is gone."""
    from django.db import transaction
    from django.test.utils import override_settings

    folder = tmp_path_factory.mktemp("collected")
    patch = pytest.MonkeyPatch()
    patch.setattr("analysis.export.export_bundle.figure_files", lambda tables, note: {})
    with (
        django_db_blocker.unblock(),
        override_settings(CROP_DIR=folder / "crops"),
        transaction.atomic(),
    ):
        study = questioned_study()
        bundle_write(study, folder / "live")
        bundle_write(study, folder / "pilot", stage="pilot")
        bundle_write(study, folder / "texts", include_texts=True)
        people = list(study.participants.filter(stage="live"))
        flags = {
            f"p{each.number:04d}": "; ".join(flag.name for flag in found)
            for each, found in ((each, participant_flags(people)[each.pk]) for each in people)
        }
        made = World(folder / "live", folder / "pilot", folder / "texts", screens(study), flags)
        transaction.set_rollback(True)
    patch.undo()
    return made


def screens(
    study: Study,
) -> dict[tuple[str, str, int], list[tuple[str, list[tuple[int, int]]]]]:
    """Return the examples and boxes of each trial's page, as the page itself finds them."""
    found = {}
    trials = Trial.objects.filter(participant__study=study, participant__stage="live")
    for trial in trials.exclude(presented_at=None).select_related("participant"):
        key = (f"p{trial.participant.number:04d}", trial.phase, trial.position + 1)
        panels = trial_screen(trial, trial.participant).panels
        found[key] = [
            (item.url, [(int(box.y), int(box.x)) for box in item.boxes])
            for panel in panels
            for item in panel.content.data
        ]
    return {key: value for key, value in found.items() if value}


def table(folder: Path, name: str) -> DataFrame:
    (path,) = (folder / "data").glob(f"*-{name}*_data.csv")
    frame: DataFrame = pd.read_csv(path, **AS_WRITTEN)
    return frame


def test_choices_and_numbers_come_out_and_free_text_does_not(world: World) -> None:
    answers = table(world.live, "answers")
    assert set(answers["kind"]) == {"number", "choice"}
    mine = answers[answers["participant_id"] == "p0008"].set_index("question")
    assert mine.loc["age", "number"] == 41.5
    assert mine.loc["sees", "answer"] == "both  eyes"  # as the document says it
    assert answers["question"].value_counts().to_dict() == {"age": 6, "sees": 5}
    whole = b"".join(path.read_bytes() for path in world.live.rglob("*") if path.is_file())
    assert b"Secretville" not in whole
    assert "10 answers in free text are left out." in (world.live / "README.md").read_text()


def test_free_text_comes_by_an_option_that_warns(world: World) -> None:
    answers = table(world.texts, "answersWithTexts")
    said = answers[answers["participant_id"] == "p0008"].set_index("question")["answer"]
    assert restored(said["remarks"]) == ANSWERS["remarks"]
    assert said["town"] == "Secretville"
    for name, words in (
        ("README.md", "name themselves or others"), ("croissant.json", "free text that people"),
    ):  # fmt: skip
        assert words in (world.texts / name).read_text()


def test_the_pilot_is_exported_apart_and_says_so(world: World) -> None:
    people = table(world.pilot, "participantsPilot")
    assert (set(people["stage"]), len(people)) == ({"pilot"}, PEOPLE["pilot"])
    assert len(table(world.live, "participants")) == PEOPLE["live"]
    assert json.loads((world.pilot / "study.json").read_text())["stage"] == "pilot"
    for name in ("README.md", "datapackage.json", "croissant.json", "dataset_description.json"):
        assert "answers of the pilot" in (world.pilot / name).read_text()
    assert json.loads((world.pilot / "analysis_plan.json").read_text())["note"] == "Pilot."


def test_participants_have_their_device_flags_payment_and_seed(world: World) -> None:
    first, *_, last = table(world.live, "participants").to_dict("records")
    assert {name: last[name] for name in ("device_kind", "viewport_width", "time_zone")} == {
        "device_kind": DEVICE["kind"], "viewport_width": DEVICE["width"],
        "time_zone": DEVICE["time_zone"],
    }  # fmt: skip
    assert (last["pixel_ratio"], last["viewport_height"], last["browser"]) == (2.5, 820, "Firefox")
    assert pd.isna(first["device_kind"])
    assert (last["payment"], first["payment"]) == ("paid", "due")
    said = table(world.live, "participants").set_index("participant_id")["flags"].fillna("")
    assert said.to_dict() == world.flags
    assert "repeat" in said["p0008"]


def test_seeds_are_whole(world: World) -> None:
    from trials.study.design import participant_seed

    seeds = table(world.live, "participants")["seed"].tolist()
    assert seeds == [participant_seed(7, number, False) for number in range(3, 9)]


def test_training_and_validation_are_rows_with_the_attempt(world: World) -> None:
    practice, people = table(world.live, "practice"), table(world.live, "participants")
    counts = practice.groupby(["participant_id", "phase"])["is_correct"].agg(["size", "sum"])
    for person in people.to_dict("records"):
        n = counts.loc[(person["participant_id"], "validation")]
        assert tuple(n) == (person["n_validation"], person["n_validation_correct"])
    assert set(practice["phase"]) == {"training", "validation"}
    assert set(practice["attempt"]) == {1}
    assert practice["prior_knowledge"].notna().all()
    answered = table(world.live, "events").query("event == 'answered' and phase != 'test'")
    assert len(practice) == len(answered)


def test_shown_is_what_the_pages_showed(world: World) -> None:
    shown = table(world.live, "shown")
    seen: dict[tuple[str, str, int], list[list[tuple[int, int]]]] = {}
    for row in shown.to_dict("records"):
        key = (row["participant_id"], row["phase"], row["trial_index"])
        cells = [] if pd.isna(row["exemplar_cells"]) else row["exemplar_cells"].split()
        places = [(int(cell[1]) - 1, int(cell[3]) - 1) for cell in cells]
        seen.setdefault(key, []).append(places)
        assert row["exemplar"] == len(seen[key])
    assert seen == {key: [places for _, places in value] for key, value in world.screens.items()}
    assert set(shown["phase"]) == {"training", "validation", "test"}
    assert boxes([0])[0].x == pytest.approx(0.08)  # int() of a place is its cell


@pytest.mark.one_database
def test_frictionless_and_psych_ds_find_all_three_valid(world: World) -> None:
    import frictionless

    for folder in (world.live, world.pilot, world.texts):
        report = frictionless.validate(folder / "datapackage.json")
        assert report.valid, report.flatten(["type", "fieldName", "message"])
        assert problems(folder) == []


def looks_like_numbers(column: Column, frame: DataFrame) -> bool:
    """Whether a text has only digits, which no reader knows from a number without the codebook."""
    cells = frame[column.name].dropna().astype(str)
    return column.type == "string" and bool(cells.str.fullmatch(r"[0-9.]+").all())


@pytest.mark.parametrize("stage", ["live", "pilot", "texts"])
def test_pandas_reads_the_types_of_the_codebook(world: World, stage: str) -> None:
    for name, columns in DATA.items():
        frame = table(getattr(world, stage), name)
        (path,) = (getattr(world, stage) / "data").glob(f"*-{name}*_data.csv")
        exact = table_read(path, columns)
        assert list(frame) == list(exact) == [column.name for column in columns]
        for column in columns:
            assert str(exact[column.name].dtype) == dtype_of(column)
            if frame[column.name].notna().any() and not looks_like_numbers(column, frame):
                assert frame[column.name].dtype.kind in KINDS[column.type], (name, column.name)


R_TYPES = """
types <- function(frame) vapply(frame, function(cells) class(cells)[1], "")
files <- Sys.glob("data/*.csv")
plain <- lapply(files, read.csv, na.strings = "", encoding = "UTF-8")
for (n in seq_along(files)) {
  told <- types(plain[[n]])
  cat(paste("plain", short_name(files[n]), names(told), told, nrow(plain[[n]]), sep = "\\t"),
      sep = "\\n")
}
study <- read_export(".")
for (name in names(study)) {
  told <- types(study[[name]])
  cat(paste("read", name, names(told), told, nrow(study[[name]]), sep = "\\t"), sep = "\\n")
}
answers <- study$answers
cat("answer\\t", deparse(answers$answer[answers$question == "remarks"][1]), "\\n", sep = "")
cat("time\\t", format(study$responses$received_at[1], "%Y-%m-%dT%H:%M:%S"), "\\n", sep = "")
cat("right\\t", sum(study$responses$is_correct), "\\n", sep = "")
"""
R_READ = {
    "string": {"character"}, "integer": {"integer", "character"}, "number": {"numeric"},
    "boolean": {"logical"}, "datetime": {"POSIXct"},
}  # fmt: skip
# A column that is empty in every row is logical to R, whatever it would hold.
R_PLAIN = R_READ | {"integer": {"integer", "numeric"}, "datetime": {"character"}}


def in_r(folder: Path, code: str) -> list[list[str]]:
    """Run ``code`` after the export's reader in base R; return what it wrote, cell by cell."""
    if shutil.which("Rscript") is None:
        reason = "no Rscript: install r-base-core to check that R reads an export"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    script = f'source("read.R")\n{code}'
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", script], cwd=folder, capture_output=True, text=True,
        check=False, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def r_says(column: Column, frame: DataFrame, kinds: dict[str, set[str]]) -> set[str]:
    if kinds is R_PLAIN and frame[column.name].isna().all():
        return {"logical"}
    if kinds is R_PLAIN and looks_like_numbers(column, frame):
        return {"integer", "numeric"}
    return kinds[column.type]


@pytest.mark.parametrize("stage", ["live", "pilot", "texts"])
def test_base_r_reads_the_types_of_the_codebook(world: World, stage: str) -> None:
    folder = getattr(world, stage)
    said = in_r(folder, R_TYPES)
    told = {(how, file, name): (kind, int(n)) for how, file, name, kind, n in (
        item for item in said if item[0] in ("plain", "read"))}  # fmt: skip
    for name, columns in DATA.items():
        frame = table(folder, name)
        for column in columns:
            for how, kinds in (("read", R_READ), ("plain", R_PLAIN)):
                kind, n = told[how, name, column.name]
                assert n == len(frame)
                assert kind in r_says(column, frame, kinds), (how, name, column.name, kind)
    more = {item[0]: item[1] for item in said if len(item) == 2}
    responses = table(folder, "responses")
    assert more["right"] == str(responses["is_correct"].sum())
    assert more["time"] == responses["received_at"][0][:19]
    if stage == "texts":
        assert json.loads(more["answer"]) == ANSWERS["remarks"]


def test_a_number_is_read_with_a_point_or_a_comma() -> None:
    assert [number_of(text) for text in ("3.5", "3,5", "-2", "many", "inf")] == [
        3.5, 3.5, -2.0, None, None,
    ]  # fmt: skip
    line = QuestionPlan("town", "Where?", "line", [], False)
    assert answer_of(line, "12") == ("12", None)


def test_what_is_counted_for_the_progress_is_what_is_written(tmp_path: Path) -> None:
    study = questioned_study()
    rows = CollectedRows(study)
    counts = rows.counts()
    assert counts["practice"] == len(list(rows.practice()))
    assert counts["shown"] >= len(list(rows.shown()))
