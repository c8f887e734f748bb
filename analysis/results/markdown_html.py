"""HTML of a page of the documentation, for the site. HTML in the page is escaped.

markdown-it-py parses CommonMark and tables. This module adds anchors (``<a id="…"></a>``),
attributes of tables and code for keyboards and screen readers, and the names of headings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

ANCHOR: Final = re.compile(r'<a id="([\w-]+)"></a>')


def _within(address: str) -> str | None:
    return address if address.startswith("#") else None


def markdown_html(
    text: str,
    *,
    link: Callable[[str], str | None] = _within,
    are_headings_named: bool = False,
) -> str:
    """Return the HTML of a document.

    ``link`` says where a link leads; one that leads nowhere is shown as its words alone. By default
    the links inside the document are left.
    """
    parser = _parser()
    tokens = parser.parse(text)
    for place, token in enumerate(tokens):
        if token.type == "inline":
            token.children = list(_linked(token.children or [], link))
            if {child.type for child in token.children} in ({"anchor"}, {"anchor", "softbreak"}):
                tokens[place - 1].hidden = tokens[place + 1].hidden = True  # no empty paragraph
            if are_headings_named and tokens[place - 1].type == "heading_open":
                tokens[place - 1].attrSet("id", _name(token.content))
        elif token.type == "code_block":
            token.attrSet("tabindex", "0")
        elif token.type == "th_open":
            token.attrs = {"scope": "col"}
        elif token.type == "tr_open" and tokens[place + 1].type == "td_open":
            _name_row(tokens, place + 1)
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.inline.ruler.before("html_inline", "anchor", _anchor_rule)
    parser.add_render_rule("anchor", _anchor)
    parser.add_render_rule("table_open", _table)
    parser.add_render_rule("table_close", _table_end)
    parser.add_render_rule("fence", _fence)
    return parser


def _anchor_rule(state: StateInline, silent: bool) -> bool:
    """Read an anchor at the parser's place; return whether there is one."""
    found = ANCHOR.match(state.src, state.pos)
    if found and not silent:
        state.push("anchor", "span", 0).attrSet("id", found[1])
    state.pos = found.end() if found else state.pos
    return bool(found)


def _linked(tokens: Sequence[Token], link: Callable[[str], str | None]) -> Iterator[Token]:
    leads = None
    for token in tokens:
        if token.type == "link_open":
            leads = link(str(token.attrGet("href")))
            token.attrs["href"] = leads or ""
        if leads is not None or token.type not in {"link_open", "link_close"}:
            yield token


def _name(heading: str) -> str:
    """Return the name of a heading, as on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _name_row(tokens: Sequence[Token], first: int) -> None:
    """Make the first cell of a row its heading."""
    end = next(n for n in range(first, len(tokens)) if tokens[n].type == "td_close")
    tokens[first].tag = tokens[end].tag = "th"
    tokens[first].attrs = {"scope": "row"}


def _anchor(_: object, tokens: Sequence[Token], place: int, *__: Any) -> str:
    return f'<span id="{tokens[place].attrs["id"]}"></span>'


def _table(_: object, tokens: Sequence[Token], place: int, *__: Any) -> str:
    end = next(n for n in range(place, len(tokens)) if tokens[n].type == "thead_close")
    head = ", ".join(each.content for each in tokens[place:end] if each.type == "inline")
    label = escape(head.replace("`", ""))
    return (
        f'<div class="scroller" tabindex="0" role="group" aria-label="Table: {label}">'
        '<table class="table texts">\n'
    )


def _fence(_: object, tokens: Sequence[Token], place: int, *__: Any) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[place].content)}</code></pre>\n'


def _table_end(*_: object) -> str:
    return "</table></div>\n"
