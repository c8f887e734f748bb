"""Studies at the browser: made, launched, versioned, shared out, exported, imported."""

from __future__ import annotations

import io
import re

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import make_document, make_study
from trials import services
from trials.models import Participant, Study
from trials.services.archive import study_export
from trials.simulation.robots import RobotStuck
from trials.studio import actions
from trials.study.document import write

DO = "/studio/study/draft/do/"
NEW = {"slug": "mine", "dataset": "trees", "title": "Mine", "source": "blank"}


def words(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_a_site_without_photos_says_what_comes_first(browser: Client) -> None:
    assert "Import photos" in words(browser.get("/studio/"))


@pytest.mark.parametrize("source", ["blank", "short", "demo", "replica-cub", "replica-imagenet"])
def test_a_study_is_made_from_a_template(browser: Client, rita: User, source: str) -> None:
    make_study()
    response = browser.post("/studio/new/", NEW | {"source": source})
    assert response["Location"] == "/studio/study/mine/edit/"
    study = Study.objects.get(slug="mine")
    assert (study.owner, study.status, study.plan.title) == (rita, "draft", "Mine")


def test_two_new_studies_draw_by_different_seeds(browser: Client) -> None:
    make_study()
    for slug in ("one", "two"):
        browser.post("/studio/new/", NEW | {"slug": slug})
    assert Study.objects.get(slug="one").plan.seed != Study.objects.get(slug="two").plan.seed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"slug": "trees"}, "A study &#x27;trees&#x27; exists already"),
        ({"slug": "my study"}, "small or capital, digits, - and _ only, without spaces"),
        ({"source": "file"}, "No file was sent"),
        ({"dataset": "stones"}, "valid choice"),
    ],
)
def test_a_study_that_cannot_be_made_says_why(
    browser: Client, changes: dict[str, str], said: str
) -> None:
    make_study()
    assert said in words(browser.post("/studio/new/", NEW | changes))
    assert Study.objects.count() == 1


def test_a_file_with_something_wrong_in_it_says_what(browser: Client) -> None:
    make_study()
    file = SimpleUploadedFile("study.yaml", write(make_document(minutes=0)).encode())
    page = words(browser.post("/studio/new/", NEW | {"source": "file", "file": file}))
    assert "minutes: found 0, expected a whole number from 1 to 600" in page


def test_an_exported_study_comes_back_by_the_form(browser: Client) -> None:
    study, file = make_study(), io.BytesIO()
    study_export(study, file)
    sent = SimpleUploadedFile("study.zip", file.getvalue())
    page = browser.post("/studio/new/", NEW | {"source": "file", "file": sent}, follow=True)
    assert f"The very same study: fingerprint {study.frozen_sha256}" in words(page)


def test_of_the_studies_of_others_the_list_offers_the_results(
    browser: Client, draft: Study
) -> None:
    page = words(browser.get("/studio/"))
    links = re.findall(r'href="(/studio/study/[^"]*)"', page)
    next_step, *listed = links
    assert next_step == "/studio/study/draft/"
    assert listed == ["/studio/study/draft/", "/studio/study/trees/results/"]


def test_a_launch_is_asked_about_before_it_happens(browser: Client, draft: Study) -> None:
    assert "fixed from now on" in words(browser.get(f"{DO}pilot/"))
    assert "fixed from now on" in words(browser.post(f"{DO}pilot/"))
    draft.refresh_from_db()
    assert draft.status == Study.Status.DRAFT


def test_the_way_of_a_study_from_draft_to_closed(browser: Client, draft: Study) -> None:
    for name in ("pilot", "pause", "open", "pause", "open", "close"):
        page = words(browser.post(f"{DO}{name}/", {"sure": "yes"}, follow=True))
        expected = {"pilot": "in its pilot", "pause": "paused", "open": "open", "close": "closed"}[
            name
        ]
        assert f"draft is {expected} now." in page
    log = draft.log.values_list("action", "user__username")
    assert log[0] == ("closed", "rita")
    assert "/do/open/" not in page


def test_a_refused_launch_says_every_reason(browser: Client, draft: Study) -> None:
    services.study_revise(study=draft, document=make_document(n_sets=50))
    page = words(browser.post(f"{DO}open/", {"sure": "yes"}, follow=True))
    assert "cannot be launched yet" in page
    assert "143 more" in page
    assert "No contact is given" in page
    assert 'href="/studio/study/draft/edit/#f-contact"' in page
    assert Study.objects.get(pk=draft.pk).status == Study.Status.DRAFT


def test_a_new_version_leads_to_its_editor_and_shows_the_difference(
    browser: Client, draft: Study
) -> None:
    services.study_pilot(study=draft)
    response = browser.post(f"{DO}version/")
    assert response["Location"] == "/studio/study/draft-v2/edit/"
    second = Study.objects.get(slug="draft-v2")
    services.study_revise(study=second, document=draft.document | {"persona": "Max"})
    page = re.sub(r"\s+", " ", words(browser.get("/studio/study/draft-v2/")))
    assert "<code>persona</code></th><td>Sam</td><td>Max</td>" in page


def test_a_draft_is_deleted_and_nothing_else_is(browser: Client, draft: Study) -> None:
    browser.post(f"{DO}delete/", {"sure": "yes"})
    assert list(Study.objects.values_list("slug", flat=True)) == ["trees"]


def test_a_frozen_study_is_not_deleted(browser: Client, draft: Study) -> None:
    services.study_pilot(study=draft)
    page = words(browser.post(f"{DO}delete/", {"sure": "yes"}, follow=True))
    assert "is frozen" in page
    assert Study.objects.filter(slug="draft").exists()


def test_an_unknown_action_is_not_found(browser: Client, draft: Study) -> None:
    assert browser.post(f"{DO}explode/").status_code == 404


def test_a_copy_is_a_draft_of_ones_own(browser: Client, draft: Study, rita: User) -> None:
    assert 'name="dataset"' in words(browser.get("/studio/study/draft/copy/"))
    browser.post("/studio/study/draft/copy/", {"slug": "second", "dataset": "trees"})
    copy = Study.objects.get(slug="second")
    assert (copy.document, copy.owner, copy.previous) == (draft.document, rita, None)


def test_simulated_people_play_the_pilot(browser: Client, draft: Study) -> None:
    services.study_pilot(study=draft)
    answer = browser.post(
        "/studio/study/draft/simulate/", {"n": "2"}, HTTP_ACCEPT="application/json"
    )
    n = answer.json()["n"]
    assert n >= 1
    people = Participant.objects.filter(study=draft, is_simulated=True, stage="pilot")
    assert [person.status for person in people] == ["completed"] * n
    page = words(browser.post("/studio/study/draft/simulate/", {"n": "1"}, follow=True))
    assert "1 simulated people completed the study" in page


def test_simulated_people_learn_as_asked(
    browser: Client, draft: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[float] = []
    monkeypatch.setattr(actions, "play", lambda _, robot, rng: learnt.append(robot.learning))
    services.study_pilot(study=draft)
    for form in ({"learning": "0.05"}, {"learning": ""}, {}):
        browser.post("/studio/study/draft/simulate/", {"n": "1", **form})
    assert learnt == [0.05, 0, 0]


@pytest.mark.parametrize(("n", "said"), [("1", "start it first"), ("0", "greater than")])
def test_simulated_people_stay_out_of_what_is_no_pilot(
    browser: Client, draft: Study, n: str, said: str
) -> None:
    answer = browser.post("/studio/study/draft/simulate/", {"n": n}, HTTP_ACCEPT="application/json")
    assert answer.status_code == 409
    assert said in answer.json()["error"]
    assert not Participant.objects.exists()


def test_a_simulated_person_who_gets_stuck_is_told(
    browser: Client, draft: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(*args: object) -> None:
        raise RobotStuck("no consent form")

    monkeypatch.setattr(actions, "play", stuck)
    services.study_pilot(study=draft)
    page = words(browser.post("/studio/study/draft/simulate/", {"n": "1"}, follow=True))
    assert "got stuck: no consent form" in page


def test_an_unfinished_text_is_shown_with_what_is_wrong(browser: Client, draft: Study) -> None:
    services.study_keep_text(study=draft, text="title: x\nseed: -1")
    page = words(browser.get("/studio/study/draft/"))
    assert "found -1, expected a whole number" in page


@pytest.mark.parametrize(
    "page",
    ["", "new/", "datasets/", "datasets/new/", "datasets/trees/", "study/draft/",
     "study/draft/edit/", "study/draft/preview/", "study/draft/copy/", "study/draft/do/open/"],
)  # fmt: skip
def test_no_page_has_inline_script_or_style(browser: Client, draft: Study, page: str) -> None:
    html = words(browser.get(f"/studio/{page}"))
    data = re.sub(r'<script id="editor-data" type="application/json">.*?</script>', "", html)
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", data)
