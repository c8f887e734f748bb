"""The documentation site: every link leads somewhere, and every staff page leads to it."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import get_resolver, resolve
from pytest_django import Settings

from study_site.demo.bootstrap import ROOT
from trials.templatetags.manual import PLACES, TUTORIAL

SECTIONS = ("Tutorial", "How-to", "Reference", "Explanation")
# What a browser loads by itself; a link, in contrast, waits for a reader.
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src")}


class Page(HTMLParser):
    """The ids, the links and the inline parts of one page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name in {"href", "src"} and value:
                self.links.append(value)
                if (tag, name) in LOADED:
                    self.loaded.append(value)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as ``make docs`` does."""
    if importlib.util.find_spec("sphinx") is None:
        reason = "Sphinx is not installed: pip install -r requirements-docs.txt"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("docs")
    words = re.findall(r"-m (sphinx .*) docs var/docs", (ROOT / "Makefile").read_text())[0].split()
    words[words.index("-d") + 1] = str(folder / "trees")
    done = subprocess.run(
        [sys.executable, "-m", *words, "docs", str(folder / "site")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[str, Page]:
    return {path.name: Page(path) for path in built.glob("*.html")}


def test_every_link_leads_to_a_file_and_a_place_in_it(built: Path, pages: dict[str, Page]) -> None:
    lost = []
    for name, page in pages.items():
        for link in page.links:
            if urlparse(link).scheme:
                continue
            file, place = urldefrag(urljoin(name, link))
            path = built / unquote(urlparse(file).path)
            if not path.is_file() or (
                place and path.name in pages and unquote(place) not in pages[path.name].ids
            ):
                lost.append(f"{name}: {link}")
    assert lost == []


def test_a_browser_asks_no_other_site_for_anything(built: Path, pages: dict[str, Page]) -> None:
    loaded = [link for page in pages.values() for link in page.loaded]
    assert [link for link in loaded if urlparse(link).netloc] == []
    styles = "".join(path.read_text() for path in built.rglob("*.css"))
    assert len(loaded) > 100
    assert re.findall(r"(?:@import|url\()[^;)]*//[^;)]*", styles) == []


def test_each_page_is_in_one_of_the_four_parts_and_in_the_search(built: Path) -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    assert tuple(re.findall(r"^:caption: (.*)", index, re.MULTILINE)) == SECTIONS
    listed = re.findall(r"^.+ <([\w-]+)>$", index, re.MULTILINE)
    names = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert sorted(listed) == sorted(names)
    search = (built / "searchindex.js").read_text()
    assert all(f'"{name}"' in search for name in names)


@pytest.mark.parametrize("place", sorted({*PLACES.values(), TUTORIAL}))
def test_what_a_staff_page_leads_to_exists(pages: dict[str, Page], place: str) -> None:
    file, section = urldefrag(place)
    assert file in pages
    assert not section or section in pages[file].ids


def test_every_named_address_exists() -> None:
    assert PLACES.keys() <= set(get_resolver().reverse_dict)


@pytest.mark.django_db
def test_a_staff_page_leads_to_its_place(admin_client: Client) -> None:
    photos = admin_client.get("/studio/datasets/").content.decode()
    assert 'href="/docs/running.html#the-folder-of-photos"' in photos
    request = RequestFactory().get("/studio/study/trees/results/")
    text = Template("{% load manual %}{% manual_address %}")
    assert text.render(Context({"request": request})) == f"/docs/{TUTORIAL}"
    request.resolver_match = resolve(request.path)
    assert text.render(Context({"request": request})) == "/docs/metrics.html"


def test_the_site_serves_the_built_pages_with_their_own_scripts_only(
    built: Path, settings: Settings, client: Client
) -> None:
    settings.DOCS_SITE_DIR = built
    response = client.get("/docs/")
    policy = response.headers["Content-Security-Policy"]
    body = b"".join(response).decode()
    assert body.count("<script>") == len(re.findall("'sha256-", policy)) == 1
    assert "default-src 'none'" in policy
    assert b"Search.setIndex" in b"".join(client.get("/docs/searchindex.js"))
    assert client.get("/docs/../manage.py").status_code == 404


def test_without_built_pages_the_site_serves_plain_ones(
    settings: Settings, client: Client, tmp_path: Path
) -> None:
    settings.DOCS_SITE_DIR = tmp_path
    response = client.get("/docs/run-a-study.html")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1" in response.text
    assert "```" not in response.text
    assert 'href="/docs/"' in response.text
    picture = client.get("/docs/screenshots/ai-phone.jpg")
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert b"".join(picture).startswith(b"\xff\xd8")
    assert client.get("/docs/deploy/container.env").status_code == 404
    assert client.get("/docs/nothing.html").status_code == 404


def test_every_link_of_a_plain_page_leads_somewhere(
    settings: Settings, client: Client, tmp_path: Path
) -> None:
    settings.DOCS_SITE_DIR = tmp_path
    found = {}
    for source in settings.DOCS_DIR.glob("*.md"):
        file = tmp_path / f"{source.stem}.html"
        file.write_text(client.get(f"/docs/{file.name}").text, encoding="utf-8")
        found[file.name] = Page(file)
        file.unlink()
    lost = []
    for name, page in found.items():
        for link in page.links:
            to, place = urldefrag(urljoin(f"/docs/{name}", link))
            file_name = to.removeprefix("/docs/") or "index.html"
            if link.startswith(("http", "/static/")) or to in {"/", "/studio/"}:
                continue
            if file_name.endswith((".jpg", ".png")):
                is_there = (settings.DOCS_DIR / file_name).is_file()
            else:
                is_there = file_name in found and (not place or place in found[file_name].ids)
            if not is_there:
                lost.append(f"{name}: {link}")
    assert lost == []
    assert found.keys() - {"index.html"} <= set(found["index.html"].links)


@pytest.mark.parametrize("place", sorted({*PLACES.values(), TUTORIAL}))
def test_a_plain_page_has_what_a_staff_page_leads_to(
    settings: Settings, client: Client, tmp_path: Path, place: str
) -> None:
    settings.DOCS_SITE_DIR = tmp_path
    file, section = urldefrag(place)
    page = client.get(f"/docs/{file}").text
    assert not section or f'id="{section}"' in page
