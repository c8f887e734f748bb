"""An export under the eyes of others: validators, readers, a machine without the project."""

import csv
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.codebook import codebook
from analysis.export.export_bundle import bundle_write
from analysis.export.export_code import CodeNotPure, carried_modules, requirements
from analysis.tables.rerun import difference, main
from classifiers.files import file_sha256
from tests.analysis.people import make_study, person
from tests.analysis.psych_ds import problems

# Not for the tests but for their fixture: a database is made only where a test asks for one.
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
DATA = tuple(codebook.DATA)


@pytest.fixture
def export(shared: Path, tmp_path: Path) -> Path:
    """A copy, to be spoilt."""
    return Path(shutil.copytree(shared, tmp_path / "copy"))


def test_frictionless_finds_the_package_valid(shared: Path) -> None:
    import frictionless

    report = frictionless.validate(shared / "datapackage.json")
    assert report.valid, report.flatten(["type", "fieldName", "message"])
    files = {path.relative_to(shared).as_posix() for path in shared.rglob("*.csv")}
    checked = {task.place for task in report.tasks}
    assert checked == {file for file in files if not file.startswith("reference/")}


@pytest.mark.parametrize(
    ("file", "spoil"),
    [
        ("responses", lambda row: row | {"response": "maybe"}),
        ("responses", lambda row: row | {"ai_confidence": "1.5"}),
        ("responses", lambda row: row | {"rt_ms": "-1"}),
        ("responses", lambda row: row | {"participant_id": "p9999"}),
        ("responses", lambda row: row | {"trial_index": "2"}),
        ("participants", lambda row: row | {"status": ""}),
        ("events", lambda row: row | {"at": "yesterday"}),
    ],
)
def test_frictionless_finds_a_spoilt_cell(export: Path, file: str, spoil: Any) -> None:
    import frictionless

    (path,) = (export / "data").glob(f"*-{file}_data.csv")
    with path.open(encoding="utf-8", newline="") as opened:
        first, *others = list(csv.DictReader(opened))
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(first), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows([spoil(first), *others])
    package = json.loads((export / "datapackage.json").read_text())
    for item in package["resources"]:
        del item["hash"], item["bytes"]
    (export / "datapackage.json").write_text(json.dumps(package))
    assert not frictionless.validate(export / "datapackage.json").valid


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:mlcroissant")
def test_croissants_validator_finds_no_error_and_reads_every_row(
    shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import mlcroissant

    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(shared / "croissant.json")
        n_rows = {name: sum(1 for _ in dataset.records(name)) for name in DATA}
    assert not dataset.metadata.ctx.issues.errors
    # Which licence it is, only the researchers can say.
    assert [
        warning for warning in dataset.metadata.ctx.issues.warnings if "license" not in warning
    ] == []
    assert "not standard" not in caplog.text
    assert n_rows == {name: len(table(shared, name)) for name in DATA}


def test_psych_ds_finds_no_problem(shared: Path) -> None:
    assert problems(shared) == []


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda d: d | {"variableMeasured": d["variableMeasured"][1:]}, "column not in"),
        (lambda d: d | {"variableMeasured": [*d["variableMeasured"], "more"]}, "in no file"),
        (lambda d: d | {"@context": "http://example.org"}, "@context"),
    ],
)
def test_psych_ds_finds_a_spoilt_description(export: Path, spoil: Any, found: str) -> None:
    path = export / "dataset_description.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    assert any(found in problem for problem in problems(export))


def table(folder: Path, name: str) -> pd.DataFrame:
    (path,) = (folder / "data").glob(f"*-{name}_data.csv")
    return pd.read_csv(path)


def test_pandas_reads_the_data_without_options(shared: Path) -> None:
    responses = table(shared, "responses")
    assert responses["is_correct"].dtype == bool
    assert responses["rt_ms"].dtype == "int64"
    assert responses["item_id"].str.startswith("i").all()
    assert pd.to_datetime(responses["received_at"]).dt.tz is not None
    done = responses[responses["participant_status"] == "completed"]
    means = 100 * done.groupby(["condition", "participant_id"])["is_correct"].mean()
    accuracy = pd.read_csv(shared / "tables" / "accuracy.csv", index_col="condition")
    accuracy = accuracy[accuracy["analysed"] == "all"]
    expected = means.groupby("condition").mean().reindex(accuracy.index)
    pd.testing.assert_series_equal(accuracy["accuracy_mean"], expected, check_names=False)


def lonely(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script with no home, no project on the path and no variable of ours."""
    return subprocess.run(
        [sys.executable, "-I", str(script), *arguments],
        env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"},
        cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_script_gives_the_same_tables_without_project_and_database(export: Path) -> None:
    result = lonely(export / "analyse.py")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert "Every table is the same" in result.stdout
    names = {path.name for path in (export / "tables").iterdir()}
    assert names <= {path.name for path in (export / "rerun").iterdir()}
    assert not list(export.rglob("__pycache__"))


def ended(export: Path, prelude: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script after ``prelude``, in an environment of its own."""
    code = f"{prelude}\nimport runpy, sys\nsys.argv = ['analyse.py', '--no-figures']\n"
    code += f"runpy.run_path({str(export / 'analyse.py')!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", **env},
    )  # fmt: skip


@pytest.mark.parametrize(("prelude", "why"), [
    ("import sys; sys.modules['scipy'] = None", "install what requirements.txt lists"),
    ("import sys; sys.version_info = (3, 9, 2)", "needs Python 3.11 or later, and this is 3.9"),
])  # fmt: skip
def test_a_script_that_cannot_run_says_a_sentence_and_no_verdict(
    export: Path, prelude: str, why: str
) -> None:
    done = ended(export, prelude)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    assert "This says nothing about whether the tables agree." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_says_what_file_is_missing(export: Path) -> None:
    (export / "analysis_plan.json").unlink()
    done = ended(export, "")
    assert done.returncode == 2
    assert "analysis_plan.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_console_without_letters_stops_no_script(export: Path) -> None:
    plan = export / "analysis_plan.json"
    plan.write_text(plan.read_text(encoding="utf-8").replace("kNN", "kŃN"), encoding="utf-8")
    done = ended(export, "", PYTHONIOENCODING="ascii")
    assert done.returncode == 2  # the data name another condition than the plan
    assert "k\\u0143N" in done.stderr
    assert "UnicodeEncodeError" not in done.stderr


def test_the_script_says_which_table_differs_and_where_and_which_is_missing(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = export / "tables" / "accuracy.csv"
    path.write_text(path.read_text().replace("kNN,", "KNN,"))
    (export / "consort.csv").unlink()
    assert main(export, ["--no-figures", "--out", str(export / "again")]) == 1
    out = capsys.readouterr().out
    assert "accuracy.csv             DIFFERS: row 2, condition: 'kNN', shipped 'KNN'" in out
    assert "DIFFERS: the export has no consort.csv" in out
    assert f"2 of {len(list((export / 'again').glob('*.csv')))} tables differ" in out


def test_a_changed_answer_changes_the_tables(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = (export / "data").glob("*-responses_data.csv")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("yes,TRUE", "no,FALSE"), encoding="utf-8", newline="")
    assert main(export, ["--no-figures"]) == 1
    assert "accuracy.csv             DIFFERS: row 1, accuracy_mean" in capsys.readouterr().out


def test_numbers_may_differ_in_their_last_digits_only() -> None:
    one = pd.DataFrame({"x": [100 / 3, float("nan")]})
    assert difference(one, one + 1e-12) == ""
    assert difference(one, one + 1e-6).startswith("row 1, x")
    assert difference(one, one.fillna(0)).startswith("row 2, x")
    assert difference(one, one[:1]) == "1 rows, shipped 2"
    assert difference(one, one.rename(columns={"x": "y"})).startswith("columns")


@pytest.mark.usefixtures("_no_pictures")
def test_odd_labels_pass_every_reader(tmp_path: Path) -> None:
    import frictionless

    study = make_study(label='=2+2 "wren",\r\nold')
    study.dataset.categories.filter(label="wren").update(label="NA")
    person(study, "kNN", "11", "10")
    bundle_write(study, tmp_path)
    assert frictionless.validate(tmp_path / "datapackage.json").valid
    assert problems(tmp_path) == []
    assert main(tmp_path, ["--no-figures"]) == 0


def test_the_requirements_are_the_versions_that_computed(shared: Path) -> None:
    lines = (shared / "requirements.txt").read_text().splitlines()
    assert f"pandas=={pd.__version__}" in lines
    assert not any(line.lower().startswith(("django", "torch", "celery")) for line in lines)


def test_only_pure_modules_can_be_carried() -> None:
    assert "analysis.stats.measures" in carried_modules()
    with pytest.raises(CodeNotPure, match=r"analysis\.rows\.frame imports .*django"):
        carried_modules(("analysis.rows.frame",))
    assert "scipy==" in requirements()


def test_the_carried_code_is_ours_byte_by_byte(shared: Path) -> None:
    for name, file in carried_modules().items():
        place = shared / "code" / Path(*name.split("."))
        is_package = file.name == "__init__.py"
        copy = place / file.name if is_package else place.with_suffix(".py")
        assert file_sha256(copy) == file_sha256(file)
