"""Photos that are imported through the browser: an uploaded zip, or a folder on the server.

The request stores a job and enqueues it; a worker unpacks and imports. Needs no torch.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User as Staff
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import slug_re
from django.db import transaction

from classifiers.models import Dataset, DatasetImport, Job
from classifiers.services import archives
from classifiers.services.archives import ArchiveRefused, OnProgress
from classifiers.services.datasets import DatasetRefused, dataset_import, name_check
from classifiers.services.folders import Refusal, folder_scan
from classifiers.services.jobs import job_note, job_phase, job_requeue
from classifiers.services.queueing import jobs_enqueue

Draw = tuple[float, int]
NOTE_EVERY_S = 0.5
MAX_LISTED = 5000


def _folder(slug: str) -> Path:
    return Path(settings.UPLOAD_DIR) / slug


def upload_request(
    *,
    slug: str,
    file: UploadedFile[Any],
    draw: Draw | None,
    user: Staff | None = None,
    is_own: bool = True,
    encoding: str = "",
    grey_white: int | None = None,
) -> DatasetImport:
    """Store an uploaded zip and enqueue its import. Raises ``ArchiveRefused``, ``DatasetRefused``.

    ``draw`` is the share of queries and the seed that draws them; with None, the folders gallery
    and query decide. With ``is_own``, users may only add to photos that they imported first.
    """
    if is_own and user is not None:
        _check_own(slug, user)
    _check_free(slug)
    kept = _folder(slug).with_suffix(".zip")
    kept.parent.mkdir(parents=True, exist_ok=True)
    # It is checked under another name, so that the files of an earlier import are kept until then.
    arrived = kept.with_name(f".{slug}.{secrets.token_hex(4)}.part")
    try:
        with arrived.open("wb") as target:
            shutil.copyfileobj(file, target)
        listing = archives.archive_list(
            arrived, max_bytes=settings.UPLOAD_MAX_UNPACKED, encoding=encoding
        )
        if draw is None and not listing.has_splits:
            raise ArchiveRefused(
                "The archive has no folders named gallery and query; expected both, or a draw of "
                "the photos that people judge."
            )
        job = DatasetImport(
            slug=slug,
            root=str(_folder(slug)),
            archive=str(kept),
            encoding=encoding,
            grey_white=grey_white,
            user=user,
        )
        _check_job(job, draw)
        arrived.replace(kept)
        return _request(job)
    finally:
        arrived.unlink(missing_ok=True)


def folder_request(
    *,
    slug: str,
    root: str,
    draw: Draw | None,
    user: Staff | None = None,
    grey_white: int | None = None,
) -> DatasetImport:
    """Enqueue the import of a folder on the server.

    Raises ``DatasetRefused`` if it does not fit.
    """
    _check_free(slug)
    root = str(folder_scan(root).root)
    job = DatasetImport(slug=slug, root=root, grey_white=grey_white, user=user)
    _check_job(job, draw)
    return _request(job)


def is_under_way(slug: str) -> bool:
    """Return whether photos are being imported into a dataset."""
    closed = [Job.Status.DONE, Job.Status.FAILED]
    return DatasetImport.objects.filter(slug=slug).exclude(status__in=closed).exists()


def _check_own(slug: str, user: Staff) -> None:
    """Refuse to add to photos that another user, or an administrator by a command, imported."""
    first = DatasetImport.objects.filter(slug=slug).order_by("pk").first()
    is_there = first is not None or Dataset.objects.filter(slug=slug).exists()
    owner = first.user if first else None
    if is_there and owner != user:
        raise DatasetRefused(
            f"Photos named {slug!r} exist already, imported by "
            f"{owner.get_username() if owner else 'an administrator'}. Choose another name, or "
            "ask them or an administrator to add yours."
        )


def _check_free(slug: str) -> None:
    name_check(slug)
    if is_under_way(slug):
        raise DatasetRefused(
            f"Photos are being imported into {slug!r} already. Wait until that is done."
        )


def _check_job(job: DatasetImport, draw: Draw | None) -> None:
    job.query_share, job.split_seed = draw or (None, None)
    try:
        job.full_clean(exclude=["refused", "remarks"])
    except ValidationError as error:
        raise DatasetRefused(f"Dataset {job.slug!r}: {' '.join(error.messages)}") from error


def _request(job: DatasetImport) -> DatasetImport:
    with transaction.atomic():
        job.save()
        jobs_enqueue([job])
    return job


def import_again(*, job: DatasetImport) -> None:
    """Try a failed import again, or send another message for one that waits. Stored photos stay."""
    with transaction.atomic():
        job_requeue(job)
        jobs_enqueue([job])


class _Progress:
    """Stores the progress of the job now and then, because a write for every photo costs more."""

    def __init__(self, job: DatasetImport, phase: str) -> None:
        self.job, self.phase, self.noted_at = job, phase, 0.0

    def __call__(self, n_done: int, n_total: int) -> None:
        now = time.monotonic()
        if now - self.noted_at >= NOTE_EVERY_S or n_done == n_total:
            job_phase(self.job, self.phase, n_done=n_done, n_total=n_total)
            self.noted_at = now


def import_run(*, job: DatasetImport) -> None:
    """Unpack and import. Runs on a worker; an interrupted import continues where it stopped."""
    refused: list[Refusal] = []
    if job.archive and os.path.exists(job.archive):
        refused += _unpacked(
            Path(job.archive), Path(job.root), job.encoding, _Progress(job, "unpacking")
        )
    report = dataset_import(
        slug=job.slug,
        root=job.root,
        query_share=job.query_share,
        split_seed=job.split_seed,
        grey_white=job.grey_white,
        on_progress=_Progress(job, "photos"),
    )
    refused += archives.as_sent(report.refused) if job.archive else report.refused
    job_note(
        job,
        n_new=report.n_new,
        n_refused=len(refused),
        refused=_listed(refused),
        remarks=_listed(archives.as_sent(report.remarks) if job.archive else report.remarks),
    )
    if job.archive:
        Path(job.archive).unlink(missing_ok=True)


def zip_unpack(
    *, slug: str, path: Path, encoding: str, on_progress: OnProgress
) -> tuple[Path, list[Refusal]]:
    """Unpack a zip on the server into the dataset's own folder, as an upload of it would be.

    Return the folder, and what was refused. Raises ``ArchiveRefused``, ``DatasetRefused``.
    """
    if not slug_re.fullmatch(slug):
        raise DatasetRefused(f"{slug!r} is no short name; expected letters, digits, - and _.")
    _check_free(slug)
    return _folder(slug), _unpacked(path, _folder(slug), encoding, on_progress)


def _unpacked(archive: Path, folder: Path, encoding: str, on_progress: OnProgress) -> list[Refusal]:
    limit = settings.UPLOAD_MAX_UNPACKED
    listing = archives.archive_list(archive, max_bytes=limit, encoding=encoding)
    failed = archives.archive_extract(archive, listing, folder, on_progress)
    return [*listing.empty, *listing.refused, *failed]


def _listed(found: Sequence[Refusal]) -> list[list[str]]:
    """Return those that a job stores: enough to see what is wrong with the rest."""
    return [[item.path, item.reason] for item in found[:MAX_LISTED]]
