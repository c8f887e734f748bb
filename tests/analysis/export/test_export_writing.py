"""How an export gets to its place: in a stream, whole or not at all, by a command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from analysis.codebook.codebook import RESPONSES
from analysis.export import export_bundle
from analysis.export.export_bundle import MANIFEST, Exported, ExportRefused, bundle_write
from analysis.rows.frame import StudyRows
from analysis.tables.tidy import frame_of
from tests.analysis.people import make_study, person, study_of_four
from tests.analysis.staff_pages import rows as cells
from trials.models import Participant, Study

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]


@pytest.fixture
def study() -> Study:
    """Make the study of four."""
    return study_of_four()


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
    assert cells((folder / "tables" / "accuracy.csv").read_bytes())[0]["n_participants"] == "1"


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
    with pytest.raises(ExportRefused, match=r"found MANIFEST\.sha256 of something else"):
        bundle_write(study, tmp_path / "out")
    bundle_write(study, tmp_path / "out", overwrite=True)
    assert (tmp_path / "precious.txt").read_text() == "mine"


def everything(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in export_bundle.files_below(folder)}


@pytest.mark.parametrize(("other", "found"), [
    ({"slug": "dogs"}, r"an export of study birds \(live, document [0-9a-f]{12}\)"),
    ({"stage": "pilot"}, r"an export of study birds \(live"),
])  # fmt: skip
def test_an_export_of_another_study_or_stage_is_never_replaced_without_a_word(
    study: Study, tmp_path: Path, other: dict[str, str], found: str
) -> None:
    bundle_write(study, tmp_path)
    before = everything(tmp_path)
    later, stage = make_study(other.get("slug", "dogs")), other.get("stage", "live")
    asked = study if "stage" in other else later
    with pytest.raises(ExportRefused, match=found) as refusal:
        bundle_write(asked, tmp_path, stage=stage)
    assert f"such as {tmp_path / f'{asked.slug}-{stage}'}, or --overwrite" in str(refusal.value)
    assert everything(tmp_path) == before
    bundle_write(asked, tmp_path, stage=stage, overwrite=True)
    names = " ".join(everything(tmp_path))
    assert ("study-dogs" in names) == (asked is later)
    assert "study-birds_description-responses_data" not in names


def test_files_that_no_export_wrote_are_never_replaced_without_a_word(
    study: Study, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine too")
    with pytest.raises(ExportRefused, match=r"found README\.md, which no export wrote"):
        bundle_write(study, tmp_path)
    assert everything(tmp_path) == {"README.md": b"mine", "notes.txt": b"mine too"}
    bundle_write(study, tmp_path, overwrite=True)
    assert (tmp_path / "README.md").read_text() != "mine"


def test_what_a_researcher_wrote_into_an_export_is_never_lost(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    (tmp_path / "CITATION.cff").write_text("authors: [me]")
    with pytest.raises(ExportRefused, match=r"found CITATION\.cff, changed since the older export"):
        bundle_write(study, tmp_path)
    assert (tmp_path / "CITATION.cff").read_text() == "authors: [me]"


def test_nobody_else_may_read_what_an_export_wrote(study: Study, tmp_path: Path) -> None:
    done = bundle_write(study, tmp_path / "new" / "out")
    places = [done.folder, *(done.folder / name for name in done.files)]
    places += [path.parent for path in places[1:]]
    assert [str(path) for path in places if path.stat().st_mode & 0o007] == []


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


def test_the_command_exports_the_pilot_and_refuses_its_folder_to_the_study(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = command("birds", "--out", tmp_path, "--stage", "pilot", capsys=capsys)
    assert "participants of birds, the pilot" in out
    with pytest.raises(CommandError, match=r"found an export of study birds \(pilot"):
        call_command("export_study", "birds", "--out", str(tmp_path))
    command("birds", "--out", tmp_path, "--overwrite", capsys=capsys)
    assert not list((tmp_path / "data").glob("*Pilot*"))


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
