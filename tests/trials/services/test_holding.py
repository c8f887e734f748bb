"""A frozen study's photos and words: nobody changes them under its people."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.models import Dataset, DatasetImport, Image, Job
from classifiers.services.dataset_locks import HeldSamples, Hold, holds_of
from tests.factories import make_plan, make_study
from trials import services
from trials.models import Study
from trials.services.refusals import StudyRefused

pytestmark = pytest.mark.django_db


def test_a_draft_holds_nothing() -> None:
    study = make_study()
    services.study_copy(study=study, slug="draft")
    assert [item.holder for item in holds_of(study.dataset)] == ["study trees"]


@pytest.mark.parametrize(
    ("changed", "n_samples"),
    [
        ({}, 2),
        ({"trial": {"has_definition": True, "n_samples": 5}}, 5),
        ({"stages": [{"kind": "test", "n": 6, "n_sets": 2}]}, 0),
        (
            {"stages": [{"kind": "test", "n": 6, "n_sets": 2}], "quality": {"n_attention": 2}},
            1,
        ),
    ],
)
def test_a_frozen_study_holds_the_photos_that_it_presents(
    changed: dict[str, Any], n_samples: int
) -> None:
    study = make_study(plan=make_plan(**changed))
    assert holds_of(study.dataset) == [Hold("study trees", n_samples)]


def test_what_an_import_may_add_leaves_the_fingerprint_as_it_is() -> None:
    study = make_study()
    held = HeldSamples(study.dataset)
    category = study.dataset.categories.all()[0]
    for digit in "0123456789abcdef":
        sha256 = digit * 64
        image = Image(
            dataset=study.dataset, category=category, split="gallery", sha256=sha256,
            source=digit, width=1, height=1,
        )  # fmt: skip
        if held.problem(category.name, image.split, sha256):
            continue
        image.save()
        assert services.frozen_sha256(study) == study.frozen_sha256
    assert Image.objects.filter(width=1).exists()


@pytest.mark.parametrize("status", [Job.Status.QUEUED, Job.Status.RUNNING])
def test_no_study_is_frozen_while_photos_come_in(status: Job.Status) -> None:
    dataset = make_study().dataset
    draft = services.study_draft(slug="draft", dataset=dataset, document=make_plan().document)
    job = DatasetImport.objects.create(slug=dataset.slug, root="/nowhere", status=status)
    with pytest.raises(StudyRefused, match=r"Photos are being imported into trees; .*Wait until"):
        services.study_pilot(study=draft)
    job.delete()
    DatasetImport.objects.create(slug="others", root="/nowhere")
    assert services.study_pilot(study=draft).status == Study.Status.PILOT


def test_other_datasets_are_not_held() -> None:
    make_study()
    assert holds_of(Dataset.objects.create(slug="stones", root="/nowhere")) == []
