"""Studies: drafts, versions, and the states from draft to open and closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User as Staff
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from classifiers.models import Dataset, PredictionRun
from trials.models import Condition, Study, StudyLog
from trials.services.arms import arms_make
from trials.services.dataset_locks import dataset_settle
from trials.services.freezing import frozen_sha256
from trials.services.refusals import StudyChanged, StudyRefused, retired_refuse
from trials.services.run_selection import (
    runs_choose,
    runs_complete,
    runs_given,
    view_check,
)
from trials.study.document import Change, changes, sha256_of
from trials.study.plan import StudyPlan

User = Staff | None


@transaction.atomic
def study_draft(
    *, slug: str, dataset: Dataset, document: Mapping[str, Any], user: User = None
) -> Study:
    """Store a study that may still change. Raises ``PlanRefused`` or ``StudyRefused``."""
    return _draft_store(slug, dataset, StudyPlan.from_json(document), user)


def _draft_store(slug: str, dataset: Dataset, plan: StudyPlan, user: User) -> Study:
    study = Study(
        slug=slug,
        dataset=dataset,
        owner=user,
        document=plan.document,
        document_sha256=plan.sha256,
    )
    _save_checked(study)
    study_note(study, "drafted", user)
    return study


def _save_checked(study: Study) -> None:
    try:
        study.full_clean()
    except ValidationError as error:
        raise StudyRefused(f"The study {study.slug!r}: {' '.join(error.messages)}") from error
    study.save()


def study_note(study: Study, action: str, user: User, detail: str = "") -> None:
    """Write a line into the study's log."""
    StudyLog.objects.create(study=study, user=user, action=action, detail=detail)


def study_revise(
    *, study: Study, document: Mapping[str, Any], user: User = None, base: str | None = None
) -> Study:
    """Replace a draft's document. A frozen study refuses: a change is a new version.

    ``base`` is the ``study_base`` that the change was made from. Raises ``StudyChanged`` if another
    user saved the draft since.
    """
    plan = StudyPlan.from_json(document)  # slow, so it is done before the lock
    with transaction.atomic():
        study = _draft_locked(study, base)
        study.document, study.document_sha256 = plan.document, plan.sha256
        study.__dict__.pop("plan", None)
        study.draft_text = ""
        study.save(update_fields=["document", "document_sha256", "draft_text"])
        study_note(study, "revised", user)
    return study


@transaction.atomic
def study_keep_text(
    *, study: Study, text: str, user: User = None, base: str | None = None
) -> Study:
    """Keep what a researcher typed although it is not a valid document, until it is fixed.

    The stored document does not change, and the study cannot be launched meanwhile.
    """
    study = _draft_locked(study, base)
    study.draft_text = text
    study.save(update_fields=["draft_text"])
    study_note(study, "kept an unfinished text", user)
    return study


def study_base(study: Study) -> str:
    """Return the base of an edit: a value that changes with every save of a draft."""
    return sha256_of({"document": study.document_sha256, "text": study.draft_text})


def _draft_locked(study: Study, base: str | None = None) -> Study:
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if study.is_frozen:
        raise StudyRefused(
            f"Study {study} ({study.status}) is frozen: its document, predictions and photos are "
            "fixed. Make a new version and change that."
        )
    if base is not None and base != study_base(study):
        raise StudyChanged(f"Somebody saved study {study} meanwhile. Look at theirs, save again.")
    return study


@transaction.atomic
def study_delete(*, study: Study, user: User = None) -> None:
    """Delete a draft. A study that people may have seen cannot be deleted."""
    _draft_locked(study).delete()


@transaction.atomic
def study_share(*, study: Study, editors: Iterable[Staff], user: User = None) -> None:
    """Say who may change and launch a study beside its owner."""
    study.editors.set(editors)
    names = ", ".join(sorted(editor.get_username() for editor in editors))
    study_note(study, "shared", user, f"with {names or 'nobody'}")


@transaction.atomic
def study_own(*, study: Study, owner: Staff, user: User = None) -> None:
    """Give a study another owner."""
    study.owner = owner
    study.save(update_fields=["owner"])
    study_note(study, "given", user, f"to {owner.get_username()}")


def study_changes(study: Study) -> list[Change]:
    """Return what a version changed in the document of the one before, field by field."""
    return changes(study.previous.document, study.document) if study.previous else []


@transaction.atomic
def study_copy(
    *, study: Study, slug: str, user: User = None, dataset: Dataset | None = None
) -> Study:
    """Return a draft of a new study with the same document."""
    plan = StudyPlan.from_json(study.document, is_stored=True)
    copy = _draft_store(slug, dataset or study.dataset, plan, user)
    study_note(copy, "copied", user, f"from {study} {study.document_sha256}")
    return copy


@transaction.atomic
def study_version(*, study: Study, user: User = None) -> Study:
    """Return a draft of the next version (idempotent). Its people are counted separately.

    It has the owner and the editors of this one; another user who calls this becomes an editor.
    """
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    following = Study.objects.filter(previous=study).first()
    if following is not None:
        return following
    if not study.is_frozen:
        raise StudyRefused(f"Study {study} is a draft: change it instead of making a version.")
    base = study.slug.removesuffix(f"-v{study.version}")
    version = Study(
        slug=f"{base}-v{study.version + 1}",
        version=study.version + 1,
        previous=study,
        dataset=study.dataset,
        owner=study.owner or user,
        document=study.document,
        document_sha256=study.document_sha256,
    )
    _save_checked(version)
    version.editors.set(study.editors.all())
    if user is not None and user != version.owner:
        version.editors.add(user)
    study_note(version, "versioned", user, f"of {study}")
    return version


@transaction.atomic
def study_freeze(
    *, study: Study, runs: Iterable[PredictionRun] | None = None, user: User = None
) -> Study:
    """Fix the document, the predictions and the images: make the arms, draw the sets, hash all.

    ``runs`` are finished runs, one for each AI of the plan; by default those of ``runs_choose``. A
    frozen study is returned as it is. Raises ``StudyRefused`` when a run is missing, unfinished,
    given twice, not of the dataset's queries, or too small for the sets.
    """
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if study.is_frozen:
        return study
    dataset_settle(study.dataset)
    retired_refuse(study.document)
    given = runs_choose(study) if runs is None else runs_given(study, runs)
    run_of = runs_complete(study, given)
    for each in study.plan.conditions:
        view_check(each, run_of[each.asks_for])
    arms_make(study, run_of)
    study.frozen_sha256, study.frozen_at = frozen_sha256(study), timezone.now()
    study.save(update_fields=["frozen_sha256", "frozen_at"])
    study_note(study, "frozen", user, study.frozen_sha256)
    return study


@transaction.atomic
def study_create(
    *,
    slug: str,
    dataset: Dataset,
    plan: StudyPlan,
    runs: Iterable[PredictionRun] | None = None,
    user: User = None,
) -> Study:
    """Draft a study and freeze it. Raises the errors of ``study_draft`` and ``study_freeze``."""
    study = study_draft(slug=slug, dataset=dataset, document=plan.document, user=user)
    return study_freeze(study=study, runs=runs, user=user)


_FROM: dict[str, tuple[str, ...]] = {
    Study.Status.PILOT: (Study.Status.DRAFT, Study.Status.PAUSED),
    Study.Status.OPEN: (Study.Status.DRAFT, Study.Status.PILOT, Study.Status.PAUSED),
    Study.Status.PAUSED: (Study.Status.PILOT, Study.Status.OPEN),
    Study.Status.CLOSED: (Study.Status.PILOT, Study.Status.OPEN, Study.Status.PAUSED),
}


@transaction.atomic
def _study_move(study: Study, status: Study.Status, user: User) -> Study:
    locked = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if locked.status != status:
        if locked.status not in _FROM[status]:
            raise StudyRefused(
                f"Study {locked} is {locked.status}; only one that is "
                f"{' or '.join(_FROM[status])} can become {status}."
            )
        if status in {Study.Status.OPEN, Study.Status.PILOT}:
            locked = study_freeze(study=locked, user=user)
        study_note(locked, f"{status}", user, f"was {locked.status}")
        locked.status = status
        locked.save(update_fields=["status"])
    study.refresh_from_db()
    return locked


def study_pilot(*, study: Study, user: User = None) -> Study:
    """Start the pilot: its data are always kept apart from the study's."""
    return _study_move(study, Study.Status.PILOT, user)


def study_open(*, study: Study, user: User = None) -> Study:
    """Open the study: the data of people who enter now count."""
    return _study_move(study, Study.Status.OPEN, user)


def study_pause(*, study: Study, user: User = None) -> Study:
    """Pause the study: no new people may enter; people under way continue."""
    return _study_move(study, Study.Status.PAUSED, user)


def study_close(*, study: Study, user: User = None) -> Study:
    """Close the study: no new people may enter any more."""
    return _study_move(study, Study.Status.CLOSED, user)


@transaction.atomic
def condition_switch(*, condition: Condition, is_on: bool, user: User = None) -> None:
    """Switch new assignments to an arm on or off; people in the arm continue.

    Raises ``StudyRefused`` in a study within people, where everybody has every condition.
    """
    if condition.study.plan.design.is_within:
        raise StudyRefused(
            f"Everybody goes through {condition}, so it cannot be switched off alone. Pause the "
            "study to let nobody enter."
        )
    if condition.is_on != is_on:
        condition.is_on = is_on
        condition.save(update_fields=["is_on"])
        study_note(
            condition.study, "switched on" if is_on else "switched off", user, condition.name
        )
