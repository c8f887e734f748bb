"""A staff browser, and a study whose every table is known."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from analysis.export import export_bundle
from analysis.results import live
from tests.analysis.result_tables import make_tables


@pytest.fixture
def staff(client: Client) -> Client:
    """A browser signed in as staff."""
    client.force_login(User.objects.create(username="sam", is_staff=True))
    return client


@pytest.fixture
def chief(staff: Client) -> Client:
    """The same browser, its user an administrator."""
    User.objects.get(username="sam").groups.add(Group.objects.get(name="administrator"))
    return staff


@pytest.fixture
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing: pictures take seconds, and ``test_export_valid`` has them."""
    monkeypatch.setattr(export_bundle, "figure_files", lambda tables, note: {})


@pytest.fixture
def _all_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every study of two arms all tables, with a declared exclusion."""
    tables = make_tables(("ResNet-50", "kNN"), rule="accuracy<=50")
    monkeypatch.setattr(live, "study_tables", lambda *_: tables)
