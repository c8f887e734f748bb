"""A study that is put back is the study that was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.factories import enrol, make_study
from tests.snapshots import APPS, Snapshot
from trials.models import Study
from trials.services.freezing import frozen_sha256


def emptied() -> None:
    """Delete every row, as the end of a test does."""
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for app in APPS:
            for model in apps.get_app_config(app).get_models(include_auto_created=True):
                cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608 - ours


def without_moments(snapshot: Snapshot) -> list[tuple[str, list[list[Any]]]]:
    """Return the rows of each table but for dates with times."""
    return [
        (
            each.table,
            [[v for k, v in enumerate(row) if k not in each.moments] for row in each.rows],
        )
        for each in snapshot.tables
    ]


@pytest.mark.django_db
def test_rows_files_and_hash_are_those_that_were_made() -> None:
    made = make_study()
    before = Snapshot.take()
    emptied()
    assert not Study.objects.exists()
    before.put_back()

    after = Snapshot.take()
    assert without_moments(after) == without_moments(before)
    assert after.files == before.files
    study = Study.objects.get()
    assert frozen_sha256(study) == study.frozen_sha256 == made.frozen_sha256
    assert made.frozen_at is not None
    assert study.frozen_at is not None
    assert study.frozen_at >= made.frozen_at
    assert enrol(study).study == study


@pytest.mark.django_db
def test_a_second_study_beside_it_is_made_anew() -> None:
    first = make_study()
    first.slug = "earlier"
    first.save(update_fields=["slug"])
    first.dataset.slug = "earlier"
    first.dataset.save(update_fields=["slug"])
    second = make_study()
    assert second.pk != first.pk
    assert second.frozen_sha256 == first.frozen_sha256


def test_without_a_marker_files_are_in_the_tests_own_folder(
    db: None, settings: Any, tmp_path: Path
) -> None:
    folders = {settings.CROP_DIR, settings.PANEL_DIR, settings.GALLERY_DIR}
    assert {Path(folder).parent for folder in folders} == {tmp_path}
