"""Explain one photo: decisions, figures and cosines. Runs on a worker."""

from __future__ import annotations

import logging
import os
from functools import partial

from django.conf import settings

from classifiers.core.backbones.weights import FOLDER_VARIABLE
from classifiers.core.chm.pair_cosines import PairsWriter
from classifiers.core.figures import figure_save
from classifiers.core.images import load_rgb
from classifiers.core.query import matcher_kept, targets_field
from classifiers.models import Explanation
from classifiers.services.crops import crop_encode
from classifiers.services.explain_source import dataset_source, explanation_draw, photo_explain
from classifiers.services.explanations import CROP, FIGURES, PHOTO, pairs_header
from classifiers.services.jobs import job_note, job_phase
from classifiers.services.photos import photo_read

DPI = 150
logging.getLogger("fontTools").setLevel(
    logging.WARNING
)  # without this, it logs every glyph of a PDF


def explanation_run(*, job: Explanation) -> None:
    """Do the work of one explanation; files of an earlier try are written again."""
    os.environ[FOLDER_VARIABLE] = str(settings.WEIGHTS_DIR)
    photo = photo_read(job.image) if job.image else load_rgb(job.folder / PHOTO)
    (job.folder / CROP).write_bytes(crop_encode(photo))
    source, parameters = dataset_source(job.gallery), job.all_parameters
    if "matcher" in parameters:
        tell = partial(_tell, job)
        source.encode(matcher_kept(parameters["matcher"]), targets_field(parameters), tell)
    job_phase(job, "decision", n_done=0, n_total=1 + len(FIGURES))
    found = photo_explain(source, photo, job.classifier, parameters)
    if found.pairs is not None:
        with PairsWriter(job.folder / "pairs", pairs_header(job)) as writer:
            writer.append({job.pk: found.pairs})
    truth = job.image.category.index if job.image else None
    figure = explanation_draw(source, photo, found, job.classifier, parameters, truth)
    for n, form in enumerate(FIGURES, 1):
        figure_save(figure, job.folder / f"figure.{form}", dpi=DPI)
        job_phase(job, "figures", n_done=1 + n, n_total=1 + len(FIGURES))
    answer = {"knn": found.knn.to_json(), "reranked": found.reranked.to_json()}
    job_note(job, answer=answer)


def _tell(job: Explanation, stage: str, n_done: int, n_total: int) -> None:
    job_phase(job, "gallery photos for the matcher", n_done=n_done, n_total=n_total)
