"""Our answers in the reference study's schemas, read by what reads theirs."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from analysis.export import export_bundle
from analysis.export.export_bundle import bundle_write
from analysis.export.reference_schema import SCHEMAS
from analysis.published.responses import SCHEMAS as READ
from classifiers.models import Prediction
from tests.analysis.people import make_study, person
from tests.analysis.published_rows import rows, run, tidy
from tests.analysis.six_arms import answered_study
from trials.models import Condition, Study

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]


@pytest.fixture
def study() -> Study:
    """The six conditions, a person in each."""
    return answered_study(6)


def exported(study: Study, folder: Path) -> tuple[Path, dict[str, dict[str, str]]]:
    """Return the reference folder and the accuracy table's rows by condition."""
    bundle_write(study, folder)
    return read(folder)


def read(folder: Path) -> tuple[Path, dict[str, dict[str, str]]]:
    with (folder / "tables" / "accuracy.csv").open(encoding="utf-8", newline="") as file:
        return folder / "reference", {
            row["condition"]: row for row in csv.DictReader(file) if row["analysed"] == "all"
        }


@pytest.mark.parametrize("schema", list(SCHEMAS))
def test_what_reads_the_published_files_gives_our_own_accuracies(
    schema: str, shared: Path, tmp_path: Path
) -> None:
    folder, ours = read(shared)
    results, out = run(tmp_path / "read", folder / f"{schema}-Human-Study-Summary.csv")
    assert f"in the {schema} schema" in out
    for condition, theirs in results["methods"].items():
        assert theirs["n_users"] == int(ours[condition]["n_participants"])
        assert theirs["accuracy_mean"] == pytest.approx(float(ours[condition]["accuracy_mean"]))
        assert theirs["accuracy_ai_wrong_mean"] == pytest.approx(
            float(ours[condition]["accuracy_ai_wrong_mean"])
        )
    assert len(results["methods"]) == 6


@pytest.mark.parametrize("schema", list(SCHEMAS))
def test_nothing_of_our_files_is_odd_to_their_reader(
    schema: str, shared: Path, tmp_path: Path
) -> None:
    folder, _ = read(shared)
    run(tmp_path / "read", folder / f"{schema}-Human-Study-Summary.csv")
    odd = [row["what"] for row in tidy(tmp_path / "read" / "oddities.csv")]
    # Few people judge few sets, and robots of a test answer at once.
    assert [item for item in odd if "nobody judged" not in item and "Reaction" not in item] == []


@pytest.mark.parametrize("schema", READ)
def test_columns_are_exactly_those_of_the_published_file(schema: object) -> None:
    name = str(schema.name)  # type: ignore[attr-defined]
    assert set(schema.columns) <= set(SCHEMAS[name])  # type: ignore[attr-defined]
    assert set(rows(name, n_each=1)[0]) == set(SCHEMAS[name])
    assert len(SCHEMAS[name]) == {"CUB": 22, "ImageNet": 36}[name]


def test_ids_are_hashed_and_lead_to_nobody(shared: Path) -> None:
    folder, _ = read(shared)
    cub, imagenet = (
        pd.read_csv(folder / f"{schema}-Human-Study-Summary.csv", dtype={"UID": str})
        for schema in SCHEMAS
    )
    assert cub["UID"].str.fullmatch(r"[0-9a-f]{24}[A-Za-z-]+").all()
    assert imagenet["UID"].str.fullmatch(r"[1-9]\d{14}").all()
    assert list(cub["UID"].factorize()[0]) == list(imagenet["UID"].factorize()[0])
    assert not imagenet["UID"].drop_duplicates().is_monotonic_increasing


def uids(study: Study, folder: Path) -> dict[str, set[str]]:
    """Return the ids of both files."""
    reference, _ = exported(study, folder)
    return {
        schema: set(pd.read_csv(reference / f"{schema}-Human-Study-Summary.csv", dtype=str)["UID"])
        for schema in SCHEMAS
    }


def test_an_id_stays_when_people_come_and_is_another_one_in_another_study(tmp_path: Path) -> None:
    study = make_study()
    person(study, "kNN", "11", "00")
    first = uids(study, tmp_path)
    person(study, "kNN", "11", "00")
    later = uids(study, tmp_path)
    Study.objects.update(slug="birds-2")
    other = uids(Study.objects.get(), tmp_path / "other")
    for schema in SCHEMAS:
        assert first[schema] < later[schema]
        assert len(later[schema] | other[schema]) == 4


def test_two_people_of_one_number_are_refused(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_bundle, "reference_hash", lambda *_: lambda _: "ab" * 32)
    folder, _ = exported(study, tmp_path)
    assert "Two participants have the same number" in (folder / "README.md").read_text()
    assert not list(folder.glob("*.csv"))


def test_conditions_that_the_reference_study_lacks_are_left_out_and_named(
    study: Study, tmp_path: Path
) -> None:
    Condition.objects.filter(name="EMD-Corr").update(view_name="none", name="EMD silent")
    folder, ours = exported(study, tmp_path)
    methods = pd.read_csv(folder / "CUB-Human-Study-Summary.csv")["Method"]
    judged = {name for name, row in ours.items() if int(row["n_participants"])}
    assert set(methods) == judged - {"EMD silent"}
    assert len(judged) >= 3
    assert "has no such condition: EMD silent." in (folder / "README.md").read_text()


def test_votes_that_are_no_twentieths_are_refused_in_words(tmp_path: Path) -> None:
    study = make_study()
    Prediction.objects.filter(n_votes__isnull=False).update(confidence=7 / 9)
    person(study, "kNN", "11", "00")
    folder, _ = exported(study, tmp_path)
    readme = (folder / "README.md").read_text()
    assert "The files are missing: Condition kNN: confidence 0.777" in readme
    assert not list(folder.glob("*.csv"))


def test_two_photos_of_one_name_are_told_apart(study: Study, tmp_path: Path) -> None:
    study.dataset.images.update(source="kind/same.jpg")
    folder, _ = exported(study, tmp_path)
    assert set(pd.read_csv(folder / "CUB-Human-Study-Summary.csv")["Query"]) == {"kind_same.jpg"}
