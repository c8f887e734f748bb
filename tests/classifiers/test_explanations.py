"""Explain any photo: asked for in the browser, computed by a worker, deleted after a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from classifiers import tasks
from classifiers.models import Explanation, Gallery, Image, Job
from classifiers.services import explanations

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
Rung = list[tuple[str, Any]]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


def upload(gallery: Gallery, content: bytes | None = None, **changes: str) -> dict[str, Any]:
    if content is None:
        path: Path = gallery.dataset.images.filter(split=Image.QUERY).order_by("pk")[0].path
        content = path.read_bytes()
    file = SimpleUploadedFile("mine.png", content)
    return {"gallery": gallery.pk, "classifier": "chm-corr", "file": file, **changes}


def test_an_uploaded_photo_is_explained_and_ranked_again(staff: Client, gallery: Gallery) -> None:
    asked = upload(gallery, n_shortlist="6", n_voters="4", n_patches="5")
    where = staff.post("/explain/", asked).headers["Location"]
    assert 'http-equiv="refresh"' in staff.get(where).text
    explanation = Explanation.objects.get()
    tasks.photo_explain(explanation.pk)
    explanation.refresh_from_db()
    assert explanation.parameters == {"n_shortlist": 6, "n_voters": 4}  # 5 parts is the default
    assert explanation.answer["reranked"]["n_voters"] == 4
    page = staff.get(where).text
    assert "n_shortlist 6, n_voters 4" in page
    assert page.count('name="cell"') == 49
    assert "selected part" not in page
    assert "for the 2 selected parts" in staff.get(f"{where}?cell=24&cell=25").text
    for name in ("crop.jpg", "figure.png", "figure.svg", "figure.pdf"):
        assert b"".join(staff.get(f"{where}{name}"))
    assert staff.get(f"{where}photo.png").status_code == 404


def test_a_photo_of_the_dataset_is_explained_by_its_path(staff: Client, gallery: Gallery) -> None:
    form = upload(gallery, classifier="emd-corr", source="query/dark/0.png") | {"file": ""}
    where = staff.post("/explain/", form).headers["Location"]
    tasks.photo_explain(Explanation.objects.get().pk)
    assert Explanation.objects.get().status == Job.Status.DONE
    page = staff.get(where).text
    assert "votes</h1>" in page
    assert 'name="cell"' not in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"n_shortlist": "9999"}, "less than or equal to 200"),
        ({"n_shortlist": "5", "n_voters": "9"}, "n_voters is 9 of a shortlist of 5"),
    ],
)
def test_parameters_out_of_range_are_refused(
    staff: Client, gallery: Gallery, given: dict[str, str], words: str
) -> None:
    assert words in staff.post("/explain/", upload(gallery) | given).text
    assert not Explanation.objects.exists()


@pytest.mark.parametrize("content", [b"GIF89a", b"<svg onload=alert(1)>", b"\x89PNG\r\n"])
def test_what_is_no_photo_is_refused(staff: Client, trees: Gallery, content: bytes) -> None:
    page = staff.post("/explain/", upload(trees, content))
    assert "cannot be used as a photo" in page.text
    assert not Explanation.objects.exists()


def test_a_request_that_cannot_be_met_is_refused_in_words(
    trees: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = trees.dataset.images.filter(split=Image.QUERY)[0]
    asked: dict[str, Any] = {"gallery": trees, "classifier": "emd-corr", "image": photo}
    queued = Gallery(dataset=trees.dataset, backbone="tiny", status=Job.Status.QUEUED)
    refused: dict[str, dict[str, Any]] = {
        "is queued and the classifier emd-corr; expected a finished gallery": {"gallery": queued},
        "is done and the classifier softmax; expected": {"classifier": "softmax"},
        "Choose one photo: of the dataset, or a file of your own.": {"image": None},
        "n_voters is 0; expected 1 to": {"parameters": {"n_voters": 0}},
        "device is 1; expected one of n_shortlist": {"parameters": {"device": 1}},
    }
    for said, changed in refused.items():
        with pytest.raises(explanations.ExplanationRefused, match=said):
            explanations.explanation_request(**asked | changed)
    monkeypatch.setattr(explanations, "MAX_WAITING", 0)
    with pytest.raises(explanations.ExplanationRefused, match="0 photos are waiting already"):
        explanations.explanation_request(**asked)
    assert not Explanation.objects.exists()


@pytest.mark.parametrize(
    ("limit", "said"), [("MAX_BYTES", "bytes; at most 9"), ("MAX_PIXELS", "pixels; at most 9")]
)
def test_a_large_photo_is_refused_unread(
    trees: Gallery, monkeypatch: pytest.MonkeyPatch, limit: str, said: str
) -> None:
    monkeypatch.setattr(explanations, limit, 9)
    file = trees.dataset.images.all()[0].crop_path.open("rb")
    with file, pytest.raises(explanations.ExplanationRefused, match=said):
        explanations.explanation_request(gallery=trees, classifier="emd-corr", file=file)


def test_a_waiting_explanation_is_announced_again_and_a_deleted_one_is_nothing_to_do(
    trees: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.photo_explain, "delay", sent.append)
    photo = trees.dataset.images.filter(split=Image.QUERY)[0]
    made = explanations.explanation_request(gallery=trees, classifier="emd-corr", image=photo)
    tasks._explanations_enqueue([made])
    assert sent == [made.pk]
    made.delete()
    tasks.photo_explain(sent[0])
    assert not Explanation.objects.exists()


def test_it_is_closed_to_visitors_unless_the_site_opens_it(
    client: Client, gallery: Gallery, settings: Settings
) -> None:
    assert client.get("/explain/").status_code in {302, 403}
    settings.EXPLAIN_PUBLIC, settings.EXPLAIN_PER_HOUR = True, 1
    assert "Or a photo of the dataset" not in client.get("/explain/").text
    statuses = [client.post("/explain/", upload(gallery)).status_code for _ in range(2)]
    assert statuses == [302, 429]


def test_photos_are_deleted_after_their_time(gallery: Gallery) -> None:
    image = gallery.dataset.images.filter(split=Image.QUERY)[0]
    made = explanations.explanation_request(gallery=gallery, classifier="emd-corr", image=image)
    assert explanations.explanations_tidy() == 0
    Explanation.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert explanations.explanations_tidy() == 1
    assert not made.folder.exists()
