"""A study's page tells when people no longer see what was frozen."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from classifiers.models import Category
from tests.factories import make_study
from trials import services
from trials.models import Study
from trials.studio import freeze_status

RED = "The study differs from what was frozen"


@pytest.fixture
def study(rita: User, monkeypatch: pytest.MonkeyPatch) -> Study:
    """An open study of theirs, looked at anew each time, on a busy machine too."""
    monkeypatch.setattr(freeze_status, "SLOW_S", 10**7)
    study = make_study()
    services.study_own(study=study, owner=rita)
    return study


def look(browser: Client) -> str:
    return browser.get("/studio/study/trees/").content.decode()


@pytest.mark.parametrize("is_closed", [False, True])
def test_another_label_is_told_on_the_page(browser: Client, study: Study, is_closed: bool) -> None:
    if is_closed:
        services.study_close(study=study)
    assert RED not in look(browser)
    Category.objects.filter(index=0).update(label="fir")
    page = look(browser)
    assert RED in page
    assert "labels or definitions that people see changed: the fingerprint was" in page
    assert ("Pause the study." in page) != is_closed


def test_a_lost_photo_is_told_by_name(browser: Client, study: Study) -> None:
    item = study.trial_sets.all()[0].items.all()[0].prediction.image
    item.crop_path.unlink()
    assert f"1 photos have no file to show, first {item.source}" in look(browser)


def test_where_the_look_takes_long_it_is_kept_for_a_while(
    browser: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze_status, "SLOW_S", -1)
    monkeypatch.setattr(freeze_status, "KEPT_TIMES", 10**7)  # hours, on a busy machine too
    look(browser)
    Category.objects.filter(index=0).update(label="fir")
    assert RED not in look(browser)
