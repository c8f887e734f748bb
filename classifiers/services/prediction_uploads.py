"""Uploads of predictions of an outside AI in the browser. Needs no torch.

The request stores the files and sends a message; a worker imports them, all rows or none.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User as Staff
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from classifiers.core.evidence.files import EVIDENCE
from classifiers.core.evidence.tables import PREDICTIONS, SCORES
from classifiers.models import Dataset, PredictionImport
from classifiers.services.jobs import job_note, job_phase
from classifiers.services.prediction_imports import (
    ImportRefused,
    Sources,
    name_check,
    predictions_import,
)
from classifiers.services.queueing import jobs_enqueue

MAX_LISTED: Final = 2000
NOTE_EVERY_S: Final = 0.5
ZIP: Final = "evidence.zip"
Files = Mapping[str, "UploadedFile[Any] | None"]


def predictions_upload(
    *, dataset: Dataset, name: str, files: Files, user: Staff | None = None
) -> PredictionImport:
    """Store uploaded files and have them imported. Raises ``ImportRefused`` for a bad name.

    ``files`` are by ``predictions``, ``evidence`` and ``scores``; the last two may be None.
    """
    name_check(dataset, name)
    folder = Path(settings.UPLOAD_DIR) / "predictions" / secrets.token_hex(8)
    folder.mkdir(parents=True)
    evidence = files.get("evidence")
    is_zip = evidence is not None and str(evidence.name).lower().endswith(".zip")
    named = {
        PREDICTIONS: files["predictions"],
        ZIP if is_zip else EVIDENCE: evidence,
        SCORES: files.get("scores"),
    }
    for place, file in named.items():
        if file is not None:
            with (folder / place).open("wb") as target:
                shutil.copyfileobj(file, target)
    with transaction.atomic():
        job = PredictionImport.objects.create(
            dataset=dataset, name=name, folder=str(folder), user=user
        )
        jobs_enqueue([job])
    return job


def upload_run(*, job: PredictionImport) -> None:
    """Import the uploaded files. Runs on a worker; an interrupted import starts again."""
    folder, noted_at = Path(job.folder), 0.0

    def note(n_done: int, n_total: int) -> None:
        nonlocal noted_at
        if (now := time.monotonic()) - noted_at >= NOTE_EVERY_S or n_done == n_total:
            job_phase(job, "panels", n_done=n_done, n_total=n_total)
            noted_at = now

    found = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    if PREDICTIONS not in found:
        raise ImportRefused("The uploaded files are gone. Upload them again.")
    sources = Sources(found[PREDICTIONS], found.get(ZIP) or found.get(EVIDENCE), found.get(SCORES))
    try:
        run = predictions_import(
            dataset=job.dataset, name=job.name, sources=sources, on_progress=note
        )
    except ImportRefused as error:
        listed = [[each.file, str(each.line), each.reason] for each in error.refused[:MAX_LISTED]]
        job_note(job, n_refused=len(error.refused), refused=listed)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    job_note(job, run=run, n_done=run.n_total, n_total=run.n_total)
    shutil.rmtree(folder, ignore_errors=True)
