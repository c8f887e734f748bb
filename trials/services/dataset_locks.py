"""Locks that keep what frozen studies show, and keep imports and launches from racing."""

from __future__ import annotations

from collections.abc import Iterator

from classifiers.models import Dataset
from classifiers.services.dataset_locks import Hold
from classifiers.services.uploads import is_under_way
from trials.models import Study
from trials.services.refusals import StudyRefused
from trials.services.shown import samples_of_all


def study_holds(dataset: Dataset) -> Iterator[Hold]:
    """Yield what the frozen studies of a dataset show of it; ``holds.HOLDERS`` has this."""
    for study in Study.objects.filter(dataset=dataset).exclude(frozen_sha256="").order_by("slug"):
        yield Hold(f"study {study}", samples_of_all(study.plan).most)


def dataset_settle(dataset: Dataset) -> None:
    """Lock a dataset that is about to be held. Raises ``StudyRefused`` during an import."""
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    if is_under_way(dataset.slug):
        raise StudyRefused(
            f"Photos are being imported into {dataset}; what people see would change under them. "
            "Wait until the import is done, then try again."
        )
