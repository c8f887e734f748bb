"""Versions of the study document: later fields leave documents of format 1 as they were."""

from __future__ import annotations

from typing import Any

import pytest

from trials.study.document import completed, read_as_latest, sha256_of
from trials.study.schema import begun, schema

DOCUMENT = {"title": "Birds", "seed": 1, "stages": [{"kind": "test"}]}
LATER = {"type": "integer", "default": 7, "x-format": 2}


@pytest.fixture
def with_later_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the schema have a later field at the top, and one in a stage."""
    whole = schema()
    monkeypatch.setitem(whole["properties"], "later", LATER)
    monkeypatch.setitem(whole["$defs"]["test"]["properties"], "later", LATER)


@pytest.mark.usefixtures("with_later_fields")
def test_a_document_without_later_fields_stays_of_format_1() -> None:
    document = completed(DOCUMENT)
    assert document["format"] == 1
    assert "later" not in document
    assert "later" not in document["stages"][0]


def test_a_later_field_of_the_schema_changes_no_hash(request: pytest.FixtureRequest) -> None:
    before = sha256_of(completed(DOCUMENT))
    request.getfixturevalue("with_later_fields")
    assert sha256_of(completed(DOCUMENT)) == before


@pytest.mark.usefixtures("with_later_fields")
@pytest.mark.parametrize(
    "change", [{"later": 1}, {"stages": [{"kind": "test", "later": 1}]}, {"format": 2}]
)
def test_a_document_with_a_later_field_is_of_format_2_and_has_all(change: dict[str, Any]) -> None:
    document = completed({**DOCUMENT, **change})
    assert document["format"] == 2
    assert {"later"} <= set(document)
    assert "later" in document["stages"][0]
    assert completed(document) == document


@pytest.mark.usefixtures("with_later_fields")
def test_a_document_of_format_1_is_read_with_the_later_defaults() -> None:
    assert read_as_latest(completed(DOCUMENT))["stages"][0]["later"] == 7


def test_a_new_document_says_the_choices_that_came_later_and_keeps_what_it_is_given() -> None:
    new = completed(begun(DOCUMENT | {"wording": {"question": "Is it?"}}))
    assert new["wording"]["statement"] == "{persona}'s guess: **{label}** ({percent} sure)"
    assert new["wording"]["question"] == "Is it?"
    assert new["trial"]["layout"] == "equal"
    assert new["stages"][0]["kind"] == "test"
    silent = read_as_latest(completed(DOCUMENT))
    assert silent["wording"]["statement"] == "{persona} guessed this is **{percent}** **{label}**."
    assert silent["trial"]["layout"] == "reference"
