"""A study with ``crop: whole``: whole photos on its pages, and marks on the AI's square."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from classifiers.core.whole import crop_share
from classifiers.models import Gallery, Image, Job
from tests.classifiers.whole import originals_write
from tests.factories import enrol, make_dataset, make_plan, make_run, make_study
from tests.trials.interacting import SESSION, at_a_trial, interactive_study
from tests.trials.tab import Tab
from trials import services
from trials.models import Study, Trial
from trials.participant.trial_view import TrialScreen, kinds, trial_screen
from trials.services.freezing import crops_missing
from trials.study.document import PlanRefused

pytestmark = pytest.mark.django_db
ARM = [{"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"}]


def whole_study(folder: Path) -> Study:
    dataset = make_dataset()
    originals_write(dataset, folder, (90, 60))
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny", status=Job.Status.DONE)
    run = make_run(gallery, "emd-corr")
    plan = make_plan(conditions=ARM, crop="whole")
    study = services.study_create(slug="trees", dataset=dataset, plan=plan, runs=[run])
    return services.study_open(study=study)


def screens(study: Study) -> tuple[Trial, TrialScreen]:
    person = enrol(study)
    trial = person.trials.first()
    assert trial is not None
    return trial, trial_screen(trial, person)


def test_every_photo_of_a_page_is_whole_and_is_served(tmp_path: Path, client: Client) -> None:
    study = whole_study(tmp_path)
    urls = [*screens(study)[1].urls, *(url for kind in kinds(study) for url in kind.urls)]
    assert len(urls) > 6
    assert all(re.fullmatch(r"/photo/whole/[\w-]{20}\.jpg", url) for url in urls)
    for url in (urls[0], urls[0].replace("whole", "large")):
        response = client.get(url)
        assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"  # type: ignore[attr-defined]
        assert "immutable" in response["Cache-Control"]
    assert client.get(urls[0].replace("whole", "huge")).status_code == 404
    assert client.get(f"/photo/whole/{'x' * 20}.jpg").status_code == 404


def test_matched_parts_lie_on_the_square_that_the_ai_saw(tmp_path: Path) -> None:
    _, screen = screens(whole_study(tmp_path))
    share = crop_share(90, 60)
    assert screen.frame is not None
    assert (screen.frame.long, screen.frame.short, screen.frame.share) == (90, 60, share)
    first = screen.panels[0].content.data[0]
    starts = [7 * (1 - share) / 2 + share * cell for cell in (0, 8 % 7)]  # cells 0 and 8
    assert [box.x for box in first.query_boxes[:2]] == pytest.approx(starts, abs=0.08)


def test_the_grid_of_parts_lies_on_the_square_that_the_ai_saw(client: Tab) -> None:
    study = interactive_study(crop="whole")
    Image.objects.update(width=200, height=500)
    _, trial = at_a_trial(client, study)
    page = client.get(SESSION).text
    assert f'src="/photo/whole/{trial.prediction.image.token}.jpg"' in page
    shape = '<div class="seen"><svg class="seen__shape" viewBox="0 0 500 200"'
    assert page.index(shape) < page.index('<div class="guide__grid"') < page.index("</figure>")


def test_a_study_without_the_key_shows_crops_as_before() -> None:
    study = make_study(plan=make_plan(conditions=ARM))
    _, screen = screens(study)
    assert "crop" not in study.document
    assert screen.frame is None
    assert all(url.startswith("/image/") for url in screen.urls)


def test_a_photo_without_its_original_is_missing_unless_it_was_made(tmp_path: Path) -> None:
    study = whole_study(tmp_path)
    trial, _ = screens(study)
    assert crops_missing(study) == []
    photo = Image.objects.select_related("dataset").get(pk=trial.prediction.image_id)
    photo.path.unlink()
    assert crops_missing(study) == [photo.source]


def test_brightness_needs_photos_that_can_be_enlarged() -> None:
    with pytest.raises(PlanRefused, match=r"trial\.has_window"):
        make_plan(trial={"has_window": True, "has_zoom": False})
