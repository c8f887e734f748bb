"""The help texts of the models are sentences, and changing them changes no table."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import call_command

OURS = ("classifiers", "trials", "analysis")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("app", "name"), [("classifiers", "0017"), ("trials", "0023"), ("analysis", "0007")]
)
def test_new_help_texts_need_no_statement_of_the_database(
    app: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sqlmigrate", app, name, "--no-color")
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("--")]
    assert [line for line in lines if line not in {"", "BEGIN;", "COMMIT;"}] == []


@pytest.mark.parametrize("app", OURS)
def test_a_help_text_is_a_sentence(app: str) -> None:
    for model in apps.get_app_config(app).get_models():
        for field in model._meta.get_fields():
            text = str(getattr(field, "help_text", ""))
            assert not text or (text[0].isupper() and text.endswith(".")), field
