"""A study's export: what is in it."""

import csv
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from analysis.export import export_bundle
from analysis.export.export_bundle import MANIFEST, bundle_write, data_path
from analysis.rows.overview import declared_of
from tests.analysis.people import make_study, person, study_of_four
from trials.models import Participant, Study, Trial

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_no_pictures")]


@pytest.fixture
def study() -> Study:
    """Make the study of four."""
    return study_of_four()


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
    files = [file for file in done.files if file.endswith(".csv")]
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


def test_a_frozen_rule_about_what_no_study_measures_is_exported_as_not_measured(
    study: Study, tmp_path: Path
) -> None:
    Study.objects.update(document=study.document | {"exclusions": ["session_number>1"]})
    bundle_write(Study.objects.get(), tmp_path)
    rows = read(tmp_path / "tables" / "exclusions.csv")
    assert {(row["rule"], row["n_excluded"], row["note"]) for row in rows} == {
        ("session_number>1", "0", "not measured")
    }
    flow = [row for row in read(tmp_path / "consort.csv") if row["reason"] == "session_number>1"]
    assert {row["meaning"] for row in flow} == {
        "nobody: the study does not measure what this rule is about"
    }


def test_is_repeat_excludes_who_took_part_before(study: Study, tmp_path: Path) -> None:
    Participant.objects.filter(number=2, is_simulated=False).update(is_repeat=True)
    Study.objects.update(document=study.document | {"exclusions": ["is_repeat"]})
    bundle_write(Study.objects.get(), tmp_path)
    people = read(tmp_path / "tables" / "participants.csv")
    assert [row["excluded_by"] for row in people] == ["", "is_repeat"]


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
    assert (first["is_simulated"], first["is_ai_correct"]) == ("FALSE", "TRUE")
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
    assert sum(row["is_ai_correct"] == "TRUE" for row in rows) == 10


def test_simulated_people_are_left_out_and_no_file_says_otherwise(
    study: Study, tmp_path: Path
) -> None:
    done = bundle_write(study, tmp_path)
    assert done.simulated_note == "1 simulated participant is left out."
    assert {row["is_simulated"] for row in read(data(tmp_path, "participants"))} == {"FALSE"}
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
    said = (tmp_path / "README.md").read_text()
    assert f"(the checklist shows it): `{study.frozen_sha256}`" in said
    assert "| consented | 3 |" in said
    assert "| under way, or left | 1 |" in said
    assert f"no spaces): `{study.document_sha256}`" in said


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
