"""The editor: judged as one types, and nothing typed is lost."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from classifiers.models import PredictionRun
from tests.factories import make_document
from trials import services
from trials.models import Study
from trials.studio.editor import Checked, text_check
from trials.study.document import write

PAGE = "/studio/study/draft/edit/"


def judged(browser: Client, **asked: Any) -> dict[str, Any]:
    body = json.dumps({"dataset": "trees", **asked})
    response = browser.post("/studio/check/", body, content_type="application/json")
    return response.json()  # type: ignore[no-any-return]


def test_a_text_and_a_document_are_judged_alike(browser: Client, draft: Study) -> None:
    document = make_document()
    said = judged(browser, document=document)
    assert said == judged(browser, text=write(document))
    assert (said["problems"], said["document"]["persona"]) == ([], "Sam")


def test_everything_wrong_is_told_with_its_path(browser: Client, draft: Study) -> None:
    said = judged(browser, document={"title": "", "seed": 1, "minutes": 0})
    assert {item["path"]: item["seen"] for item in said["problems"]} == {
        "title": "",
        "minutes": "0",
    }
    assert said["problems"][1]["expected"] == "a whole number from 1 to 600"
    assert said["pools"] == []


def test_a_text_that_cannot_be_read_tells_the_line(browser: Client, draft: Study) -> None:
    said = judged(browser, text="title: x\nseed: [")
    assert said["problems"][0]["path"] == "line 2, column 8"


def test_a_document_that_is_too_long_is_not_read(
    browser: Client, draft: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trials.studio.editing.MAX_BODY", 99)
    said = judged(browser, text="x" * 100)
    assert said == {"error": "Expected a document of at most 200,000 bytes."}


def test_the_pool_tells_by_how_much_it_is_too_small(browser: Client, draft: Study) -> None:
    said = judged(browser, document=make_document(n_sets=50))
    knn = next(item for item in said["pools"] if item["name"] == "knn")
    right = {"kind": "AI right", "stratum": "", "needed": 153, "there": 10, "missing": 143}
    assert knn["rows"][0] == right


def test_predictions_that_are_not_there_are_named(browser: Client, draft: Study) -> None:
    PredictionRun.objects.filter(classifier="knn").update(status="failed")
    said = judged(browser, document=make_document())
    knn = next(item for item in said["pools"] if item["name"] == "knn")
    assert knn["problem"].startswith("No finished predictions of knn on trees.")


@pytest.mark.parametrize(
    "body", ["", "[]", '{"dataset": "trees"}', '{"document": 3}', "{", "[" * 100_000]
)
def test_what_the_page_never_sends_is_refused(browser: Client, body: str) -> None:
    response = browser.post("/studio/check/", body, content_type="application/json")
    assert response.status_code == 400


def base(browser: Client) -> str:
    page = browser.get(PAGE)
    return str(page.context["base"])


def save(browser: Client, text: str, base: str) -> Any:
    return browser.post(PAGE, {"text": text, "base": base}, follow=True)


def test_a_valid_text_becomes_the_document(browser: Client, draft: Study) -> None:
    page = save(browser, write(make_document(title="New")), base(browser))
    assert "Saved." in page.content.decode()
    draft.refresh_from_db()
    assert draft.document["title"] == "New"


def test_an_invalid_text_is_kept_as_it_was_typed(browser: Client, draft: Study) -> None:
    typed = "title: New # later\nseed: ["
    page = save(browser, typed, base(browser)).content.decode()
    assert "Saved as a draft. 1 problem has to be fixed" in page
    assert "title: New # later" in page
    draft.refresh_from_db()
    assert (draft.draft_text, draft.document["title"]) == (typed, make_document()["title"])


@pytest.mark.parametrize("text", [r'title: "a\0b"', r'"\ud800": "\udc00"', "seed: !!set {a}"])
def test_what_no_database_stores_is_a_problem_in_words(
    browser: Client, draft: Study, text: str
) -> None:
    assert judged(browser, text=text)["problems"]
    page = save(browser, text, base(browser)).content.decode()
    assert "1 problem has to be fixed" in page


def test_a_text_is_kept_without_what_no_database_stores(browser: Client, draft: Study) -> None:
    save(browser, "title: [\0", base(browser))
    draft.refresh_from_db()
    assert draft.draft_text == "title: ["


def test_two_people_who_edit_do_not_write_over_each_other(browser: Client, draft: Study) -> None:
    before = base(browser)
    services.study_revise(study=draft, document=make_document(title="Theirs"))
    answer = save(browser, write(make_document(title="Mine")), before)
    assert answer.status_code == 409
    assert "Somebody else saved this study" in answer.content.decode()
    assert "Mine" in answer.context["text"]
    save(browser, answer.context["text"], answer.context["base"])
    assert Study.objects.get(pk=draft.pk).document["title"] == "Mine"


def test_two_unfinished_texts_of_one_length_are_two_texts(browser: Client, draft: Study) -> None:
    services.study_keep_text(study=draft, text="title: [a")
    before = base(browser)
    services.study_keep_text(study=draft, text="title: [b")
    assert save(browser, "title: [c", before).status_code == 409
    draft.refresh_from_db()
    assert draft.draft_text == "title: [b"


@pytest.mark.parametrize("mine", [write(make_document(title="Mine")), "title: [mine"])
def test_whoever_saves_between_the_look_and_the_write_is_not_written_over(
    browser: Client, draft: Study, monkeypatch: pytest.MonkeyPatch, mine: str
) -> None:
    known = base(browser)

    def late(text: str) -> Checked:
        services.study_revise(study=draft, document=make_document(title="Theirs"))
        return text_check(text)

    monkeypatch.setattr("trials.studio.editing.text_check", late)
    answer = save(browser, mine, known)
    assert (answer.status_code, answer.context["text"]) == (409, mine)
    assert Study.objects.get(pk=draft.pk).document["title"] == "Theirs"
    assert Study.objects.get(pk=draft.pk).draft_text == ""


def test_a_frozen_study_offers_a_version_instead(browser: Client, draft: Study) -> None:
    services.study_pilot(study=draft)
    answer = browser.get(PAGE)
    assert answer.status_code == 409
    assert "New version" in answer.content.decode()
    assert answer.context["document"] == write(draft.document)
    assert (
        "title: "
        in re.findall(r"<textarea[^>]*readonly>(.*?)</textarea>", answer.content.decode(), re.S)[-1]
    )
    late = browser.post(PAGE, {"text": "title: what I typed", "base": ""})
    assert (late.status_code, "title: what I typed" in late.content.decode()) == (409, True)


def test_what_the_form_sends_is_kept_as_yaml(browser: Client, draft: Study) -> None:
    document = make_document(minutes=0)
    save(browser, json.dumps(document), base(browser))
    draft.refresh_from_db()
    assert draft.draft_text == write(document)


def test_what_was_refused_is_not_saved_and_asks_before_it_is_left(
    browser: Client, draft: Study
) -> None:
    before = base(browser)
    services.study_revise(study=draft, document=make_document(title="Theirs"))
    answer = save(browser, write(make_document(title="Mine")), before)
    assert answer.context["data"]["is_unsaved"]
    assert not browser.get(PAGE).context["data"]["is_unsaved"]


def test_a_study_frozen_meanwhile_keeps_the_text_on_the_page(
    browser: Client, draft: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = base(browser)

    def refuse(**kwargs: object) -> None:
        raise services.StudyRefused("Study draft (open) is frozen.")

    monkeypatch.setattr(services, "study_revise", refuse)
    answer = save(browser, write(make_document(title="Late")), known)
    assert (answer.status_code, "Late" in answer.context["text"]) == (409, True)


def test_the_page_works_without_scripts(browser: Client, draft: Study) -> None:
    page = browser.get(PAGE).content.decode()
    assert '<textarea id="text" name="text"' in page
    assert "Ready: there are enough photos" in page


def test_a_check_that_is_no_json_is_refused_in_words(browser: Client) -> None:
    for body in ({"text": "title: A"}, {"file": SimpleUploadedFile("a.yaml", b"title: A")}):
        response = browser.post("/studio/check/", body)
        assert (response.status_code, "Expected JSON" in response.json()["error"]) == (415, True)


def test_a_check_of_too_much_is_refused_unread(browser: Client) -> None:
    body = json.dumps({"text": "a: " + "x" * 1_200_000})
    response = browser.post("/studio/check/", body, content_type="application/json")
    assert response.status_code == 413
    assert "at most" in response.text
