"""Drawing the trial sets, and the fingerprint of everything that people see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, islice
from typing import Any

from django.db.models import F

from classifiers.models import Image, Neighbor, Prediction, PredictionRun, crop_path
from classifiers.services.crops import is_on_disk
from trials.models import Study, TrialItem, TrialSet
from trials.services.refusals import StudyRefused
from trials.study import sets
from trials.study.design import Phase
from trials.study.document import sha256_of
from trials.study.plan import StudyPlan, View

# How many gallery photos of each category the standard instructions show.
N_PRESENTED = 2
MAX_LOOKED_AT = 20_000


def pool_of(run: PredictionRun, plan: StudyPlan) -> list[sets.Candidate]:
    """Return a run's predictions as candidates, ordered by the image's content.

    So the draw does not depend on when rows were inserted.
    """
    rows: Any = Prediction.objects.filter(run=run).order_by("image__sha256").with_correctness()
    columns = ("pk", "is_correct", "confidence", "n_votes", "n_voters")
    has_strata = plan.test.strata == "difficulty"
    return [
        sets.Candidate(
            pk,
            is_right,
            sets.difficulty(confidence if votes is None else Fraction(votes, voters), is_right)
            if has_strata
            else "",
        )
        for pk, is_right, confidence, votes, voters in rows.values_list(*columns)
    ]


def study_shortages(plan: StudyPlan, runs: list[PredictionRun]) -> dict[str, list[sets.Shortage]]:
    """Return, for each classifier, what the draw needs and what its pool has."""
    return {run.classifier: sets.shortages(plan, pool_of(run, plan)) for run in runs}


def sets_draw(study: Study, run: PredictionRun) -> None:
    """Draw and store the sets of one AI. Raises ``StudyRefused`` if its pool is too small."""
    plan = study.plan
    try:
        draw = sets.draw_sets(plan, pool_of(run, plan))
    except sets.PoolTooSmall as error:
        raise StudyRefused(f"Predictions of {run.classifier}: {error}") from error
    parts = [(Phase.TRAINING, 1, draw.training)] if draw.training else []
    parts += [(Phase.VALIDATION, n, items) for n, items in enumerate(draw.validation, 1)]
    parts += [(Phase.TEST, n, items) for n, items in enumerate(draw.test_sets, 1)]
    for phase, number, items in parts:
        trial_set = TrialSet.objects.create(study=study, run=run, phase=phase, number=number)
        TrialItem.objects.bulk_create(
            TrialItem(trial_set=trial_set, position=position, prediction_id=pk)
            for position, pk in enumerate(items)
        )


def frozen_sha256(study: Study) -> str:
    """Return the fingerprint of the document, the predictions shown and the images.

    Every fact that a participant's page is made of enters, by content: photos by their SHA-256,
    labels and definitions by their words; nothing else does. Neither do the database's own
    numbers or orders, so the same study on another server has the same fingerprint.
    """
    digest = hashlib.sha256(study.document_sha256.encode())
    for fact in _facts(study):
        digest.update(json.dumps(fact, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _facts(study: Study) -> Iterator[Any]:
    for each in study.conditions.select_related("run__gallery").order_by("position"):
        yield [each.name, each.run.classifier, each.run.parameters, each.run.gallery.backbone]
    yield from _categories(study)
    shown = {pk: held for run in _runs(study) for pk, held in _explanations(study, *run)}
    columns = (
        "trial_set__run__classifier", "trial_set__phase", "trial_set__number", "position",
        "prediction__image__sha256", "prediction__image__category__name",
        "prediction__category__name", "prediction__confidence", "prediction__n_votes",
        "prediction__n_voters",
    )  # fmt: skip
    rows = TrialItem.objects.filter(trial_set__study=study).values_list("prediction_id", *columns)
    # Sorted here: databases disagree on the order of words.
    for pk, *facts in sorted(rows, key=lambda row: row[1:5]):
        yield [*facts, shown.get(pk, [])]


def n_samples_of(plan: StudyPlan) -> int:
    """Return how many gallery photos of each category a study presents."""
    page = plan.pages.get("instructions")
    n_presented = N_PRESENTED if page is not None and not page.text else 0
    return max(n_presented, plan.trial.n_samples if plan.trial.has_definition else 0)


def _categories(study: Study) -> Iterator[list[Any]]:
    """Yield each category's words and the gallery photos that present it."""
    n_samples = n_samples_of(study.plan)
    for each in study.dataset.categories.order_by("index"):
        photos = each.images.filter(split=Image.GALLERY).order_by("sha256")[:n_samples]
        samples = list(photos.values_list("sha256", flat=True))
        yield [each.name, each.label, each.definition, samples]


def _runs(study: Study) -> list[tuple[int, int, bool]]:
    """Return each run with how many exemplars any of its conditions shows, and whether boxes."""
    views: dict[int, list[View]] = {}
    for each in study.conditions.all():
        views.setdefault(each.run_id, []).append(each.view)
    n = study.plan.trial.n_exemplars
    return [
        (run, n, any(view.has_boxes for view in those))
        for run, those in views.items()
        if any(view.has_exemplars for view in those)
    ]


def _explanations(study: Study, run: int, n: int, has_boxes: bool) -> Iterator[tuple[int, Any]]:
    """Yield each drawn prediction of a run with the exemplars that are shown, best first."""
    drawn = TrialItem.objects.filter(trial_set__study=study, trial_set__run=run)
    rows = (
        Neighbor.objects.filter(
            prediction__in=drawn.values("prediction"),
            image__category=F("prediction__category"),
        )
        .order_by("prediction_id", "rank")
        .values_list("prediction_id", "image__sha256", "matches")
    )
    for pk, group in groupby(rows.iterator(), key=lambda row: row[0]):
        shown = islice(group, n)
        yield pk, [[sha256, _cells(matches) if has_boxes else []] for _, sha256, matches in shown]


def _cells(matches: list[dict[str, Any]]) -> list[list[int]]:
    return [[match["query_cell"], match["gallery_cell"]] for match in matches]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether people see what was frozen; ``said`` tells it in words, one line a finding."""

    is_same: bool
    said: tuple[str, ...]


def study_verify(study: Study) -> Verdict:
    """Compute a frozen study's fingerprints again and compare them with the stored ones."""
    if not study.is_frozen:
        return Verdict(True, (f"Study {study} is not frozen yet: there is nothing to compare.",))
    said = []
    document_now, frozen_now = sha256_of(study.document), frozen_sha256(study)
    if document_now != study.document_sha256:
        said.append(
            f"The document changed: fingerprint {study.document_sha256} before, {document_now} now."
        )
    # The first release hashed the document alone.
    if study.frozen_sha256 not in (frozen_now, study.document_sha256):
        said.append(
            "Predictions, photos, labels or definitions that people see changed: the fingerprint "
            f"was {study.frozen_sha256}, now {frozen_now}."
        )
    lost = crops_missing(study)
    if lost:
        said.append(
            f"{len(lost)} photos have no file to show, first {lost[0]}. Run: manage.py "
            f"import_dataset {study.dataset} {study.dataset.root}"
        )
    same = f"Nothing that people see has changed since {study.frozen_at:%Y-%m-%d %H:%M} UTC."
    return Verdict(not said, tuple(said) or (same, f"Fingerprint {study.frozen_sha256}"))


def crops_missing(study: Study) -> list[str]:
    """Return photos whose crop is not on disk: of a frozen study all that it shows.

    Of a draft nobody knows yet which ones those are: up to ``MAX_LOOKED_AT`` are looked at, evenly
    over the dataset.
    """
    images = study.dataset.images.filter(split__in=[Image.GALLERY, Image.QUERY])
    step = 1
    if study.is_frozen:
        images = images.filter(pk__in=_images_shown(study))
    else:
        step = 1 + images.count() // MAX_LOOKED_AT
    rows = images.order_by("source").values_list("source", "token")
    looked_at = islice(rows.iterator(), 0, None, step)
    return [source for source, token in looked_at if not is_on_disk(crop_path(token))]


def _images_shown(study: Study) -> set[int]:
    """Return the photos that people judge, and the exemplars that may explain them."""
    drawn = TrialItem.objects.filter(trial_set__study=study)
    judged = drawn.values_list("prediction__image", flat=True)
    exemplars = Neighbor.objects.filter(
        prediction__in=drawn.values("prediction"), image__category=F("prediction__category")
    )
    return {*judged, *exemplars.values_list("image", flat=True)}
