"""What every test may rely on."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_files(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Give each test that uses the database a folder of its own for crops and galleries."""
    if request.node.get_closest_marker("django_db"):
        settings = request.getfixturevalue("settings")
        settings.CROP_DIR = tmp_path / "crops"
        settings.GALLERY_DIR = tmp_path / "galleries"
