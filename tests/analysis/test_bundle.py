"""The exported files."""

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from analysis.bundle import ExportRefused, csv_bytes, export_write, results_read
from analysis.codebook import FILES, column_names
from analysis.frame import DTYPES
from tests.analysis.people import make_study, person
from trials.models import Participant, Study, Trial
from trials.plan import VIEWS

pytestmark = pytest.mark.django_db


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


def test_every_column_of_every_file_is_in_the_codebook_and_the_other_way_round(
    study: Study, tmp_path: Path
) -> None:
    report = export_write(study, tmp_path)
    headers = {
        (file, column)
        for file in report.files
        if file.endswith(".csv")
        for column in read(tmp_path / file)[0]
    }
    declared = [(row["file"], row["column"]) for row in read(tmp_path / "codebook.csv")]
    assert set(declared) == headers
    assert len(declared) == len(set(declared))
    assert all(row["meaning"] for row in read(tmp_path / "codebook.csv"))


def test_every_table_has_exactly_its_declared_columns_in_order(study: Study) -> None:
    tables = results_read(study).tables
    assert {file: list(table.columns) for file, table in tables.items()} == {
        file: column_names(file) for file in FILES
    }


def test_the_codebooks_types_and_levels_are_those_of_the_models() -> None:
    columns = {column.name: column for file in FILES.values() for column in file}
    assert {column.type for column in columns.values()} <= DTYPES.keys()
    assert set(columns["type"].levels) == DTYPES.keys()
    assert set(columns["view"].levels) == VIEWS.keys()
    assert set(columns["participant_status"].levels) == set(Participant.Status.values)


def test_accuracy_is_the_hand_computed_one(study: Study, tmp_path: Path) -> None:
    export_write(study, tmp_path)
    empty, row = read(tmp_path / "accuracy.csv")
    assert (row["condition"], row["n_participants"], row["n_trials"]) == ("kNN", "2", "8")
    assert float(row["accuracy_mean"]) == 50
    assert float(row["accuracy_ai_correct_mean"]) == 75
    assert float(row["accuracy_ai_wrong_mean"]) == 25
    assert list(empty.values()) == ["ResNet-50", "0", "0", "0", *[""] * 6]


def test_cells_are_written_as_the_codebook_promises(study: Study, tmp_path: Path) -> None:
    Trial.objects.filter(participant__status="active").update(presented_at=None)
    export_write(study, tmp_path)
    first, *_, last = read(tmp_path / "responses.csv")
    assert (first["is_simulated"], first["is_ai_correct"]) == ("false", "true")
    assert first["presented_at"] == "2026-03-01T09:30:00.123Z"
    assert (first["rt_ms"], first["ai_votes"], first["ai_confidence"]) == ("1500", "13", "0.65")
    assert (last["rt_ms"], last["ai_votes"], last["presented_at"]) == ("", "", "")


def test_a_file_read_back_gives_the_same_numbers(study: Study) -> None:
    table = results_read(study).accuracy
    row = list(csv.DictReader(io.StringIO(csv_bytes("accuracy.csv", table).decode())))[1]
    numbers = [name for name in row if name.startswith("accuracy")]
    assert [float(row[name]) for name in numbers] == list(table.loc[1, numbers])


def test_lines_end_as_rfc_4180_says_and_odd_texts_survive(tmp_path: Path) -> None:
    study = make_study(label='Müller\'s "wren", old\r\nworld')
    person(study, "kNN", "1")
    export_write(study, tmp_path)
    content = (tmp_path / "responses.csv").read_bytes()
    assert content.startswith(b"study,document_sha256,")
    assert content.endswith(b"\r\n")
    assert read(tmp_path / "responses.csv")[0]["ai_label"] == 'Müller\'s "wren", old\r\nworld'


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(label: str, tmp_path: Path) -> None:
    study = make_study(label=label)
    person(study, "kNN", "1")
    export_write(study, tmp_path)
    assert read(tmp_path / "responses.csv")[0]["true_label"] == f"'{label}"


def test_a_study_without_answers_exports_headers(tmp_path: Path) -> None:
    export_write(make_study(), tmp_path)
    header = ",".join(column_names("responses.csv"))
    assert (tmp_path / "responses.csv").read_bytes() == f"{header}\r\n".encode()


def test_simulated_people_are_left_out_by_default_and_the_readme_says_so(
    study: Study, tmp_path: Path
) -> None:
    export_write(study, tmp_path)
    assert {row["is_simulated"] for row in read(tmp_path / "responses.csv")} == {"false"}
    readme = (tmp_path / "README.txt").read_text(encoding="utf-8")
    assert "1 simulated participant is left out." in readme
    assert "completed          2" in readme
    assert study.document_sha256 in readme


def test_included_simulated_people_are_marked_in_every_file(study: Study, tmp_path: Path) -> None:
    export_write(study, tmp_path, include_simulated=True)
    assert {row["is_simulated"] for row in read(tmp_path / "responses.csv")} == {"false", "true"}
    assert read(tmp_path / "accuracy.csv")[1]["n_simulated"] == "1"
    assert "1 simulated participant is included." in (tmp_path / "README.txt").read_text()


def test_an_export_makes_its_folder_and_replaces_an_older_one(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "results"
    export_write(study, folder)
    person(study, "ResNet-50", "1", "1")
    report = export_write(study, str(folder))
    assert {each.name for each in folder.iterdir()} == set(report.files)
    assert read(folder / "accuracy.csv")[0]["n_participants"] == "1"


@pytest.mark.parametrize("name", ["taken", "taken/below"])
def test_a_path_that_is_a_file_is_refused(name: str, study: Study, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ExportRefused, match=r"found a file, expected a folder"):
        export_write(study, tmp_path / name)
    assert (tmp_path / "taken").read_text() == "mine"


def test_the_command_prints_the_table_and_says_who_is_left_out(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_study", "birds", "--out", str(tmp_path))
    out = capsys.readouterr().out
    assert "50.0" in out
    assert "1 simulated participant is left out. Include them with --include-simulated." in out
    assert "responses.csv" in out


def test_the_command_can_include_simulated_people(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_study", "birds", "--out", str(tmp_path), "--include-simulated")
    assert "1 simulated participant is included.\n" in capsys.readouterr().out


def test_the_command_is_silent_about_robots_where_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_study()
    call_command("export_study", "birds", "--out", str(tmp_path))
    assert "left out" not in capsys.readouterr().out


def test_the_command_lists_the_studies_when_the_name_is_unknown(tmp_path: Path) -> None:
    make_study()
    with pytest.raises(CommandError, match=r"No study 'bird'; studies: birds\."):
        call_command("export_study", "bird", "--out", str(tmp_path))


def test_the_command_refuses_a_file_in_words(study: Study, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(CommandError, match=r"found a file"):
        call_command("export_study", "birds", "--out", str(tmp_path / "taken"))
