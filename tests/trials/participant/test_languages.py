"""Participants' pages in their languages: nothing is left untranslated, and the choice is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from django.utils.translation import trans_real
from pytest_django import Settings

from analysis.codebook.codebook import PARTICIPANTS
from analysis.rows.frame import StudyRows
from tests.factories import make_plan, make_study
from tests.trials.doors import DOOR, WAY, hidden
from tests.trials.participant.every_page import WORLDS, make_world, other_pages, pages_of
from tests.trials.tab import Tab
from trials.catalogues import po
from trials.catalogues.sources import PACKAGE, messages
from trials.models import Participant, QuestionAnswer
from trials.studio.preview import screen_render
from trials.study.plan import PlanRefused

# What is no text of the platform: names in the studies of the tests, codes, proper names, and the
# time since a session began, which Django translates into real German.
OWN = re.compile(
    r"Trees: is the AI right\?|(?i:amber|birch|cedar|dogwood) tree|\b(?:Sam|GBP|English|Deutsch)\b"
    r"|\b[QACTER]\d\b|\b[A-Z]+-\d\b|[A-Z0-9]{8,}|\d+\s+Minuten"
)
# Pages and parts of pages that participants see: also those of errors.
TEMPLATES = sorted(
    path
    for folder in (Path("templates"), Path("templates/trials"), Path("templates/trials/panels"))
    for path in (PACKAGE.parent / folder).glob("*.html")
)
SHOWN_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title"}


class Shown(HTMLParser):
    """The texts of a page that people see or hear."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in {"script", "style"} and ("id", "texts") not in attrs:
            self.inside.append(tag)
        self.texts += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside and not data.lstrip().startswith("{"):
            self.texts.append(data)


def pseudo(text: str) -> str:
    """Return a text with Greek letters for all Latin ones outside of tags and placeholders."""
    parts = re.split(r"(<[^>]+>|%\(\w+\)s|\{\w+\})", text)
    return "".join(
        part if n % 2 else re.sub("[A-Za-z]", lambda a: chr(0x3B1 + ord(a[0].lower()) - 97), part)
        for n, part in enumerate(parts)
    )


@pytest.fixture
def pseudo_language(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Let German be a made-up language into which every text of the platform is translated."""
    entries = {
        each: (pseudo(each.text),) + ((pseudo(each.plural),) if each.plural else ())
        for each in messages()
    }
    header = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
    file = tmp_path / "de" / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(po.compiled(po.Catalogue(header, entries)))
    settings.LOCALE_PATHS = [tmp_path]
    trans_real._translations.clear()  # type: ignore[attr-defined]
    yield
    trans_real._translations.clear()  # type: ignore[attr-defined]


def untranslated(page: str) -> list[str]:
    """Return the texts of a page with a word in Latin letters that is not the study's."""
    texts = [" ".join(OWN.sub(" ", text).split()) for text in Shown(page).texts]
    return [text for text in texts if re.search(r"[A-Za-z]{2}", text)]


@pytest.mark.one_database
@pytest.mark.django_db
@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("world", WORLDS)
def test_no_page_says_anything_in_english(world: str) -> None:
    study = make_world(world, language="de")
    found = pages_of(study, is_right=world != "no AI") | other_pages(study)
    wrong = {name: texts for name, page in found.items() if (texts := untranslated(page))}
    assert wrong == {}
    # A redirect has no text.
    assert {page[:33] for page in found.values()} - {""} == {'<!doctype html>\n<html lang="de">\n'}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_text_of_its_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    source = re.sub("{% block body_class %}.*?{% endblock %}", "", source)
    for code in (r"{% blocktranslate.*?{% endblocktranslate %}", "{%.*?%}", "{{.*?}}", "{#.*?#}"):
        source = re.sub(code, "", source, flags=re.DOTALL)
    assert untranslated(source) == []


def test_the_made_up_language_is_told_from_english() -> None:
    assert untranslated(f"<p>{pseudo('Back to')} <b>Sam</b></p>") == []
    assert untranslated('<p>αβγ</p><img alt="Enlarge"><p>Trees: is the AI right? Next</p>') == [
        "Enlarge",
        "Next",
    ]


SAID = {
    "Trees: is the AI right?": "Bäume: Hat die KI recht?",
    "How old?": "Wie alt?",
    "young": "jung",
    "old": "alt",
    "About you": "Über Sie",
    "cedar tree": "Zeder",
}
ABOUT = {
    "kind": "questions",
    "name": "about",
    "title": "About you",
    "questions": [
        {"name": "age", "text": "How old?", "answer": "choice", "choices": ["young", "old"]}
    ],
}


def in_two_languages(**changes: Any) -> dict[str, Any]:
    """Return fields of a document in English and German."""
    pairs = [{"text": text, "translation": said} for text, said in SAID.items()]
    stages = [ABOUT, {"kind": "test", "n": 2, "n_sets": 1}]
    german = {"language": "de", "texts": pairs}
    return {"stages": stages, "translations": [german], **changes}


@pytest.mark.one_database
@pytest.mark.django_db
def test_a_person_chooses_the_language_and_answers_are_stored_in_the_studys() -> None:
    study = make_study(plan=make_plan(**in_two_languages()))
    client = Tab()
    english = client.get(DOOR)
    assert '<html lang="en">' in english.text
    chosen = client.post(DOOR, hidden(english.text) | {"speak": "de"})
    assert '<html lang="de">' in chosen.text
    assert "Bäume: Hat die KI recht?" in chosen.text
    assert not Participant.objects.exists()
    client.post(DOOR, hidden(chosen.text) | {"agree": "on"})
    assert Participant.objects.get().language == "de"
    about = client.get(WAY).text
    assert "Über Sie" in about
    assert re.search(r'value="old"> alt<', about)
    client.post(WAY, {"step": "0", "q_age": "old"})
    assert QuestionAnswer.objects.get().value == "old"
    place = [column.name for column in PARTICIPANTS].index("language")
    assert [row[place] for row in StudyRows(study).participants()] == ["de"]


@pytest.mark.one_database
@pytest.mark.django_db
def test_the_preview_shows_the_studys_language_and_the_others(rf: RequestFactory) -> None:
    study = make_study(plan=make_plan(**in_two_languages()))
    for language, title in (("", "About you"), ("de", "Über Sie")):
        page = screen_render(
            rf.get("/", headers={"accept-language": "ar"}),
            study,
            condition="kNN",
            number=1,
            key="0",
            language=language,
        )
        assert title in page.text


@pytest.mark.one_database
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "browser", "language"),
    [
        ("", "", "en"),
        ("", "fr, de-AT;q=0.8, en;q=0.5", "de"),
        ("?lang=en", "de", "en"),
        ("?lang=de", "", "de"),
        ("?lang=xx", "", "en"),
    ],
)
def test_the_link_decides_before_the_browser(address: str, browser: str, language: str) -> None:
    make_study(plan=make_plan(**in_two_languages()))
    page = Tab().get(f"{DOOR}{address}", headers={"accept-language": browser}).text
    assert f'<html lang="{language}">' in page


@pytest.mark.one_database
@pytest.mark.django_db
def test_a_study_in_one_language_is_not_shown_in_another() -> None:
    make_study(plan=make_plan())
    page = Tab().get(f"{DOOR}?lang=de", headers={"accept-language": "ar"}).text
    assert '<html lang="en">' in page
    assert 'name="speak"' not in page


@pytest.mark.one_database
@pytest.mark.django_db
def test_arabic_pages_run_from_right_to_left_and_name_kinds_as_they_are() -> None:
    study = make_study(plan=make_plan(language="ar", n_training=1, n_test=2, n_sets=1))
    found = pages_of(study)
    assert all('<html lang="ar" dir="rtl">' in page for page in found.values() if page)
    trial = found["trial training 0"]
    assert '<strong><span translate="no">' in trial
    assert " a <" not in trial
    assert "85\u200e%\u200e" in trial


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"language": "de"}, "languages that are all different"),
        ({"topic": "trees in winter"}, "a translation of 'trees in winter'"),
        ({"language": "ar", "wording": {"question": "{article} {label}?"}}, "without {article}"),
    ],
)
def test_a_document_whose_languages_do_not_fit_is_refused(
    changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(PlanRefused, match=re.escape(expected)):
        make_plan(**in_two_languages(**changes))


def test_a_document_without_a_language_keeps_its_hash_and_its_words() -> None:
    plan = make_plan()
    assert "language" not in plan.document
    assert "translations" not in plan.document
    assert plan.in_language("en", str.upper) is plan


@pytest.mark.parametrize(
    ("path", "browser", "said"),
    [
        ("/s/nowhere/", "de-CH, en;q=0.5", "Diese Seite gibt es nicht"),
        ("/s/nowhere/", "pt", "This page does not exist"),
        ("/studio/nowhere/", "de", "This page does not exist"),
    ],
)
@pytest.mark.one_database
@pytest.mark.django_db
def test_a_page_that_is_not_there_says_so_in_the_browsers_language(
    path: str, browser: str, said: str
) -> None:
    page = Tab().get(path, headers={"accept-language": browser})
    assert page.status_code == 404
    assert said in page.text


@pytest.mark.parametrize(("status", "said"), [(500, "Bei uns ist"), (503, "Einen Moment")])
@pytest.mark.one_database
@pytest.mark.django_db
def test_an_error_is_told_in_the_language_of_the_session(
    status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_study(plan=make_plan(language="de"))
    error = OperationalError("server closed") if status == 503 else RuntimeError("a bug")
    monkeypatch.setattr("trials.participant.views.lost", Mock(side_effect=error))
    client = Tab(raise_request_exception=False)
    page = client.post(WAY, {"step": "1"})
    assert (page.status_code, said in page.text) == (status, True)
