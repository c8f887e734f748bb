"""What a study shows: pages, fingerprint, verification and locks say the same."""

from __future__ import annotations

import re
from typing import Any

import pytest

from classifiers.models import Image
from classifiers.services.dataset_locks import holds_of
from tests.factories import enrol, make_document, make_study
from tests.trials.tab import Tab, be
from trials import services
from trials.models import Study
from trials.services import freezing, frozen_sha256, shown, study_verify
from trials.study.plan import StudyPlan

pytestmark = pytest.mark.django_db
MATCHED = [{"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"}]


def study_of(**changes: Any) -> Study:
    """A study with its own instructions, two attention checks, and what is changed."""
    document = make_document(conditions=MATCHED, quality={"n_attention": 2}, **changes)
    document["stages"][1]["text"] = "Our own instructions."
    return make_study(plan=StudyPlan.from_json(document))


def on_a_check(study: Study) -> Image:
    return shown.sample_photos(shown.category_on_check(study, 1), 1)[0]


def test_the_photo_of_an_attention_check_is_in_the_fingerprint() -> None:
    study = study_of()
    Image.objects.filter(pk=on_a_check(study).pk).update(sha256="0" * 64)
    assert frozen_sha256(study) != study.frozen_sha256
    assert not study_verify(study).is_same


def test_a_study_frozen_before_checks_were_covered_is_verified_by_its_own_rule() -> None:
    study = study_of()
    before = freezing._fingerprint(study, shown.samples_hashed_before(study.plan))
    assert before != study.frozen_sha256
    study.frozen_sha256 = before
    assert study_verify(study).is_same
    Image.objects.filter(pk=on_a_check(study).pk).update(sha256="0" * 64)
    assert study_verify(study).is_same  # its rule does not cover them
    study.dataset.categories.update(label="fir")
    assert not study_verify(study).is_same


def test_a_text_of_blanks_is_no_text_for_the_page_and_the_fingerprint_alike() -> None:
    document = make_document()
    document["stages"][1]["text"] = " \n"
    plan = StudyPlan.from_json(document)
    assert shown.samples_of(plan).most == shown.N_PRESENTED
    assert shown.samples_hashed_before(plan) == 0


@pytest.mark.parametrize("trial", [{}, {"has_definition": True, "n_samples": 3}])
def test_a_lost_photo_of_a_check_or_a_definition_is_found(trial: dict[str, Any]) -> None:
    study = study_of(trial=trial)
    assert study_verify(study).is_same
    shown.sample_photos(shown.category_on_check(study, 0), 3)[2 if trial else 0].crop_path.unlink()
    assert "1 photos have no file to show" in study_verify(study).said[0]


def test_every_photo_on_a_persons_pages_is_among_those_that_the_study_shows() -> None:
    study = study_of(trial={"has_definition": True})
    person, seen, browser = enrol(study), set(), Tab()
    be(browser, person)
    while person.is_active:
        seen |= set(re.findall(r"/image/([\w-]{20})", browser.get("/s/trees/session/").text))
        step = person.script[person.step]
        is_yes = step.kind != "trial" or services.trial_of(person, step).prediction.is_right
        sent = services.Submission(step=person.step, is_yes=is_yes)
        person = services.participant_advance(participant=person, submission=sent)
    photos = set(Image.objects.filter(token__in=seen).values_list("pk", flat=True))
    assert photos <= shown.photos_shown(study)
    assert on_a_check(study).pk in photos


def test_the_lock_on_the_dataset_holds_what_the_pages_present() -> None:
    study = study_of()
    assert [item.n_samples for item in holds_of(study.dataset)] == [1]
    assert shown.samples_of(study.plan) == shown.Samples(0, 0, 1)
