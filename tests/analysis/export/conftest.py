"""One export that many tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.export.export_bundle import bundle_write
from tests.analysis.six_arms import answered_study
from trials.models import Study


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Path:
    """The export of a study of six conditions and eighteen people, whose database is gone."""
    from django.db import transaction
    from django.test.utils import override_settings

    folder = tmp_path_factory.mktemp("export")
    with django_db_blocker.unblock(), override_settings(CROP_DIR=folder / "crops"):
        with transaction.atomic():
            study = answered_study()
            bundle_write(study, folder / "out")
            transaction.set_rollback(True)
        assert not Study.objects.exists()
    return folder / "out"
