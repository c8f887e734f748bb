"""A study's export: what is in it, and how it gets to its place."""

import csv
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from analysis import export_bundle
from analysis.codebook import RESPONSES
from analysis.export_bundle import MANIFEST, Exported, ExportRefused, bundle_write, data_path
from analysis.frame import StudyRows
from analysis.overview import declared_of
from analysis.tidy import frame_of
from tests.analysis.people import make_study, person
from trials.models import Participant, Study, Trial

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing: pictures take seconds, and ``test_export_valid`` has them."""
    monkeypatch.setattr(export_bundle, "figure_files", lambda tables, note: {})


@pytest.fixture
def study() -> Study:
    """Two people of 75 and 25 percent under kNN, one on the way, one robot."""
    study = make_study()
    person(study, "kNN", "11", "10")
    person(study, "kNN", "10", "00")
    person(study, "ResNet-50", "1", status="active", rt_ms=None)
    person(study, "kNN", "11", "11", is_simulated=True)
    return study


def read(path: Path) -> list[dict[str, str]]:
    """Read a file with the standard library, every cell as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def data(folder: Path, kind: str, *, simulated: bool = False) -> Path:
    return folder / data_path("birds", kind, include_simulated=simulated)


def test_every_column_of_every_file_is_in_the_codebook_and_the_other_way_round(
    study: Study, tmp_path: Path
) -> None:
    done = bundle_write(study, tmp_path)
    files = [each for each in done.files if each.endswith(".csv")]
    headers = [
        (name, column)
        for name in files
        if not name.startswith("reference/")
        for column in (tmp_path / name).read_text(encoding="utf-8").splitlines()[0].split(",")
    ]
    declared = [(row["file"], row["column"]) for row in read(tmp_path / "codebook.csv")]
    assert sorted(declared) == sorted(headers)
    assert all(row["meaning"] for row in read(tmp_path / "codebook.csv"))


def test_accuracy_is_the_hand_computed_one(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    empty, row, _, kept = read(tmp_path / "tables" / "accuracy.csv")
    assert kept == row | {"analysed": "kept"}
    assert (row["condition"], row["n_participants"], row["n_trials"]) == ("kNN", "2", "8")
    assert float(row["accuracy_mean"]) == 50
    assert float(row["accuracy_ai_correct_mean"]) == 75
    assert float(row["accuracy_ai_wrong_mean"]) == 25
    assert list(empty.values()) == ["ResNet-50", "all", "0", "0", "0", *[""] * 6]


def test_declared_rules_exclude_people_from_the_flow_and_are_named(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = declared_of(study) | {"exclusions": ["accuracy<=50"]}
    monkeypatch.setattr(export_bundle, "declared_of", lambda study: declared)
    bundle_write(study, tmp_path)
    rows = [row for row in read(tmp_path / "consort.csv") if row["condition"] == "kNN"]
    n = {(row["count"], row["reason"]): int(row["n_participants"]) for row in rows}
    assert (n["completed", ""], n["excluded", "accuracy<=50"], n["analysed", ""]) == (2, 1, 1)
    people = read(tmp_path / "tables" / "participants.csv")
    assert [row["excluded_by"] for row in people] == ["", "accuracy<=50"]
    _, everyone, _, kept = read(tmp_path / "tables" / "accuracy.csv")
    assert (everyone["n_participants"], float(everyone["accuracy_mean"])) == ("2", 50)
    assert (kept["n_participants"], float(kept["accuracy_mean"])) == ("1", 75)


def test_a_rule_about_what_a_study_does_not_measure_is_refused_in_words(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = declared_of(study) | {"exclusions": ["session_number>1"]}
    monkeypatch.setattr(export_bundle, "declared_of", lambda study: declared)
    with pytest.raises(ValueError, match="session_number>1': these data have no"):
        bundle_write(study, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_mixed_model_is_said_in_words_beside_its_table(study: Study, tmp_path: Path) -> None:
    done = bundle_write(study, tmp_path)
    assert "tables/mixed_model.txt" in done.files
    text = (tmp_path / "tables" / "mixed_model.txt").read_text(encoding="utf-8")
    assert "Model: correct ~ condition * is_ai_correct" in text
    assert "In ResNet-50, AI wrong, none of the responses are correct" in text
    assert {row["estimate"] for row in read(tmp_path / "tables" / "mixed_model.csv")} == {""}
    assert "`tables/mixed_model.txt`" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_cells_are_written_as_the_codebook_promises(study: Study, tmp_path: Path) -> None:
    Trial.objects.filter(participant__status="active").update(presented_at=None)
    bundle_write(study, tmp_path)
    first, *_, last = read(data(tmp_path, "responses"))
    assert (first["is_simulated"], first["is_ai_correct"]) == ("false", "true")
    assert first["presented_at"] == "2026-03-01T09:30:00.123Z"
    assert (first["rt_ms"], first["ai_votes"], first["ai_confidence"]) == ("1500", "13", "0.65")
    assert (last["rt_ms"], last["ai_votes"], last["presented_at"]) == ("", "", "")


def test_lines_end_as_rfc_4180_says_and_odd_texts_survive(tmp_path: Path) -> None:
    study = make_study(label='=Müller\'s "wren", old\r\nworld')
    person(study, "kNN", "1")
    bundle_write(study, tmp_path)
    content = data(tmp_path, "responses").read_bytes()
    assert content.startswith(b"study,study_version,document_sha256,")
    assert content.endswith(b"\r\n")
    label = read(data(tmp_path, "responses"))[0]["ai_label"]
    assert label == "'=Müller's \"wren\", old\r\nworld"


def test_a_study_without_answers_exports_headers(tmp_path: Path) -> None:
    bundle_write(make_study(), tmp_path)
    assert data(tmp_path, "responses").read_bytes().count(b"\r\n") == 1
    assert "The files are missing" in (tmp_path / "reference" / "README.md").read_text()


def test_participants_say_how_far_they_came(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    first, _, third = read(data(tmp_path, "participants"))
    assert (first["participant_id"], first["last_stage"], first["n_test"]) == ("p0001", "test", "4")
    assert first["test_ms"] == str((3 * 60 + 2) * 1000)
    assert (third["status"], third["finished_at"], third["training_ms"]) == ("active", "", "")


def test_events_are_in_the_order_of_time_and_tell_each_answer(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    mine = [row for row in read(data(tmp_path, "events")) if row["participant_id"] == "p0003"]
    assert [row["event"] for row in mine] == ["consented", "presented", "answered"]
    assert [row["at"] for row in mine] == sorted(row["at"] for row in mine)
    assert (mine[2]["phase"], mine[2]["trial_index"], mine[2]["response"]) == ("test", "1", "yes")


def test_items_are_the_whole_pool_of_every_ai(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    rows = read(data(tmp_path, "items"))
    assert [(row["classifier"]) for row in rows] == ["knn"] * 10 + ["softmax"] * 10
    assert sum(row["is_ai_correct"] == "true" for row in rows) == 10


def test_simulated_people_are_left_out_and_no_file_says_otherwise(
    study: Study, tmp_path: Path
) -> None:
    done = bundle_write(study, tmp_path)
    assert done.simulated_note == "1 simulated participant is left out."
    assert {row["is_simulated"] for row in read(data(tmp_path, "participants"))} == {"false"}
    assert {row["participant_id"][0] for row in read(data(tmp_path, "events"))} == {"p"}
    assert not any("WithSimulated" in name for name in done.files)


def test_included_simulated_people_are_marked_in_the_files_names_and_texts(
    study: Study, tmp_path: Path
) -> None:
    done = bundle_write(study, tmp_path, include_simulated=True)
    names = [name for name in done.files if name.startswith("data/")]
    assert all("WithSimulated" in name for name in names)
    assert read(tmp_path / "tables" / "accuracy.csv")[1]["n_simulated"] == "1"
    for name in ("README.md", "datapackage.json", "dataset_description.json", "croissant.json"):
        assert "SIMULATED PEOPLE ARE INCLUDED" in (tmp_path / name).read_text()


def test_the_manifest_and_the_document_can_be_checked_by_anyone(
    study: Study, tmp_path: Path
) -> None:
    done = bundle_write(study, tmp_path)
    check = ["sha256sum", "--check", "--strict", MANIFEST]
    result = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.count(": OK") == len(done.files) - 1
    frozen = json.loads((tmp_path / "study.json").read_text())
    text = json.dumps(frozen["document"], sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == frozen["document_sha256"]
    assert yaml.safe_load((tmp_path / "study.yaml").read_text()) == frozen


def test_the_citation_is_a_citation_file(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    cited = yaml.safe_load((tmp_path / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert cited["title"] == "Birds (birds)"
    assert len(cited["references"][0]["authors"]) == 3


def test_a_secret_of_a_participant_is_in_no_file(study: Study, tmp_path: Path) -> None:
    Participant.objects.filter(number=1, is_simulated=False).update(
        enrolment_key="recruited-5f3a", token="tok-5f3a", code="C5F3A"
    )
    done = bundle_write(study, tmp_path, include_simulated=True)
    whole = b"".join((tmp_path / name).read_bytes() for name in done.files)
    assert b"5f3a" not in whole.lower()


@pytest.mark.parametrize(("slug", "short"), [("birds-2_x", "birds2x"), ("--", "unnamed")])
def test_a_slugs_other_signs_are_left_out_of_file_names(slug: str, short: str) -> None:
    name = data_path(slug, "items", include_simulated=False)
    assert name == f"data/study-{short}_description-items_data.csv"


def test_answers_that_come_during_an_export_are_left_out_of_every_file(study: Study) -> None:
    rows = StudyRows(study)
    assert len(rows.people) == 3
    late = person(study, "kNN", "11", "11")
    Participant.objects.filter(number=3).update(
        status="completed", code="C1", finished_at=late.finished_at
    )
    frame = frame_of(RESPONSES, rows.responses())
    assert set(frame["participant_id"]) == {"p0001", "p0002", "p0003"}
    late_status = frame.loc[frame["participant_id"] == "p0003", "participant_status"]
    assert set(late_status) == {"active"}
    assert {row[0] for row in rows.events()} == {row[0] for row in rows.participants()}


def test_an_export_replaces_an_older_one_and_leaves_other_files(
    study: Study, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "results"
    bundle_write(study, folder, include_simulated=True)
    (folder / "notes.txt").write_text("mine")
    person(study, "ResNet-50", "1", "1")
    done = bundle_write(study, str(folder))
    assert set(export_bundle.files_below(folder)) == {*done.files, "notes.txt"}
    assert read(folder / "tables" / "accuracy.csv")[0]["n_participants"] == "1"


def test_an_interrupted_export_leaves_the_older_one_and_the_next_finishes(
    study: Study, tmp_path: Path
) -> None:
    before = written(bundle_write(study, tmp_path))

    def stop(what: str, n_done: int, n_total: int) -> None:
        if what == "items":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bundle_write(study, tmp_path, include_simulated=True, progress=stop)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert set(export_bundle.files_below(tmp_path)) == set(before)


def written(done: Exported) -> dict[str, bytes]:
    return {name: (done.folder / name).read_bytes() for name in done.files}


def test_what_a_killed_export_left_is_cleaned_away(study: Study, tmp_path: Path) -> None:
    (tmp_path / ".export-lost" / "data").mkdir(parents=True)
    bundle_write(study, tmp_path)
    assert not (tmp_path / ".export-lost").exists()


def test_a_manifest_that_points_elsewhere_deletes_nothing(study: Study, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / MANIFEST).write_text(f"{'0' * 64}  ../precious.txt\n")
    bundle_write(study, tmp_path / "out")
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["taken", "taken/below"])
def test_a_path_that_is_a_file_is_refused(name: str, study: Study, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ExportRefused, match=r"found a file, expected a folder"):
        bundle_write(study, tmp_path / name)
    assert (tmp_path / "taken").read_text() == "mine"


def test_rows_come_in_a_stream_with_progress(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_bundle, "CHUNK_ROWS", 3)
    seen: list[tuple[str, int, int]] = []
    bundle_write(study, tmp_path, progress=lambda *told: seen.append(told))
    assert [told for told in seen if told[0] == "responses"] == [
        ("responses", 3, 9), ("responses", 6, 9), ("responses", 9, 9), ("responses", 9, 9)
    ]  # fmt: skip
    assert all(n_done <= n_total for _, n_done, n_total in seen)


def test_a_thousand_rows_take_the_queries_of_one(study: Study, tmp_path: Path) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def n_queries() -> Iterator[int]:
        with CaptureQueriesContext(connection) as queries:
            bundle_write(study, tmp_path)
        yield len(queries)

    (few,) = n_queries()
    for _ in range(5):
        person(study, "kNN", "11", "00")
    (many,) = n_queries()
    assert few == many


def command(*arguments: Any, capsys: pytest.CaptureFixture[str]) -> str:
    call_command("export_study", *map(str, arguments))
    return capsys.readouterr().out


def test_the_command_prints_the_table_and_says_who_is_left_out(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = command("birds", "--out", tmp_path, capsys=capsys)
    assert "50.0" in out
    assert "1 simulated participant is left out. Include them with --include-simulated." in out
    assert "begin with README.md" in out


def test_the_command_can_include_simulated_people(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = command("birds", "--out", tmp_path, "--include-simulated", capsys=capsys)
    assert "1 simulated participant is included.\n" in out


def test_the_command_is_silent_about_robots_where_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_study()
    assert "left out" not in command("birds", "--out", tmp_path, capsys=capsys)


def test_the_command_lists_the_studies_when_the_name_is_unknown(tmp_path: Path) -> None:
    make_study()
    with pytest.raises(CommandError, match=r"No study 'bird'; studies: birds\."):
        call_command("export_study", "bird", "--out", str(tmp_path))


def test_the_command_refuses_a_file_in_words(study: Study, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(CommandError, match=r"found a file"):
        call_command("export_study", "birds", "--out", str(tmp_path / "taken"))
