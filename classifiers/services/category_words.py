"""Labels and definitions of categories: a page can change them until a frozen study shows them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from classifiers.models import Category, Dataset
from classifiers.services.dataset_locks import holds_of
from classifiers.services.folders import DatasetRefused, Naming

LONGEST_LABEL = 200
LONGEST_DEFINITION = 2000


@transaction.atomic
def categories_describe(*, dataset: Dataset, words: Mapping[int, Naming]) -> int:
    """Set labels and definitions by the keys of the categories, and return how many changed.

    Raises ``DatasetRefused`` if a frozen study shows the words, if a label is empty or too long, or
    if two categories would have the same label, because people could not distinguish them.
    """
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    stored = {item.pk: item for item in dataset.categories.all()}
    changed = [
        stored[pk]
        for pk, naming in words.items()
        if pk in stored and naming != Naming(stored[pk].label, stored[pk].definition)
    ]
    if not changed:
        return 0
    holders = [item.holder for item in holds_of(dataset)]
    if holders:
        raise DatasetRefused(
            f"People read these words in {', '.join(holders)}, which is frozen. Nothing changed. "
            "Import the photos under another name to give them other words."
        )
    for item in changed:
        item.label, item.definition = words[item.pk].label, words[item.pk].definition
        if not item.label or len(item.label) > LONGEST_LABEL:
            raise DatasetRefused(
                f"The label of {item.name!r} has {len(item.label)} characters, expected 1 to "
                f"{LONGEST_LABEL}. Nothing changed."
            )
        if len(item.definition) > LONGEST_DEFINITION:
            raise DatasetRefused(
                f"The definition of {item.name!r} has {len(item.definition):,} characters, "
                f"expected at most {LONGEST_DEFINITION:,}. Nothing changed."
            )
    _check_distinct(list(stored.values()))
    Category.objects.bulk_update(changed, ["label", "definition"])
    return len(changed)


def _check_distinct(categories: list[Category]) -> None:
    seen: dict[str, str] = {}
    for item in categories:
        other = seen.setdefault(item.label.casefold(), item.name)
        if other != item.name:
            raise DatasetRefused(
                f"{other!r} and {item.name!r} would both be called {item.label!r}. Give each "
                "category its own label. Nothing changed."
            )
