"""A study as one file: out, back in, and what a damaged or foreign one is told."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import suppress

import pytest
from django.db import IntegrityError, transaction

from classifiers.models import Category, Dataset, Gallery, Image, Prediction, PredictionRun
from classifiers.services.queueing import runs_request
from tests.factories import make_plan, make_study
from trials import services
from trials.models import Participant, Study
from trials.services.archive import study_export
from trials.services.archive_import import study_import
from trials.services.refusals import StudyRefused
from trials.study.document import PlanRefused, write

pytestmark = pytest.mark.django_db


def exported(study: Study, *, has_photos: bool = False) -> io.BytesIO:
    file = io.BytesIO()
    study_export(study, file, has_photos=has_photos)
    file.seek(0)
    return file


def changed(file: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    """Return the archive with one file written over."""
    target = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(target, "w") as archive:
        for item in source.namelist():
            archive.writestr(item, content if item == name else source.read(item))
    target.seek(0)
    return target


def elsewhere(study: Study) -> Dataset:
    """Move the world to another site: the same photos and words, no predictions, no study."""
    Participant.objects.all().delete()
    Study.objects.all().delete()
    PredictionRun.objects.all().delete()
    Gallery.objects.all().delete()
    dataset = study.dataset
    dataset.slug = "copy"
    dataset.save()
    return dataset


def test_the_same_study_gives_the_same_bytes() -> None:
    study = make_study()
    assert exported(study).getvalue() == exported(study).getvalue()


def test_an_export_holds_no_photo_and_no_person_unless_photos_are_asked_for() -> None:
    study = make_study()
    names = zipfile.ZipFile(exported(study)).namelist()
    assert names == ["study.yaml", "study.json", "sets.csv", "predictions.csv",
                     "neighbors.jsonl", "images.csv", "manifest.json"]  # fmt: skip
    archive = zipfile.ZipFile(exported(study, has_photos=True))
    listed = archive.read("images.csv").decode().splitlines()[1:]
    for sha256 in (row.split(",")[0] for row in listed):
        crop = Image.objects.get(sha256=sha256).crop_path.read_bytes()
        assert archive.read(f"photos/{sha256}.jpg") == crop


def test_on_another_site_with_the_same_photos_it_is_the_very_same_study() -> None:
    study = make_study()
    file = exported(study)
    made = study_import(file=file, slug="again", dataset=elsewhere(study))
    assert (made.is_frozen, made.missing) == (True, ())
    assert made.study.frozen_sha256 == study.frozen_sha256
    assert services.study_verify(made.study).is_same
    assert services.study_open(study=made.study).status == Study.Status.OPEN


def test_predictions_of_a_file_stay_apart_from_those_computed_here() -> None:
    study = make_study()
    computed = set(PredictionRun.objects.values_list("pk", "predictions__pk"))
    made = study_import(file=exported(study), slug="again", dataset=study.dataset)
    assert made.is_frozen
    kept = PredictionRun.objects.computed().values_list("pk", "predictions__pk")
    assert set(kept) == computed
    used = {condition.run.imported_for for condition in made.study.conditions.select_related("run")}
    assert used == {"again"}


def forged(study: Study) -> io.BytesIO:
    """Return a study's file with every confidence set to 1 and all seals renewed."""
    with suppress(StopIteration), transaction.atomic():
        Prediction.objects.update(confidence=1)
        study.frozen_sha256 = services.frozen_sha256(study)
        file = exported(study)
        raise StopIteration  # the predictions here stay as they were
    return file


def test_a_forged_file_gives_no_other_study_its_predictions() -> None:
    study = make_study()
    file = forged(study)
    dataset = elsewhere(study)
    made = study_import(file=file, slug="forged", dataset=dataset)
    assert made.is_frozen
    found = services.runs_found(dataset, made.study.plan)
    assert {type(item) for item in found.values()} == {StudyRefused}
    own = [condition.run for condition in made.study.conditions.all()]
    other = services.study_copy(study=made.study, slug="other")
    with pytest.raises(StudyRefused, match="No finished predictions"):
        services.study_freeze(study=other)
    with pytest.raises(StudyRefused, match=r"came with the file of study forged and belongs"):
        services.study_freeze(study=other, runs=own)
    with pytest.raises(StudyRefused, match="No run"):
        services.runs_choose(other, [own[0].pk])


def test_a_forged_file_satisfies_no_request_for_predictions() -> None:
    study = make_study()
    file = forged(study)
    dataset = elsewhere(study)
    study_import(file=file, slug="forged", dataset=dataset)
    Gallery.objects.update(status=Gallery.Status.DONE)
    (run,) = runs_request(gallery=Gallery.objects.get(), classifiers=["knn"])
    assert (run.imported_for, run.status, run.predictions.count()) == ("", "queued", 0)


def test_the_database_lets_no_worker_add_to_imported_predictions() -> None:
    study = make_study()
    study_import(file=exported(study), slug="again", dataset=study.dataset)
    with pytest.raises(IntegrityError, match="imported_run_is_done"):
        PredictionRun.objects.filter(imported_for="again").update(status="queued")


def test_missing_photos_are_named_and_the_document_becomes_a_draft() -> None:
    study = make_study()
    file = exported(study)
    dataset = elsewhere(study)
    lost = dataset.images.filter(split="gallery")[0]
    Image.objects.filter(pk=lost.pk).delete()
    made = study_import(file=file, slug="again", dataset=dataset)
    assert (made.missing, made.is_frozen) == ((lost.sha256,), False)
    assert f"1 photos of the study are not in copy, first {lost.sha256}" in made.said
    assert made.study.document == study.document


@pytest.mark.parametrize("field", ["label", "definition"])
def test_other_words_make_another_study_and_are_told(field: str) -> None:
    study = make_study()
    file = exported(study)
    dataset = elsewhere(study)
    Category.objects.update(**{field: "other"})
    made = study_import(file=file, slug="again", dataset=dataset)
    assert not made.is_frozen
    assert "differ from those of the file" in made.said
    assert made.study.trial_sets.count() == 0


def test_a_photo_in_another_split_is_told() -> None:
    study = make_study()
    file = exported(study)
    dataset = elsewhere(study)
    Image.objects.filter(split="gallery").update(split="query")
    said = study_import(file=file, slug="again", dataset=dataset).said
    assert "is in split query" in said


@pytest.mark.parametrize("name", ["study.yaml", "sets.csv", "predictions.csv", "neighbors.jsonl"])
def test_a_changed_file_inside_is_refused_by_name(name: str) -> None:
    study = make_study()
    with pytest.raises(StudyRefused, match=rf"{name} in the zip has SHA-256 .* damaged or changed"):
        study_import(file=changed(exported(study), name, b"x"), slug="again", dataset=study.dataset)
    assert not Study.objects.filter(slug="again").exists()


def resealed(file: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    """Return the archive with one file written over, and a manifest that says so."""
    manifest = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    manifest["sha256"][name] = hashlib.sha256(content).hexdigest()
    return changed(changed(file, name, content), "manifest.json", json.dumps(manifest).encode())


FORGED = {
    "facts are none": ("study.json", b"{}"),
    "facts are broken": ("study.json", b"{"),
    "facts are a list": ("study.json", b"[]"),
    "facts nest without end": ("study.json", b"[" * 100_000),
    "facts hold NUL": (
        "study.json", b'{"slug": "a\\u0000", "frozen_sha256": "", "runs": {"knn": {}}}'),
    "runs are a list": ("study.json", b'{"slug": "", "frozen_sha256": "", "runs": []}'),
    "a backbone leads out": (
        "study.json", b'{"slug": "", "frozen_sha256": "", "runs": {"softmax": '
        b'{"backbone": "../x", "parameters": {}}}}'),
    "parameters are a list": (
        "study.json", b'{"slug": "", "frozen_sha256": "", "runs": {"softmax": '
        b'{"backbone": "x", "parameters": []}}}'),
    "neighbors lack fields": ("neighbors.jsonl", b"{}\n"),
    "neighbors are numbers": ("neighbors.jsonl", b"1\n"),
    "predictions lack columns": ("predictions.csv", b"classifier\nknn\n"),
    "sets are no text": ("sets.csv", b"\xff\xfe"),
    "sets hold no number": (
        "sets.csv", b"classifier,phase,number,position,image\nknn,test,one,0,x\n"),
    "images have no columns": ("images.csv", b"a\nb\n"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGED)
def test_a_file_that_no_export_wrote_is_refused_and_leaves_nothing(what: str) -> None:
    study = make_study()
    file = exported(study)
    dataset = elsewhere(study)
    with pytest.raises(StudyRefused, match=r"cannot be read as a study .*export the study again"):
        study_import(file=resealed(file, *FORGED[what]), slug="again", dataset=dataset)
    assert not Study.objects.exists()
    assert not PredictionRun.objects.exists()


@pytest.mark.parametrize("manifest", [b"[]", b"{", b"{}", b'{"sha256": []}', b"\xff"])
def test_a_manifest_that_is_none_is_refused(manifest: bytes) -> None:
    study = make_study()
    file = changed(exported(study), "manifest.json", manifest)
    with pytest.raises(StudyRefused, match=r"cannot be read as a study|manifest says nothing"):
        study_import(file=file, slug="again", dataset=study.dataset)


def test_a_zip_that_was_cut_inside_is_refused() -> None:
    study = make_study()
    content = bytearray(exported(study).getvalue())
    content[60:200] = b"\xff" * 140
    with pytest.raises(StudyRefused, match="The zip cannot be read"):
        study_import(file=io.BytesIO(bytes(content)), slug="again", dataset=study.dataset)


def test_a_zip_of_something_else_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("cat.txt", "miau")
    with pytest.raises(StudyRefused, match=r"holds cat\.txt; expected study\.yaml"):
        study_import(file=file, slug="again", dataset=make_study().dataset)


def test_a_document_alone_is_an_import_too() -> None:
    dataset = make_study().dataset
    text = write(make_plan(title="By hand").document).encode()
    made = study_import(file=io.BytesIO(text), slug="again", dataset=dataset)
    assert (made.study.plan.title, made.is_frozen) == ("By hand", False)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b"title: ["])
def test_what_is_neither_is_refused_in_words(content: bytes) -> None:
    dataset = make_study().dataset
    with pytest.raises((StudyRefused, PlanRefused), match=r"[Ee]xpected"):
        study_import(file=io.BytesIO(content), slug="again", dataset=dataset)


def test_a_draft_travels_as_its_document() -> None:
    draft = services.study_copy(study=make_study(), slug="draft")
    file = exported(draft)
    assert json.loads(zipfile.ZipFile(file).read("study.json"))["frozen_sha256"] == ""
    made = study_import(file=file, slug="again", dataset=draft.dataset)
    assert made.study.document_sha256 == draft.document_sha256
