"""The evidence that people see is in the fingerprint, the verification and the study's file."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from classifiers.models import Evidence, Image
from classifiers.services.panel_files import panel_path, photos_of
from tests.factories import make_dataset, make_plan
from tests.trials.services.outside_run import make_explained_study, make_outside_run
from tests.trials.services.test_archive import changed, elsewhere, exported
from trials import services
from trials.models import Study, TrialItem
from trials.services import archive_evidence, frozen_sha256, study_verify
from trials.services.archive_import import study_import
from trials.services.dataset_locks import study_holds
from trials.services.refusals import StudyRefused
from trials.services.run_selection import view_check
from trials.services.shown import photos_shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_explained_study()


def drawn() -> Evidence:
    """Return the evidence of a photo that people judge."""
    return Evidence.objects.filter(prediction__in=TrialItem.objects.values("prediction"))[0]


def change(kind: int, name: str, value: Any) -> None:
    found = drawn()
    found.panels[kind][name] = value
    found.save()


SEEN: dict[str, Callable[[], object]] = {
    "map": lambda: change(0, "file", "0" * 64 + ".png"),
    "caption": lambda: change(0, "caption", "other"),
    "box": lambda: change(1, "images", [{"image": "0" * 64}]),
    "alt": lambda: change(2, "alt", "other"),
    "bars": lambda: change(3, "items", [["red crown", 0.76]]),
    "text": lambda: change(4, "text", "other"),
    "order": lambda: Evidence.objects.filter(pk=drawn().pk).update(panels=drawn().panels[::-1]),
    "evidence": lambda: drawn().delete(),
}


@pytest.mark.parametrize("what", SEEN)
def test_the_fingerprint_changes_with_whatever_a_panel_shows(study: Study, what: str) -> None:
    SEEN[what]()
    assert frozen_sha256(study) != study.frozen_sha256


def test_evidence_that_nobody_sees_is_no_part_of_the_fingerprint(study: Study) -> None:
    items = TrialItem.objects.values("prediction")
    Evidence.objects.exclude(prediction__in=items).update(panels=[])
    assert frozen_sha256(study) == study.frozen_sha256


def test_the_verification_names_a_panels_file_that_changed(study: Study) -> None:
    assert study_verify(study).is_same
    panel_path(drawn().panels[0]["file"]).write_bytes(b"x")
    verdict = study_verify(study)
    assert not verdict.is_same
    assert f"first {drawn().panels[0]['file']} has other bytes" in verdict.said[0]


def test_the_photos_of_panels_are_shown_and_held(study: Study) -> None:
    named = {image["image"] for image in drawn().panels[1]["images"]}
    shown = Image.objects.filter(pk__in=photos_shown(study)).values_list("sha256", flat=True)
    assert named <= set(shown)
    assert list(study_holds(study.dataset))


def test_on_another_site_the_study_has_its_panels_and_their_files(study: Study) -> None:
    file, before = exported(study), drawn()
    expected = (before.panels, before.scores)
    dataset = elsewhere(study)
    shutil.rmtree(settings.PANEL_DIR)
    made = study_import(file=file, slug="again", dataset=dataset)
    assert (made.is_frozen, made.study.frozen_sha256) == (True, study.frozen_sha256), made.said
    assert study_verify(made.study).is_same
    assert expected in [(each.panels, each.scores) for each in Evidence.objects.all()]
    old, new = (zipfile.ZipFile(each) for each in (file, exported(made.study)))
    members = [name for name in old.namelist() if name.startswith(("panels/", "evidence"))]
    assert len(members) > 2
    assert [old.read(name) for name in members] == [new.read(name) for name in members]


def rewritten(study: Study, name: str, content: bytes) -> Any:
    """Return the study's file with one member changed, and the manifest in agreement."""

    file = exported(study)
    manifest = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    manifest["sha256"][name] = hashlib.sha256(content).hexdigest()
    once = changed(file, name, content)
    return changed(once, "manifest.json", json.dumps(manifest).encode())


@pytest.mark.parametrize("content", [b"<html><script>", b"", b"\x89PNG\r\n\x1a\n<script>"])
def test_a_panels_file_that_no_export_wrote_is_refused(study: Study, content: bytes) -> None:
    name = f"panels/{drawn().panels[0]['file']}"
    with pytest.raises(StudyRefused, match=r"cannot be taken|empty file"):
        study_import(file=rewritten(study, name, content), slug="x", dataset=study.dataset)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"kind":"text"', '"kind":"html"'), ('"scores":{"', '"scores":{"x":"y","'),
     ('.png"', '.svg"'), ('"panels":[', '"panels":[5,'), ('"scores":{"', '"scores":{"no":1,"')],
)  # fmt: skip
def test_evidence_that_no_export_wrote_is_refused(study: Study, old: str, new: str) -> None:
    lines = zipfile.ZipFile(exported(study)).read("evidence.jsonl").decode()
    file = rewritten(study, "evidence.jsonl", lines.replace(old, new, 1).encode())
    dataset = elsewhere(study)
    with pytest.raises(StudyRefused, match="cannot be read as a study"):
        study_import(file=file, slug="x", dataset=dataset)
    assert not Evidence.objects.exists()
    assert Path(settings.PANEL_DIR).exists()


def test_panels_files_that_are_too_large_or_misnamed_are_refused(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    panels = drawn().panels
    content = panel_path(panels[0]["file"]).read_bytes()
    with pytest.raises(StudyRefused, match=f"cannot be taken: its content is {panels[0]['file']}"):
        archive_evidence.files_check({"0" * 64 + ".png": content})
    monkeypatch.setattr(archive_evidence, "MAX_FILES_BYTES", len(content) - 1)
    with pytest.raises(StudyRefused, match="The panels' files have more than 0 MB"):
        archive_evidence.files_check({panels[0]["file"]: content})


def test_evidence_whose_file_is_not_there_or_that_shows_a_judged_photo_is_refused(
    study: Study,
) -> None:
    found = drawn()
    fact = {"image": "0" * 64, "panels": found.panels, "scores": {}}
    with pytest.raises(ValueError, match=rf"names '{found.panels[0]['file'][:9]}.*it is not there"):
        archive_evidence.evidence_check([fact], {})
    judged = dict.fromkeys(photos_of(found.panels), found.prediction.image)
    with pytest.raises(ValueError, match="which people judge"):
        archive_evidence.evidence_restore(found.prediction, fact, judged, {})


@pytest.fixture
def outside() -> Study:
    """A frozen study of an outside AI."""
    dataset = make_dataset()
    make_outside_run(dataset)
    arms = [{"name": "Panels", "run": "vit", "view": "panels"}]
    return services.study_create(slug="vit", dataset=dataset, plan=make_plan(conditions=arms))


def test_a_study_of_an_outside_ai_moves_to_another_site(outside: Study) -> None:
    file = exported(outside)
    made = study_import(file=file, slug="again", dataset=elsewhere(outside))
    assert (made.is_frozen, made.study.frozen_sha256) == (True, outside.frozen_sha256), made.said
    assert study_verify(made.study).is_same
    run = made.study.conditions.get().run
    assert (run.is_outside, run.name, run.imported_for) == (True, "vit", "again")


def test_a_condition_cannot_show_panels_that_were_never_imported(outside: Study) -> None:
    run, (condition,) = outside.conditions.get().run, outside.plan.conditions
    view_check(condition, run)
    Evidence.objects.update(panels=[])
    with pytest.raises(StudyRefused, match="were imported without any"):
        view_check(condition, run)
