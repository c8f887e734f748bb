"""``manage.py study``: the same services as the pages, in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from classifiers.models import Category
from tests.factories import make_document, make_study
from trials import services
from trials.models import Study
from trials.study.document import read, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Study:
    document = make_document(contact="lab@example.org")
    return services.study_draft(slug="draft", dataset=make_study().dataset, document=document)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    call_command("study", *words)
    return capsys.readouterr().out


def test_the_way_of_a_study(draft: Study, capsys: pytest.CaptureFixture[str]) -> None:
    for verb, status in (("pilot", "pilot"), ("pause", "paused"), ("open", "open"),
                         ("close", "closed")):  # fmt: skip
        assert said(capsys, verb, "draft") == f"Study draft is {status}.\n"
    assert said(capsys, "version", "draft") == "Study draft-v2 is draft.\n"
    assert "draft-v2" in said(capsys, "list")


def test_a_launch_that_the_checklist_refuses_is_refused(draft: Study) -> None:
    services.study_revise(study=draft, document=make_document(n_sets=50))
    with pytest.raises(CommandError, match=r"(?s)cannot be launched yet.*143 more"):
        call_command("study", "open", "draft")


def test_the_checklist_is_printed_and_its_refusals_fail(
    draft: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "ok       Contact: People can ask lab@example.org." in said(capsys, "check", "draft")
    services.study_revise(study=draft, document=make_document())
    assert "warning  Contact" in said(capsys, "check", "draft", "--pilot")
    with pytest.raises(CommandError, match="cannot be launched yet"):
        call_command("study", "check", "draft")


def test_a_document_is_shown_changed_and_compared(
    draft: Study, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = read(said(capsys, "show", "draft"))
    assert document == draft.document
    file = tmp_path / "study.yaml"
    file.write_text(write(document | {"persona": "Max"}))
    assert said(capsys, "revise", "draft", str(file)) == "persona: 'Sam' -> 'Max'\n"
    assert "persona: 'Sam' -> 'Max'" in said(capsys, "diff", "draft", "trees")
    assert said(capsys, "diff", "draft", "draft") == "The documents are the same.\n"
    with pytest.raises(CommandError, match="first version"):
        call_command("study", "diff", "draft")


def test_an_export_is_imported_and_verified(
    draft: Study, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = str(tmp_path / "trees.zip")
    said(capsys, "export", "trees", file)
    assert "The very same study" in said(capsys, "import", file, "again", "trees")
    assert "Nothing that people see has changed" in said(capsys, "verify", "again")
    Category.objects.update(label="fir")
    with pytest.raises(CommandError, match="labels or definitions that people see changed"):
        call_command("study", "verify", "again")


def test_a_copy_is_made(draft: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "copy", "draft", "second") == "Study second is a draft on trees.\n"


def test_a_file_that_is_not_there_is_named(draft: Study, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.yaml"):
        call_command("study", "revise", "draft", str(tmp_path / "none.yaml"))


def test_an_unknown_study_lists_the_known_ones(draft: Study) -> None:
    with pytest.raises(CommandError, match="No study 'x'; studies: draft, trees"):
        call_command("study", "show", "x")
