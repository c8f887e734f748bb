"""The page of formulas, made from docs/metrics.md."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.conf import settings
from django.test import Client

from analysis.codebook.anchors import ANCHORS
from analysis.results.markdown_html import markdown_html
from analysis.results.metrics_page import metrics_html


def test_every_anchor_and_link_of_the_document_is_on_the_page() -> None:
    text = (settings.DOCS_DIR / "metrics.md").read_text()
    ids = Counter(re.findall(r'<span id="([^"]+)"></span>', metrics_html()))
    assert set(re.findall(r'<a id="([\w-]+)">', text)) == set(ids)
    assert {link[1:] for link in re.findall(r'href="(#[^"]+)"', metrics_html())} <= set(ids)
    assert set(ids.values()) == {1}
    assert set(ANCHORS.values()) <= set(ids)


def test_the_page_has_every_word_of_the_document_and_no_mark_of_markdown() -> None:
    text = (settings.DOCS_DIR / "metrics.md").read_text()
    page = re.sub(r"<[^>]+>", " ", metrics_html())
    assert not re.search(r"\*\*|`|\]\(|a id=", page)
    words = set(re.findall(r"[^\W\d_]{4,}", re.sub(r"<[^>]+>|\]\([^)]*\)", " ", text)))
    assert words <= set(re.findall(r"[^\W\d_]{4,}", page))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("1 < 2 & **`a`** is *b*", "1 &lt; 2 &amp; <strong><code>a</code></strong> is <em>b</em>"),
        ("`<script>` [in](#x)", '<code>&lt;script&gt;</code> <a href="#x">in</a>'),
        ("[out](other.md)", "out"),
        ('<a id="x"></a>**b**', '<span id="x"></span><strong>b</strong>'),
        ("a * b * c, 2 ** 3", "a * b * c, 2 ** 3"),
    ],
)  # fmt: skip
def test_a_line_is_escaped_before_it_is_marked(text: str, html: str) -> None:
    assert markdown_html(text) == f"<p>{html}</p>\n"


def test_blocks_of_markdown_become_html() -> None:
    table = "| `a` | b |\n|---|---|\n| `k` | x \\| y |\n| m | |"
    page = markdown_html(
        f'<a id="x"></a>\n\n# A\n\n- one\n  more\n- two\n\n<!-- -->\n\n    1 < 2\n\n{table}'
    )
    assert page.startswith('<span id="x"></span>')
    assert "<h1>A</h1>\n<ul>\n<li>one\nmore</li>\n<li>two</li>\n</ul>" in page
    assert '<pre tabindex="0"><code>1 &lt; 2\n</code></pre>' in page
    assert '<th scope="row"><code>k</code></th>\n<td>x | y</td>' in page
    assert '<th scope="row">m</th>\n<td></td>' in page
    assert 'aria-label="Table: a, b"' in page


@pytest.mark.django_db
def test_the_staff_read_the_formulas_and_strangers_sign_in(client: Client, staff: Client) -> None:
    assert "The metrics, one by one" in staff.get("/studio/formulas/").text
    assert Client().get("/studio/formulas/")["Location"].startswith("/login/")
