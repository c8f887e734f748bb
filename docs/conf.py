"""How Sphinx makes the documentation site of the pages in this folder; ``make docs`` runs it."""

from __future__ import annotations

import re
from typing import Any

project = "Visual correspondence study platform"
html_title = "Second Look"
extensions = ["myst_parser"]
exclude_patterns = ["deploy/*"]
highlight_language = "none"  # of blocks that name no language
myst_heading_anchors = 4  # the same names as on GitHub
html_theme = "furo"  # loads nothing from other servers
html_favicon = "../static/img/icon.svg"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f5f5b", "color-brand-content": "#1f5f5b"},
    "dark_css_variables": {"color-brand-primary": "#9fd3c7", "color-brand-content": "#9fd3c7"},
}
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False

# A line of anchors, which GitHub understands, becomes targets, which Sphinx checks links with.
ANCHORS = re.compile(r'^(?:<a id="[\w-]+"></a>)+$', re.MULTILINE)


def setup(app: Any) -> None:
    """Change each page as it is read."""
    app.connect("source-read", lambda _, page, texts: texts.append(_targets(texts.pop())))


def _targets(text: str) -> str:
    return ANCHORS.sub(
        lambda line: "\n".join(f"({name})=" for name in re.findall(r'id="([\w-]+)"', line[0])), text
    )
