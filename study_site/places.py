"""Where the site's own files are: in a checkout, or installed from a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).resolve().parent.parent
IS_CHECKOUT: Final = (SOURCE / "manage.py").is_file() and (SOURCE / "templates").is_dir()
# The folder of templates/ and static/; a wheel has them below study_site/.
RESOURCES: Final = SOURCE if IS_CHECKOUT else Path(__file__).resolve().parent
# The folder of var/ unless ``DATA_DIR`` names another; never inside installed packages.
HOME: Final = SOURCE if IS_CHECKOUT else Path.cwd()
