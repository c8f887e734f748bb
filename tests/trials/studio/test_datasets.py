"""Photos at the browser: brought in, computed with, and every trouble told in words."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from classifiers import tasks
from classifiers.models import Category, Dataset, DatasetImport, Gallery, Image, Job, PredictionRun
from tests.classifiers.photos import noise, photo
from tests.factories import make_dataset, make_run
from trials.models import Study
from trials.studio.datasets import _left

FORM = {"slug": "birds", "split": "draw", "query_share": "0.5", "split_seed": "1"}


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> list[object]:
    """Record the doorbells instead of ringing them; uploads go into a folder of the test's."""
    settings.UPLOAD_DIR = tmp_path / "uploads"
    seen: list[object] = []
    for name in ("photos_import", "gallery_build", "predict"):
        monkeypatch.setattr(getattr(tasks, name), "delay", lambda ids: seen.append(ids))
    return seen


def zipped(**files: bytes) -> SimpleUploadedFile:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for seed in range(8):
            png = io.BytesIO()
            noise(seed).save(png, "PNG")
            archive.writestr(f"birds/{'ab'[seed % 2]}/{seed}.png", png.getvalue())
        for name, content in files.items():
            archive.writestr(f"birds/a/{name}.png", content)
        archive.writestr("birds/Empty/", b"")
    return SimpleUploadedFile("birds.zip", stream.getvalue())


def test_an_uploaded_zip_becomes_a_dataset(
    browser: Client,
    rita: User,
    rung: list[object],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post("/studio/datasets/new/", FORM | {"file": zipped(bad=b"no photo")})
    assert response["Location"] == "/studio/datasets/birds/"
    job = DatasetImport.objects.get()
    assert (rung, job.user) == ([job.pk], rita)
    tasks.photos_import(job.pk)
    page = browser.get("/studio/datasets/birds/").content.decode()
    assert "8 new photos. 1 file was refused" in page
    assert "1 folder without photos was left out: Empty." in page
    # As in the zip: researchers never see the split "all", which the import adds.
    assert "<td>a/bad.png</td>" in page
    assert "Not an image that can be read" in page


def test_a_file_over_the_limit_is_refused_before_it_is_kept(
    browser: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.UPLOAD_MAX_BYTES = 2_000
    page = browser.post("/studio/datasets/new/", FORM | {"file": zipped()})
    assert "No file arrived. Choose a zip of at most 0 MB" in page.content.decode()
    assert not (tmp_path / "uploads").exists()


@pytest.mark.parametrize(("seed", "is_open"), [("1", False), ("2", True), ("x", True)])
def test_what_is_seldom_needed_is_folded_unless_it_was_used(
    browser: Client, seed: str, is_open: bool
) -> None:
    page = browser.post("/studio/datasets/new/", FORM | {"split_seed": seed}).text
    assert ("<details open><summary>Seldom needed" in page) == is_open
    assert "<details><summary>Seldom needed" in browser.get("/studio/datasets/new/").text


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (SimpleUploadedFile("birds.zip", b"not a zip"), "The file is no zip that can be read"),
        (zipped(), "no folders named gallery and query"),
    ],
)
def test_an_upload_that_does_not_fit_says_why(
    browser: Client, file: SimpleUploadedFile, said: str
) -> None:
    page = browser.post("/studio/datasets/new/", FORM | {"file": file, "split": "folders"})
    assert said in page.content.decode()
    assert not DatasetImport.objects.exists()


@pytest.mark.django_db
def test_an_administrator_names_a_folder_of_the_server(client: Client, tmp_path: Path) -> None:
    photo(tmp_path / "photos/gallery/a/1.png")
    photo(tmp_path / "photos/query/a/2.png", seed=1)
    client.force_login(User.objects.create_superuser("ada"))
    form = FORM | {"split": "folders", "root": str(tmp_path / "photos")}
    client.post("/studio/datasets/new/", form)
    tasks.photos_import(DatasetImport.objects.get().pk)
    assert Dataset.objects.get(slug="birds").images.count() == 2


def test_a_researcher_cannot_name_a_folder_by_hand(browser: Client, tmp_path: Path) -> None:
    photo(tmp_path / "photos/gallery/a/1.png")
    page = browser.post("/studio/datasets/new/", FORM | {"root": str(tmp_path / "photos")})
    assert "No file arrived" in page.content.decode()
    assert not DatasetImport.objects.exists()


@pytest.mark.parametrize("is_named", [True, False])
def test_nobody_restarts_the_import_of_somebody_else(browser: Client, is_named: bool) -> None:
    roy = User.objects.create(username="roy", is_staff=True) if is_named else None
    job = DatasetImport.objects.create(
        slug="birds", root="/nowhere", status=Job.Status.FAILED, error="No space.", user=roy
    )
    assert "/again/" not in browser.get("/studio/datasets/birds/").content.decode()
    assert browser.post(f"/studio/datasets/imports/{job.pk}/again/").status_code == 403
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED


def test_a_failed_import_shows_its_error_and_can_be_tried_again(
    browser: Client, rita: User
) -> None:
    job = DatasetImport.objects.create(
        slug="birds",
        root="/nowhere",
        status=Job.Status.FAILED,
        error="The disk is full.",
        user=rita,
    )
    page = browser.get("/studio/datasets/birds/").content.decode()
    assert "The disk is full." in page
    browser.post(f"/studio/datasets/imports/{job.pk}/again/")
    job.refresh_from_db()
    assert (job.status, job.error) == (Job.Status.QUEUED, "")


def test_work_that_no_worker_takes_says_how_to_start_one(browser: Client) -> None:
    make_dataset()
    browser.post("/studio/datasets/trees/gallery/", {"backbone": "efficientnet-lite0"})
    page = browser.get("/studio/datasets/trees/").content.decode()
    assert "celery -A study_site worker --pool solo" in page
    state = browser.get("/studio/datasets/jobs.json?dataset=trees").json()["jobs"][0]
    assert (state["status"], state["needs_worker"]) == ("queued", True)


def test_a_dataset_that_no_database_can_name_has_no_jobs(browser: Client) -> None:
    assert browser.get("/studio/datasets/jobs.json?dataset=%00x").json() == {"jobs": []}


def test_predictions_are_asked_for_with_their_shortlist(browser: Client) -> None:
    gallery = Gallery.objects.create(
        dataset=make_dataset(), backbone="tiny", status=Job.Status.DONE
    )
    form = {"classifiers": ["knn", "chm-corr"], "n_shortlist": "25"}
    browser.post(f"/studio/datasets/trees/predict/{gallery.pk}/", form)
    runs = dict(PredictionRun.objects.values_list("classifier", "parameters__n_shortlist"))
    assert runs == {"knn": None, "chm-corr": 25}


@pytest.mark.parametrize(
    ("form", "said"),
    [({"n_shortlist": "50"}, "required"), ({"classifiers": ["knn"], "n_shortlist": "5"}, "20")],
)
def test_predictions_that_cannot_be_asked_for_say_why(
    browser: Client, form: dict[str, object], said: str
) -> None:
    gallery = Gallery.objects.create(
        dataset=make_dataset(), backbone="tiny", status=Job.Status.DONE
    )
    page = browser.post(f"/studio/datasets/trees/predict/{gallery.pk}/", form, follow=True)
    assert said in page.content.decode()
    assert not PredictionRun.objects.exists()


def test_a_gallery_that_is_not_built_refuses_predictions_in_words(browser: Client) -> None:
    gallery = Gallery.objects.create(dataset=make_dataset(), backbone="tiny")
    form = {"classifiers": ["knn"], "n_shortlist": "50"}
    page = browser.post(f"/studio/datasets/trees/predict/{gallery.pk}/", form, follow=True)
    assert "is queued." in page.content.decode()


def test_work_that_waits_can_be_cancelled_on_its_page(browser: Client) -> None:
    gallery = Gallery.objects.create(
        dataset=make_dataset(), backbone="tiny", skipped=[[1, "1.png cannot be read"]]
    )
    path = f"/studio/datasets/trees/cancel/gallery/{gallery.pk}/"
    assert path in (page := browser.get("/studio/datasets/trees/").content.decode())
    assert "1 photo could not be read and is left out" in page
    after = browser.post(path, follow=True).content.decode()
    assert "Cancelled. The finished part is kept" in after
    assert path not in after
    assert "had ended already" in browser.post(path, follow=True).content.decode()


def test_the_list_counts_photos_by_split_and_names_what_is_computed(
    browser: Client, draft: Study
) -> None:
    page = browser.get("/studio/datasets/").content.decode()
    assert "24 gallery, 20 query" in page
    assert "tiny: done" in page
    assert "knn-tiny: done" in page


def test_a_dataset_shows_how_often_the_ai_is_right(browser: Client) -> None:
    gallery = Gallery.objects.create(
        dataset=make_dataset(), backbone="tiny", status=Job.Status.DONE
    )
    make_run(gallery, "knn")
    PredictionRun.objects.update(n_done=20, n_total=20)
    assert "right on 10 of 20" in browser.get("/studio/datasets/trees/").content.decode()


def test_photos_that_are_not_there_are_not_found_in_words(browser: Client) -> None:
    answer = browser.get("/studio/datasets/stones/")
    assert (answer.status_code, "No photos named stones" in answer.content.decode()) == (404, True)


def send(client: Client, name: str) -> str:
    form = FORM | {"slug": "birds", "file": zipped()}
    client.force_login(User.objects.get(username=name))
    return client.post("/studio/datasets/new/", form).content.decode()


def test_only_who_brought_photos_in_or_an_administrator_adds_to_them(browser: Client) -> None:
    paul = User.objects.create(username="paul", is_staff=True)
    paul.groups.add(Group.objects.get(name="researcher"))
    User.objects.create_superuser("ada")
    for name, n_imports in (("rita", 1), ("paul", 1), ("rita", 2), ("ada", 3)):
        said = send(browser, name)
        assert ("imported by rita. Choose another name" in said) == (name == "paul")
        assert DatasetImport.objects.count() == n_imports
        DatasetImport.objects.update(status=Job.Status.DONE)


def test_nobody_but_an_administrator_adds_to_what_a_command_imported(browser: Client) -> None:
    Dataset.objects.create(slug="birds", root="/nowhere")
    assert "imported by an administrator. Choose" in send(browser, "rita")


def test_photos_cannot_be_called_as_another_page_is(browser: Client) -> None:
    page = browser.post("/studio/datasets/new/", FORM | {"slug": "new", "file": zipped()})
    assert "is the address of another page" in page.content.decode()


def test_names_in_an_unknown_encoding_are_asked_for_on_the_form(browser: Client) -> None:
    content = zipped(q=b"photo").read().replace(b"q.png", b"\x9b.png")
    form = FORM | {"file": SimpleUploadedFile("birds.zip", content)}
    page = browser.post("/studio/datasets/new/", form).content.decode()
    assert "cp850: birds/a/\u00f8.png" in page
    form["file"] = SimpleUploadedFile("birds.zip", content)
    browser.post("/studio/datasets/new/", form | {"encoding": "cp850", "grey_white": "4095"})
    job = DatasetImport.objects.get()
    assert (job.encoding, job.grey_white) == ("cp850", 4095)


def test_what_is_worth_a_look_stands_on_the_datasets_page(browser: Client, rita: User) -> None:
    DatasetImport.objects.create(
        slug="birds", root="/", user=rita, status=Job.Status.DONE, remarks=[["a/1.png", "dark"]]
    )
    page = browser.get("/studio/datasets/birds/").content.decode()
    assert "worth a look" in page
    assert "<td>a/1.png</td><td>dark</td>" in page


def test_odd_categories_stand_on_the_datasets_page(browser: Client) -> None:
    make_dataset()
    Category.objects.update(label="tree")
    Image.objects.filter(split="gallery", category__name="kind_birch").update(split="query")
    page = browser.get("/studio/datasets/trees/").content.decode()
    assert "<strong>kind_amber, kind_birch, kind_cedar, kind_dogwood</strong>: people read" in page
    assert "<strong>kind_birch</strong>: 1 of 4 categories have photos to judge" in page
    assert "(the gallery)</strong>: it has 18 photos, and 20 vote" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""), (0, "less than a minute left"), (59, "less than a minute left"),
        (61, "about 2 min left"), (7100, "about 119 min left"), (7300, "about 2 h left"),
    ],
)  # fmt: skip
def test_the_time_left_is_said_in_words(seconds: float | None, words: str) -> None:
    assert _left(seconds) == words
