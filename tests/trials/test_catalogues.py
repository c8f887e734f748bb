"""The catalogues of participants' texts are complete, and .mo files are made from .po files."""

from __future__ import annotations

import io
import re
import shutil
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from trials.catalogues import file_of, po
from trials.catalogues.sources import PACKAGE, messages
from trials.management.commands import catalogues
from trials.participant.script_texts import script_texts
from trials.study.languages import ENGLISH, LANGUAGES, percent_text
from trials.study.schema import schema

TRANSLATED = [language for language in LANGUAGES if language != ENGLISH]
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
# Sentences in other languages are built without the English article.
ARTICLES = {"%(article)s", "%(true_article)s", "{article}"}
SCRIPTS = PACKAGE.parent / "static" / "js"
STYLES = PACKAGE.parent / "static" / "css"
OURS = [*SCRIPTS.glob("trial/*.js"), *(SCRIPTS / f"{n}.js" for n in ("trial", "entry", "leaving"))]


@cache
def needed() -> list[po.Message]:
    """Return the texts of the sources, which are read once."""
    return list(messages())


def catalogue_of(language: str) -> po.Catalogue:
    """Read the .po file of a language."""
    return po.read(file_of(language).read_text(encoding="utf-8"))


def marks(text: str) -> list[str]:
    """Return the tags and the stars of a text, which a translation must keep."""
    return sorted(re.findall(r"<[^>]+>|\*\*", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_translates_every_text_of_the_sources(language: str) -> None:
    catalogue = catalogue_of(language)
    assert set(catalogue.entries) == set(needed())
    empty = [message for message, forms in catalogue.entries.items() if not all(forms)]
    assert empty == []
    forms_of = {len(f) for message, f in catalogue.entries.items() if message.plural}
    assert forms_of == {catalogue.n_plurals}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_values_and_marks_of_its_text(language: str) -> None:
    for message, forms in catalogue_of(language).entries.items():
        given = set(PLACEHOLDER.findall(message.text + message.plural))
        for form in forms:
            used = set(PLACEHOLDER.findall(form))
            # Some plural forms say the number in words, such as the dual of Arabic.
            spared = {"%(n)s"} if message.plural and form != forms[-1] else set()
            assert used <= given, form
            assert given - used <= ARTICLES | spared, form
            assert marks(form) == marks(message.text), form


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_compiled_catalogue_says_what_its_source_says(language: str) -> None:
    content = file_of(language, "mo").read_bytes()
    catalogue = catalogue_of(language)
    assert content == po.compiled(catalogue), "run manage.py catalogues"
    compiled = GNUTranslations(io.BytesIO(content))
    for message, forms in catalogue.entries.items():
        if message.context:
            assert compiled.pgettext(message.context, message.text) == forms[0]
        elif not message.plural:
            assert compiled.gettext(message.text) == forms[0]
    for message, forms in catalogue.entries.items():
        if message.plural:
            said = {compiled.ngettext(message.text, message.plural, n) for n in range(201)}
            assert said <= set(forms)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the command work on German alone, in a folder of its own; return the .po file."""
    for ending in ("po", "mo"):
        shutil.copy(file_of("de", ending), tmp_path / f"de.{ending}")
    monkeypatch.setattr(catalogues, "LANGUAGES", (ENGLISH, "de"))
    monkeypatch.setattr(catalogues, "messages", needed)
    monkeypatch.setattr(
        catalogues, "file_of", lambda language, ending="po": tmp_path / f"{language}.{ending}"
    )
    return tmp_path / "de.po"


def test_the_command_leaves_complete_catalogues_as_they_are(copied: Path) -> None:
    before, out = copied.read_bytes(), io.StringIO()
    call_command("catalogues", stdout=out)
    assert copied.read_bytes() == before
    assert copied.with_suffix(".mo").read_bytes() == file_of("de", "mo").read_bytes()
    assert out.getvalue() == f"de: {len(needed())} texts, 0 not translated\n"


def test_the_command_adds_new_texts_drops_old_ones_and_names_what_is_missing(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = next(message for message in needed() if not message.plural)
    new = [po.Message("A new text"), po.Message("%(n)s photo", "%(n)s photos")]
    monkeypatch.setattr(catalogues, "messages", lambda: [kept, *new])
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"2 texts are not translated\. Fill them in"):
        call_command("catalogues", stdout=out)
    entries = po.read(copied.read_text(encoding="utf-8")).entries
    assert list(entries) == [kept, *new]
    assert [entries[each] for each in new] == [("",), ("", "")]
    assert out.getvalue() == "de: 3 texts, 2 not translated\n  A new text\n  %(n)s photo\n"


def test_the_command_says_how_a_missing_catalogue_is_made(copied: Path) -> None:
    copied.unlink()
    with pytest.raises(CommandError, match=r"de\.po is missing\. Make it with a header that has"):
        call_command("catalogues")


def test_a_catalogue_without_its_plural_forms_is_refused() -> None:
    with pytest.raises(ValueError, match="has no line 'Plural-Forms: nplurals=N"):
        po.Catalogue("Language: xx\n", {}).n_plurals  # noqa: B018 - it raises


def test_a_file_without_entries_is_an_empty_catalogue() -> None:
    assert po.read("# nothing yet\n\n") == po.Catalogue("", {})
    empty = po.compiled(po.Catalogue("Language: xx\n", {po.Message("a"): ("",)}))
    assert GNUTranslations(io.BytesIO(empty)).gettext("a") == "a"


def test_a_catalogue_that_is_written_and_read_is_the_same() -> None:
    entries = {
        po.Message('A "b"\\\n\tc'): ("Ä",),
        po.Message("one", "many", "context"): ("f0", "f1"),
    }
    header = "Language: xx\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
    assert po.read(po.write(po.Catalogue(header, entries))) == po.Catalogue(header, entries)


def test_a_line_that_is_no_po_file_is_named() -> None:
    with pytest.raises(ValueError, match=r"Line 2 is 'nonsense'; expected a keyword"):
        po.read('msgid "a"\nnonsense\n')


def test_the_document_offers_the_languages_that_have_a_catalogue() -> None:
    assert schema()["$defs"]["language"]["enum"] == list(LANGUAGES)


def test_percentages_are_written_as_in_each_language() -> None:
    # From CLDR 46, percentFormat with Western digits.
    said = {language: percent_text(80, language) for language in LANGUAGES}
    known = {
        "en": "80 %",
        "de": "80\u00a0%",
        "es": "80\u00a0%",
        "fr": "80\u202f%",
        "vi": "80%",
        "zh-Hans": "80%",
        "ar": "80\u200e%\u200e",
    }
    assert said == {language: known[language] for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_of_yes_and_no_are_two_different_letters(language: str) -> None:
    with translation.override(language.lower()):
        keys = [translation.pgettext("key", key) for key in ("Y", "N")]
    assert len(set(keys)) == 2
    assert all(len(key) == 1 and key == key.upper() for key in keys)


def test_styles_of_participants_pages_have_no_left_or_right() -> None:
    names = ("base", "trial", "boxes", "guide", "panels", "task", "equal", "help")
    side = re.compile(
        r"(?:(?:margin|padding|border)-(?:left|right)|\bleft|\bright)\s*:|: (?:left|right);"
    )
    found = [
        line
        for name in names
        for line in (STYLES / f"{name}.css").read_text(encoding="utf-8").splitlines()
        if side.search(line)
    ]
    # The square of the AI lies in the middle of the photo, in any direction of text.
    assert [line for line in found if not line.startswith(".seen__square")] == []


def test_scripts_say_only_texts_that_the_page_gives_them() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in OURS)
    said = set(re.findall(r'\bsay\("([\w-]+)"', code)) | {"answer-failed", "offline"}
    assert said == set(script_texts())


def test_scripts_have_no_sentence_of_their_own() -> None:
    # Two words in quotes, the first with a capital letter. The preview's note is for researchers.
    sentence = re.compile(r"""["'`>]([A-Z][a-z]+(?: [\w{$}]+)+[^"'`<]*)["'`<]""")
    found = {
        (path.name, text)
        for path in OURS
        for text in sentence.findall(re.sub(r"//.*", "", path.read_text(encoding="utf-8")))
    }
    assert {name for name, text in found if "preview" not in text} == set()
