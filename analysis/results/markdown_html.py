"""HTML of the part of Markdown that the documentation uses. Pure; every text is escaped.

Known: headings, paragraphs, lists, numbered lists, tables, indented code, and in a line: code,
strong, emphasis, links, anchors (``<a id="…"></a>``).
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

ANCHOR: Final = re.compile(r'<a id="([\w-]+)"></a>')
ANCHORS: Final = re.compile(rf"^({ANCHOR.pattern})+$")
HEADING: Final = re.compile(r"^(#{1,4}) (.+)$")
ITEM: Final = re.compile(r"^(-|\d+\.) (.+)$", re.DOTALL)
CODE: Final = re.compile(r"`([^`]+)`")
LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
CELL_BORDER: Final = re.compile(r"(?<!\\)\|")
INDENT: Final = "    "


def markdown_html(text: str, links: dict[str, str] | None = None) -> str:
    """Return the HTML of a document.

    ``links`` gives the addresses of files that the document links to; a link to another file is
    shown as its words alone. Links to ``#…`` stay.
    """
    parts = [_block(block, links or {}) for block in re.split(r"\n{2,}", text.strip("\n"))]
    return _joined_code("\n".join(parts))


def _joined_code(html: str) -> str:
    """Return the page with code blocks that only an empty line divides as one block."""
    return html.replace('</code></pre>\n<pre tabindex="0"><code>', "\n\n")


def _block(block: str, links: dict[str, str]) -> str:
    lines = block.split("\n")
    if ANCHORS.match(lines[0]):
        rest = _block("\n".join(lines[1:]), links) if len(lines) > 1 else ""
        return inline(lines[0], links) + rest
    if heading := HEADING.match(lines[0]):
        level = len(heading[1])
        return f"<h{level}>{inline(heading[2], links)}</h{level}>"
    if all(line.startswith(INDENT) for line in lines):
        code = escape("\n".join(line.removeprefix(INDENT) for line in lines))
        return f'<pre tabindex="0"><code>{code}</code></pre>'
    if lines[0].startswith("|"):
        return _table(lines, links)
    if ITEM.match(lines[0]):
        return _list(lines, links)
    return f"<p>{inline(' '.join(lines), links)}</p>"


def _list(lines: list[str], links: dict[str, str]) -> str:
    items: list[str] = []
    for line in lines:
        if ITEM.match(line):
            items.append(line)
        else:
            items[-1] += " " + line.strip()
    tag = "ul" if lines[0].startswith("-") else "ol"
    made = "".join(f"<li>{inline(item[item.index(' ') + 1 :], links)}</li>" for item in items)
    return f"<{tag}>{made}</{tag}>"


def _table(lines: list[str], links: dict[str, str]) -> str:
    head, _, *rows = [_cells(line) for line in lines]
    titles = "".join(f'<th scope="col">{inline(cell, links)}</th>' for cell in head)
    body = "".join(_row(cells, links) for cells in rows)
    label = escape(", ".join(head).replace("`", ""))
    return (
        f'<div class="scroller" tabindex="0" role="group" aria-label="Table: {label}">'
        f'<table class="table texts"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in CELL_BORDER.split(line.strip()[1:-1])]


def _row(cells: list[str], links: dict[str, str]) -> str:
    first, *rest = (inline(cell, links) for cell in cells)
    more = "".join(f"<td>{cell}</td>" for cell in rest)
    return f'<tr><th scope="row">{first}</th>{more}</tr>'


def inline(text: str, links: dict[str, str]) -> str:
    """Return a line's HTML: code, links, strong and emphasis."""
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\0{len(kept) - 1}\0"

    html = CODE.sub(lambda found: keep(f"<code>{escape(found[1], quote=False)}</code>"), text)
    html = ANCHOR.sub(lambda found: keep(f'<span id="{found[1]}"></span>'), html)
    html = escape(html.replace("\\", ""), quote=False)
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    html = re.sub(r"(?<![\w*])\*([^*\s][^*]*?)\*(?![\w*])", r"<em>\1</em>", html)
    html = LINK.sub(lambda found: _link(found[1], found[2], links), html)
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], html)


def _link(words: str, target: str, links: dict[str, str]) -> str:
    address = target if target.startswith("#") else links.get(target.partition("#")[0], "")
    return f'<a href="{escape(address)}">{words}</a>' if address else words
