"""Pictures of what the tests see, for whoever wants to look: ``SCREENSHOTS=FOLDER pytest …``."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page, if a folder was named."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
