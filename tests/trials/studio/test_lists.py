"""Lists of photos and of trials by upload: checked, used by the draft, fixed once it is frozen."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import enrol
from trials import services
from trials.models import Study, StudyList

PAGE = "/studio/study/draft/lists/"


def name(number: int) -> str:
    return f"secretfile{number:04d}.png"


def upload(browser: Client, place: str, text: str, file: str = "list.csv") -> Any:
    data = {"place": place, "file": SimpleUploadedFile(file, text.encode())}
    return browser.post(PAGE, data, follow=True)


def test_an_uploaded_list_of_trials_is_shown_in_its_order(browser: Client, draft: Study) -> None:
    wanted = [name(n) for n in (11, 4, 15, 6, 17, 8)]
    said = upload(browser, "sets_file", "set,image\n" + "".join(f"3,{image}\n" for image in wanted))
    assert "1 list of 6 photos, 6 of 6 names are photos of trees" in said.content.decode()
    document = Study.objects.get(slug="draft").document
    document["conditions"] = [{"name": "kNN", "classifier": "knn", "view": "exemplars"}]
    document["stages"][4]["order"] = "fixed"
    study = services.study_revise(study=draft, document=document)
    study = services.study_open(study=services.study_freeze(study=study))
    trials = enrol(study).trials.filter(phase="test").order_by("position")
    assert [trial.prediction.image.source[-len(name(0)) :] for trial in trials] == wanted
    assert upload(browser, "keep", name(1)).status_code == 200
    assert Study.objects.get(slug="draft").document == study.document
    assert "Upload a list" not in browser.get(PAGE).content.decode()


def test_a_list_is_used_and_left_out_again(browser: Client, draft: Study) -> None:
    text = "\n".join([name(n) for n in range(18)] + ["gone.png"])
    page = upload(browser, "leave_out", text, "odd.txt").content.decode()
    assert "odd.txt: 19 photos, 18 of 19 names are photos of trees" in page
    changed = Study.objects.get(slug="draft")
    assert changed.document["pool"]["leave_out"].startswith("odd.txt@")
    assert changed.document["format"] == 2
    browser.post(PAGE, {"drop": "leave_out"})
    assert Study.objects.get(slug="draft").document["pool"]["leave_out"] == ""
    assert StudyList.objects.count() == 1


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        ("keep", "", "submitted file is empty"),
        ("keep", "gone.png", "none of its 1 names is a photo of trees"),
        # A photo of the gallery, which people do not judge.
        ("keep", "gallery/kind_amber/secretfile0000.png", "none of its 1 names is a photo"),
        ("sets_file", "image\nx.png\n", "set,image"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_beside_its_field(
    browser: Client, draft: Study, place: str, text: str, words: str
) -> None:
    assert words in upload(browser, place, text).content.decode()
    assert Study.objects.get(slug="draft").document == draft.document


def test_a_large_file_is_refused_by_its_size(
    browser: Client, draft: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trials.studio.lists.MAX_BYTES", 9)
    assert "10 bytes; expected at most 9." in upload(browser, "keep", "x" * 10).content.decode()


def test_an_unfinished_text_is_never_lost_to_a_list(browser: Client, draft: Study) -> None:
    services.study_keep_text(study=draft, text="title: [")
    assert "unfinished text" in upload(browser, "keep", name(1)).content.decode()
    assert "unfinished text" in browser.post(PAGE, {"drop": "keep"}, follow=True).content.decode()
    assert Study.objects.get(slug="draft").draft_text == "title: ["
