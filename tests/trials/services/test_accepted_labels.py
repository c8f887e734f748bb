"""A study whose photos have several accepted labels: draw, fingerprint, feedback, file."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.utils import timezone

from classifiers.models import AcceptedLabel, Image
from classifiers.services.accepted_labels import labels_import
from tests.factories import enrol, make_study
from tests.trials.services.test_archive import elsewhere, exported
from trials.models import Response, Study, TrialItem
from trials.participant.trial_view import feedback
from trials.services import frozen_sha256
from trials.services.archive import LABELS
from trials.services.archive_import import study_import

pytestmark = pytest.mark.django_db

# The AI is wrong on odd photos: it names the next kind, which is accepted for the first four.
KINDS = ("kind_amber", "kind_birch", "kind_cedar", "kind_dogwood")
ROWS = [(n, KINDS[(n + k) % 4]) for n in (1, 3, 5, 7) for k in (0, 1)]
LABELLED = "\n".join(
    ["image,label", *(f"secretfile{n:04d}.png,{kind}" for n, kind in ROWS), "secretfile0000.png,"]
).encode()


def labelled() -> Study:
    return make_study(n_queries=40, labels=LABELLED)


def test_the_draw_counts_an_accepted_label_as_right_and_leaves_unlabelled_photos_out() -> None:
    study = labelled()
    drawn = TrialItem.objects.filter(trial_set__study=study).select_related("prediction__image")
    assert not [each for each in drawn if each.prediction.image.source.endswith("0000.png")]
    for number in (1, 2):
        items = drawn.filter(trial_set__phase="test", trial_set__number=number)
        right = [
            each.prediction.is_right for each in items if each.trial_set.run.classifier == "knn"
        ]
        assert sorted(right) == [False] * 3 + [True] * 3


def test_the_fingerprint_covers_the_labels_of_what_is_judged() -> None:
    study = labelled()
    photo = Image.objects.get(split="query", source__endswith="0001.png")
    item = TrialItem.objects.filter(trial_set__study=study).first()
    assert item is not None
    TrialItem.objects.filter(pk=item.pk).update(
        prediction=item.trial_set.run.predictions.get(image=photo)
    )
    before = frozen_sha256(study)
    AcceptedLabel.objects.filter(image=photo).first().delete()  # type: ignore[union-attr]
    assert frozen_sha256(study) != before


def test_feedback_names_every_accepted_label_where_the_ai_is_wrong() -> None:
    study = labelled()
    person = enrol(study)
    trial = person.trials.filter(phase="training")[0]
    image, wrong = (
        trial.prediction.image,
        study.dataset.categories.exclude(pk=trial.prediction.category_id)[:2],
    )
    image.truth = "labels"
    image.save()
    image.accepted.all().delete()
    AcceptedLabel.objects.bulk_create(AcceptedLabel(image=image, category=kind) for kind in wrong)
    Response.objects.create(trial=trial, is_accepted=False, received_at=timezone.now())
    said = feedback(trial, person)
    assert (said.is_correct, said.true_label) == (True, " or ".join(kind.label for kind in wrong))


def test_a_file_carries_the_labels_and_says_how_to_import_them() -> None:
    study = labelled()
    frozen, file = study.frozen_sha256, exported(study)
    copy = elsewhere(study)
    AcceptedLabel.objects.all().delete()
    copy.images.update(truth="folder")
    first = study_import(file=file, slug="one", dataset=copy)
    assert not first.is_frozen
    assert "manage.py import_labels copy labels.csv" in first.said
    labels_import(dataset=copy, content=zipfile.ZipFile(file).read(LABELS))
    again = study_import(file=io.BytesIO(file.getvalue()), slug="two", dataset=copy)
    assert (again.is_frozen, again.study.frozen_sha256) == (True, frozen)
