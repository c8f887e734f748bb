"""A page of the documentation as HTML, for a site on which ``make docs`` was not run."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.safestring import SafeString, mark_safe

from analysis.results.markdown_html import markdown_html

CONTENTS: Final = re.compile(r"^```\{toctree\}\n:caption: (.*)\n(?::.*\n)*\n((?:.*\n)*?)```", re.M)
ENTRY: Final = re.compile(r"^(.+) <([\w-]+)>$", re.M)
HEADING: Final = re.compile(r"^# (.*)", re.M)


class DocsText(NamedTuple):
    """A page's heading and its HTML."""

    heading: str
    html: SafeString


@cache
def docs_text(file: Path) -> DocsText:
    """Return a page: the links between pages work, and each heading has its name as on GitHub."""
    text = CONTENTS.sub(_listed, file.read_text(encoding="utf-8"))
    heading = HEADING.search(text)
    html = markdown_html(text, link=_link, are_headings_named=True)
    words = heading[1] if heading else file.stem
    return DocsText(words, mark_safe(html))  # noqa: S308 - our own file, and the renderer escapes


def _listed(part: re.Match[str]) -> str:
    """Return one part of the contents as a heading and a list of links."""
    return f"## {part[1]}\n\n" + ENTRY.sub(r"- [\1](\2.md)", part[2])


def _link(address: str) -> str | None:
    """Return where a link leads on the site, or None if the file is not served there."""
    page, mark, section = address.partition("#")
    if "://" in address or not page:
        return address
    if "/" in page or not page.endswith(".md"):
        return address if page.startswith("screenshots/") else None
    return f"{page.removesuffix('.md')}.html{mark}{section}"
