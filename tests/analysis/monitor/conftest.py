"""What the monitor's tests share."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.monitor import reader
from tests.analysis.monitor.pages import member
from tests.factories import enrol, make_plan, make_study
from trials import services
from trials.models import Identity, Study


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the flags anew for each page, on a busy machine too."""
    monkeypatch.setattr(reader, "SLOW_S", 10**7)


@pytest.fixture
def study() -> Study:
    """A study of Rita's in which Alice, of the recruitment platform, has begun."""
    study = make_study(plan=make_plan(recruitment={"pay": 1.0}, idle_minutes=30))
    services.study_own(study=study, owner=member("rita", "researcher"))
    Identity.objects.create(participant=enrol(study), channel="prolific", person_id="PID-alice")
    return study


@pytest.fixture
def browser(client: Client, study: Study) -> Client:
    """Rita's browser."""
    client.force_login(User.objects.get(username="rita"))
    return client
