"""Drawing the trial sets, and the fingerprint of everything that people see."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.conf import settings

from classifiers.difficulty import difficulty_of, whole_percent
from classifiers.models import Image, Prediction, PredictionRun
from classifiers.services.crops import is_on_disk
from classifiers.services.panel_files import panel_problem
from classifiers.services.whole_photos import can_be_shown
from trials.models import Condition, Study, TrialItem, TrialSet
from trials.services import shown
from trials.services.choices import choices_check
from trials.services.refusals import StudyRefused
from trials.services.study_lists import pool_filter, sets_given
from trials.study import sets
from trials.study.deferral import CannotDefer, confidence_of, is_deferred, threshold_of
from trials.study.design import Phase
from trials.study.document import sha256_of
from trials.study.layout import n_training_sets
from trials.study.plan import ConditionPlan, DeferPlan, StudyPlan

MAX_LOOKED_AT = 20_000


def pool_of(
    run: PredictionRun, plan: StudyPlan, defer: DeferPlan, taken: Collection[str] = ()
) -> list[sets.Candidate]:
    """Return a run's predictions that people judge as candidates, ordered by the image's content.

    So the draw does not depend on when rows were inserted. Photos without a label, and photos whose
    SHA-256 is ``taken``, are no candidates. Raises ``StudyRefused`` if the AI's confidences do not
    give the part that ``defer`` asks for.
    """
    judgeable = Prediction.objects.filter(run=run).with_truth()
    rows: Any = judgeable.order_by("image__sha256").with_correctness()
    columns = (
        "pk", "is_correct", "confidence", "n_votes", "n_voters", "image__source", "image__sha256"
    )  # fmt: skip
    found = list(rows.values_list(*columns))
    threshold = defer_below(run, defer)
    may_be_drawn = pool_filter(plan)
    has_strata = plan.test.strata == "difficulty"
    return [
        sets.Candidate(
            pk,
            is_right,
            _stratum(confidence_of(*said), is_right) if has_strata else "",
        )
        for pk, is_right, *said, source, sha256 in found
        if is_deferred(confidence_of(*said), threshold)
        and may_be_drawn(source, sha256)
        and sha256 not in taken
    ]


def _stratum(confidence: float, is_right: bool) -> str:
    """Return the difficulty of a photo; empty if the AI states no confidence."""
    return "" if math.isnan(confidence) else difficulty_of(whole_percent(confidence), is_right)


def defer_below(run: PredictionRun, defer: DeferPlan) -> float | None:
    """Return the confidence below which people judge a run's photos; None if they judge all.

    Raises ``StudyRefused`` if the confidences do not give the part that ``defer`` asks for.
    """
    if not defer.is_on:
        return None
    rows = Prediction.objects.filter(run=run).values_list("confidence", "n_votes", "n_voters")
    try:
        return threshold_of([confidence_of(*row) for row in rows], defer)
    except CannotDefer as error:
        raise StudyRefused(f"Predictions {run.name}, defer: {error}.") from error


def study_shortages(
    plan: StudyPlan, runs: Mapping[str, PredictionRun]
) -> dict[str, list[sets.Shortage]]:
    """Return what the draw of each AI needs and what its pool has, by ``ConditionPlan.pool``.

    ``runs`` are by what conditions ask for; a condition without its run is left out. Raises
    ``StudyRefused`` as ``pool_of`` does.
    """
    drawn = {each.pool: each for each in plan.conditions if each.asks_for in runs}
    taken: set[str] = set()
    return {
        name: pool_shortages(plan, each, runs[each.asks_for], taken) for name, each in drawn.items()
    }


def pool_shortages(
    plan: StudyPlan, condition: ConditionPlan, run: PredictionRun, taken: set[str]
) -> list[sets.Shortage]:
    """Return what the draw for one condition needs and has. Raises as ``pool_of`` does.

    Where nobody may see a photo twice, the AIs of a study draw different ones: then ``taken`` are
    the photos of the AIs before, and those of this draw are added.
    """
    pool = pool_of(run, plan, condition.defer, taken)
    rows = sets.shortages(plan, pool, n_training_sets(plan, condition.pool))
    if draws_apart(plan) and not any(row.n_missing for row in rows):
        taken |= _photos(_draw_of(plan, condition, run, taken).all_items)
    return rows


def draws_apart(plan: StudyPlan) -> bool:
    """Whether the AIs of a study must have different photos: a person sees those of several."""
    is_disjoint = plan.design.is_within and not plan.design.is_same
    is_mixed = is_disjoint or plan.common is not None  # before the assignment, the common AI
    return is_mixed and len({each.pool for each in plan.conditions}) > 1


def _photos(predictions: Iterable[int]) -> set[str]:
    rows = Prediction.objects.filter(pk__in=list(predictions))
    return set(rows.values_list("image__sha256", flat=True))


def _draw_of(
    plan: StudyPlan, condition: ConditionPlan, run: PredictionRun, taken: Collection[str]
) -> sets.Draw:
    given = sets_given(plan, condition, run)
    twice = _photos(pk for each in given.values() for pk in each) & set(taken)
    if twice:
        raise StudyRefused(
            f"{len(twice)} photos of the trial lists of {condition.name} are in those of another "
            "AI. Expected different photos: in this design nobody sees a photo twice."
        )
    pool = pool_of(run, plan, condition.defer, taken)
    return sets.draw_sets(plan, pool, given, n_training_sets(plan, condition.pool))


def sets_draw(study: Study, condition: Condition) -> None:
    """Draw and store the sets of a condition's AI. Raises ``StudyRefused`` if its pool is small."""
    plan, run = study.plan, condition.run
    mine = next(each for each in plan.conditions if each.name == condition.name)
    before = TrialItem.objects.filter(trial_set__study=study)
    taken = _photos(before.values_list("prediction_id", flat=True)) if draws_apart(plan) else ()
    try:
        draw = _draw_of(plan, mine, run, taken)
    except sets.PoolTooSmall as error:
        raise StudyRefused(f"Predictions of {condition.ai}: {error}") from error
    _numbers_check(plan, mine, draw)
    parts = [(Phase.TRAINING, n, items) for n, items in enumerate(draw.trainings, 1) if items]
    parts += [(Phase.VALIDATION, n, items) for n, items in enumerate(draw.validation, 1)]
    parts += [(Phase.TEST, n, items) for n, items in draw.numbered]
    for phase, number, items in parts:
        trial_set = TrialSet.objects.create(
            study=study, run=run, ai=condition.ai, phase=phase, number=number
        )
        TrialItem.objects.bulk_create(
            TrialItem(trial_set=trial_set, position=position, prediction_id=pk)
            for position, pk in enumerate(items)
        )
    choices_check(study)


def _numbers_check(plan: StudyPlan, condition: ConditionPlan, draw: sets.Draw) -> None:
    """Refuse given lists that are too few for the conditions of a person."""
    n = sum(each.pool == condition.pool for each in plan.conditions)
    is_disjoint = plan.design.is_within and not plan.design.is_same
    if is_disjoint and len(draw.test_sets) < n:
        raise StudyRefused(
            f"{condition.pool} has {len(draw.test_sets)} trial lists; expected at least {n}, "
            "because with photos: disjoint a person has another list in each condition."
        )


def frozen_sha256(study: Study) -> str:
    """Return the fingerprint of the document, the predictions shown and the images."""
    return _fingerprint(study, shown.samples_of_all(study.plan).most)


def fingerprints(study: Study) -> set[str]:
    """Return the valid fingerprints of an unchanged study, one for each rule ever used.

    The second rule of three left out the photos of attention checks; the first release hashed
    the document alone.
    """
    before = _fingerprint(study, shown.samples_hashed_before(study.plan))
    return {frozen_sha256(study), before, study.document_sha256}


def _fingerprint(study: Study, n_samples: int) -> str:
    """Hash all facts, with the first ``n_samples`` gallery photos of each category.

    The hash covers every fact that a participant's page shows, by content (photos by their SHA-256,
    labels and definitions by their words), and nothing else. It does not depend on the database's
    keys or row order, so the same study on another server has the same fingerprint.
    """
    digest = hashlib.sha256(study.document_sha256.encode())
    for fact in _facts(study, n_samples):
        digest.update(json.dumps(fact, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _facts(study: Study, n_samples: int) -> Iterator[Any]:
    for condition in study.conditions.select_related("run__gallery").order_by("position"):
        facts: list[Any] = [
            condition.name,
            condition.run.classifier,
            condition.run.parameters,
            condition.run.backbone,
        ]
        # Later facts are left out if there are none, so that earlier fingerprints do not change.
        if condition.ai != condition.run.classifier:
            facts += [condition.ai, condition.defer_below]
        yield facts
    yield from shown.category_facts(study, n_samples)
    explained, accepted = shown.explanation_facts(study), shown.accepted_names(study)
    columns = (
        "trial_set__ai", "trial_set__phase", "trial_set__number", "position",
        "prediction__image__sha256", "prediction__image__category__name",
        "prediction__category__name", "prediction__confidence", "prediction__n_votes",
        "prediction__n_voters",
    )  # fmt: skip
    rows = TrialItem.objects.filter(trial_set__study=study).values_list("prediction_id", *columns)
    # Sorted here: databases sort words differently.
    for pk, *facts in sorted(rows, key=lambda row: row[1:5]):
        own_labels = [{"accepted": accepted[facts[4]]}] if facts[4] in accepted else []
        yield [*facts, explained.get(pk, []), *own_labels]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether people see what was frozen; ``said`` has one line of text for each finding."""

    is_same: bool
    said: tuple[str, ...]


def study_verify(study: Study) -> Verdict:
    """Compute a frozen study's fingerprints again and compare them with the stored ones."""
    if not study.is_frozen:
        return Verdict(True, (f"Study {study} is not frozen yet: there is nothing to compare.",))
    said = []
    document_now = sha256_of(study.document)
    if document_now != study.document_sha256:
        said.append(
            f"The document changed: fingerprint {study.document_sha256} before, {document_now} now."
        )
    if study.frozen_sha256 not in fingerprints(study):
        said.append(
            "Predictions, photos, labels or definitions that people see changed: the fingerprint "
            f"was {study.frozen_sha256}, now {frozen_sha256(study)}."
        )
    lost, files = crops_missing(study), sorted(shown.files_shown(study))
    if lost:
        said.append(
            f"{len(lost)} photos have no file to show, first {lost[0]}. Run: manage.py "
            f"import_dataset {study.dataset} {study.dataset.root}"
        )
    changed = [f"{name} {problem}" for name in files if (problem := panel_problem(name))]
    if changed:
        said.append(
            f"{len(changed)} files of panels cannot be shown as they were, first {changed[0]}. "
            f"Restore the folder {settings.PANEL_DIR} from a backup."
        )
    same = f"Nothing that people see has changed since {study.frozen_at:%Y-%m-%d %H:%M} UTC."
    return Verdict(not said, tuple(said) or (same, f"Fingerprint {study.frozen_sha256}"))


def crops_missing(study: Study) -> list[str]:
    """Return photos that have no file to show: of a frozen study among all that it shows.

    A whole photo is made from its original, so one of both has to be there.
    For a draft the photos are not known yet: a sample of up to ``MAX_LOOKED_AT``, spread evenly
    over the dataset, is checked.
    """
    images = study.dataset.images.filter(split__in=[Image.GALLERY, Image.QUERY])
    step = 1
    if study.is_frozen:
        images = images.filter(pk__in=shown.photos_shown(study))
    else:
        step = 1 + images.count() // MAX_LOOKED_AT
    photos = images.order_by("source").select_related("dataset").iterator()
    looked_at = islice(photos, 0, None, step)
    if study.plan.is_whole:
        return [photo.source for photo in looked_at if not can_be_shown(photo)]
    return [photo.source for photo in looked_at if not is_on_disk(photo.crop_path)]
