"""What a study's file says of runs, arms and photos is checked before it becomes a study."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from tests.factories import make_study
from tests.trials.services.test_archive import changed, exported, resealed
from trials.services.archive_import import study_import
from trials.services.refusals import StudyRefused

pytestmark = pytest.mark.django_db


RUNS = {
    "a run's name leads out": ({"name": "../x"}, "the run of softmax is named '../x'; expected"),
    "a backbone leads out": ({"backbone": "../x"}, "names backbone '../x' and parameters"),
    "no table of parameters": ({"parameters": []}, r"and parameters \[\]; expected a plain name"),
    "an outside AI without a name": (
        {"backbone": "", "name": "", "classifier": "a b"},
        "the run of an outside AI is named 'a b' with"),
}  # fmt: skip


@pytest.mark.parametrize("what", RUNS)
def test_a_run_that_no_export_wrote_is_refused_in_words(what: str) -> None:
    study = make_study()
    file = exported(study)
    facts = json.loads(zipfile.ZipFile(file).read("study.json"))
    change, said = RUNS[what]
    facts["runs"]["softmax"] |= change
    file = resealed(file, "study.json", json.dumps(facts).encode())
    with pytest.raises(StudyRefused, match=said):
        study_import(file=file, slug="again", dataset=study.dataset)


def test_an_arm_that_defers_below_a_word_is_refused() -> None:
    study = make_study()
    file = exported(study)
    facts = json.loads(zipfile.ZipFile(file).read("study.json"))
    facts["conditions"]["kNN"]["defer_below"] = "half"
    file = resealed(file, "study.json", json.dumps(facts).encode())
    with pytest.raises(StudyRefused, match="condition kNN defers below 'half'; expected a number"):
        study_import(file=file, slug="again", dataset=study.dataset)


def test_a_category_that_this_site_lacks_is_told_and_the_document_becomes_a_draft() -> None:
    study = make_study()
    file = exported(study)
    table = zipfile.ZipFile(file).read("predictions.csv").replace(b"kind_amber", b"kind_elm")
    made = study_import(
        file=resealed(file, "predictions.csv", table), slug="again", dataset=study.dataset
    )
    assert not made.is_frozen
    assert made.said.startswith("The dataset has no category 'kind_elm'. The document became a dra")


def test_photos_in_a_file_are_compared_with_its_manifest() -> None:
    study = make_study()
    file = exported(study, has_photos=True)
    name = next(each for each in zipfile.ZipFile(file).namelist() if each.startswith("photos/"))
    assert study_import(file=file, slug="again", dataset=study.dataset).is_frozen
    with pytest.raises(StudyRefused, match=f"{name} in the zip has SHA-256 .* damaged or changed"):
        study_import(file=changed(file, name, b"x"), slug="other", dataset=study.dataset)


def test_a_photo_that_was_damaged_inside_the_zip_is_named() -> None:
    study = make_study()
    file = exported(study, has_photos=True)
    content = bytearray(file.getvalue())
    infos = zipfile.ZipFile(file).infolist()
    last = max((info for info in infos if info.filename.startswith("photos/")),
               key=lambda info: info.header_offset)  # fmt: skip
    content[last.header_offset + 30 + len(last.filename) + last.compress_size // 2] ^= 255
    with pytest.raises(StudyRefused, match=f"'{last.filename}' cannot be read"):
        study_import(file=io.BytesIO(content), slug="again", dataset=study.dataset)
