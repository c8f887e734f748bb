"""A dataset's categories with their photos, and what is odd about them. Needs no torch."""

from __future__ import annotations

from django.db.models import Count, Q

from classifiers.core.category_remarks import N_VOTERS, Counted, Remark, category_remarks
from classifiers.models import Dataset, Image


def remarks_of(dataset: Dataset, n_voters: int = N_VOTERS) -> list[Remark]:
    """Return what is odd about a dataset's categories, for so many photos that vote."""
    counts = {
        f"n_{split}": Count("images", Q(images__split=split))
        for split in (Image.GALLERY, Image.QUERY)
    }
    rows = dataset.categories.annotate(**counts).order_by("index")
    columns = ("name", "label", "n_gallery", "n_query")
    return category_remarks([Counted(*row) for row in rows.values_list(*columns)], n_voters)
