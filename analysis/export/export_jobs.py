"""A study's export as a ZIP file: a page requests it and a worker builds it."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic

from django.db import transaction

from analysis import tasks
from analysis.export.export_bundle import bundle_write, files_below
from analysis.export.export_place import NOT_FOR_OTHERS
from analysis.models import Export, export_dir
from classifiers.files import file_sha256
from classifiers.services import jobs
from classifiers.services.job_queue import message_send
from trials.models import Participant, Study

N_KEPT = 3  # files of a study; older ones are deleted, because they can be built again
SECONDS_BETWEEN_NOTES = 2.0
BLOCK_BYTES = 1 << 20


@transaction.atomic
def export_request(
    *,
    study: Study,
    include_simulated: bool = False,
    stage: str = Participant.Stage.LIVE,
    include_texts: bool = False,
) -> Export:
    """Enqueue an export unless one of the same kind is under way, and return it.

    A message is always sent: the broker may have lost the first one, and a worker takes only a job
    that is free.
    """
    Study.objects.select_for_update().get(pk=study.pk)  # serialises two simultaneous clicks
    asked = {
        "study": study,
        "is_simulated_included": include_simulated,
        "stage": stage,
        "is_text_included": include_texts,
    }
    same = Export.objects.filter(**asked)
    under_way = same.filter(status__in=[Export.Status.QUEUED, Export.Status.RUNNING]).first()
    export = under_way or Export.objects.create(**asked)
    exports_enqueue([export])
    return export


def exports_enqueue(exports: Sequence[Export]) -> None:
    """Send a message for each export once the current transaction is committed."""
    for export in exports:
        transaction.on_commit(partial(message_send, tasks.export_build, export.pk))


def export_make(*, export: Export) -> None:
    """Write the ZIP file of a claimed export; the file gets its final name once complete.

    Raises ``JobLost`` if another worker has taken the export.
    """
    folder = export_dir() / f"{export.pk}.building"
    shutil.rmtree(folder, ignore_errors=True)  # leftovers of a killed worker
    note = _noter(export)
    try:
        bundle_write(
            export.study,
            folder,
            include_simulated=export.is_simulated_included,
            stage=export.stage,
            include_texts=export.is_text_included,
            progress=note,
        )
        name = _name(export)
        unfinished = export_dir() / f"{export.pk}.zip.part"
        # In KB, because bytes may exceed the database's integer range.
        zip_write(unfinished, folder, name, lambda n, of: note("ZIP file", n >> 10, of >> 10))
        unfinished.chmod(unfinished.stat().st_mode & ~NOT_FOR_OTHERS)
        digest, size = file_sha256(unfinished), unfinished.stat().st_size
        os.replace(unfinished, export_dir() / f"{name}.zip")
        Export.objects.filter(pk=export.pk, claim=export.claim).update(
            file_name=f"{name}.zip", sha256=digest, n_bytes=size, part=""
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (export_dir() / f"{export.pk}.zip.part").unlink(missing_ok=True)
    exports_clean(study=export.study)


def _name(export: Export) -> str:
    parts = (
        ("-pilot", export.stage == Participant.Stage.PILOT),
        ("-with-simulated", export.is_simulated_included),
        ("-with-texts", export.is_text_included),
    )
    marks = "".join(mark for mark, is_so in parts if is_so)
    return f"{export.study.slug}-{export.created_at:%Y%m%d}-{export.pk}{marks}"


def _noter(export: Export) -> Callable[[str, int, int], None]:
    """Return a function that stores the export's progress every few seconds and at each part."""
    last_part, last_at = "", 0.0

    def note(part: str, n_done: int, n_total: int) -> None:
        nonlocal last_part, last_at
        if part == last_part and monotonic() - last_at < SECONDS_BETWEEN_NOTES:
            return
        last_part, last_at = part, monotonic()
        jobs.job_progress(export, n_done=n_done, n_total=n_total)
        Export.objects.filter(pk=export.pk, claim=export.claim).update(part=part)

    return note


def zip_write(path: Path, folder: Path, name: str, tick: Callable[[int, int], None]) -> None:
    """Write the files of ``folder`` below a folder ``name`` of a ZIP file, block by block.

    ``tick`` is called with the written and the total bytes.
    """
    names = list(files_below(folder))
    total = sum((folder / item).stat().st_size for item in names)
    n_done = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for item in names:
            info = zipfile.ZipInfo.from_file(folder / item, f"{name}/{item}")
            info.compress_type = zipfile.ZIP_DEFLATED
            with (
                (folder / item).open("rb") as source,
                archive.open(info, "w", force_zip64=True) as target,
            ):
                while block := source.read(BLOCK_BYTES):
                    target.write(block)
                    n_done += len(block)
                    tick(n_done, total)


def exports_clean(*, study: Study) -> None:
    """Delete a study's older files; their rows stay and say that the files are gone."""
    done = Export.objects.filter(study=study, status=Export.Status.DONE).exclude(file_name="")
    for export in done.order_by("-created_at", "-pk")[N_KEPT - 1 :]:
        export.path.unlink(missing_ok=True)
        Export.objects.filter(pk=export.pk).update(file_name="")
