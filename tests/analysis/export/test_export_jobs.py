"""One click: asked for by a page, made by a worker, downloaded by staff."""

import hashlib
import re
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from analysis import tasks
from analysis.blind import blind_lift
from analysis.export import export_jobs
from analysis.export.export_bundle import bundle_write
from analysis.export.export_jobs import N_KEPT, export_request, zip_write
from analysis.models import Export, export_dir
from classifiers.services import jobs
from tests.analysis.people import make_study, person
from trials.models import Study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_no_pictures")]
PAGE = "/studio/study/birds/exports/"


@pytest.fixture(autouse=True)
def rung(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect whom the doorbell was rung for; keep files in the test's folder."""
    settings.DATA_DIR = tmp_path
    ids: list[int] = []
    monkeypatch.setattr(tasks.export_build, "delay", ids.append)
    return ids


@pytest.fixture
def study() -> Study:
    """One person, one robot."""
    study = make_study()
    person(study, "kNN", "11", "10")
    person(study, "kNN", "11", "11", is_simulated=True)
    blind_lift(study=study, user=User.objects.create(username="lifter"))
    return study


def test_an_export_waits_for_the_blind(staff: Client, rung: list[int]) -> None:
    make_study("blinded")
    answer = staff.post("/studio/study/blinded/exports/")
    assert (answer.status_code, rung) == (403, [])


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create(username="sam", is_staff=True))
    return client


def made(study: Study, *, include_simulated: bool = False) -> Export:
    """Ask for an export and be its worker."""
    export = export_request(study=study, include_simulated=include_simulated)
    tasks.export_build(export.pk)
    export.refresh_from_db()
    return export


def test_a_click_gives_a_file_that_staff_download(
    study: Study,
    staff: Client,
    rung: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert staff.post(PAGE)["Location"] == PAGE
    assert rung == [Export.objects.get().pk]
    assert "waiting for a worker" in staff.get(PAGE).content.decode()
    tasks.export_build(rung[0])
    export = Export.objects.get()
    assert (export.status, export.error) == ("done", "")
    response = staff.get(f"{PAGE}{export.pk}.zip")
    assert export.file_name in response["Content-Disposition"]
    content = b"".join(response)
    assert hashlib.sha256(content).hexdigest() == export.sha256
    names = zipfile.ZipFile(BytesIO(content)).namelist()
    assert f"birds-{export.created_at:%Y%m%d}-{export.pk}/README.md" in names


def test_the_files_name_says_when_simulated_people_are_in_it(study: Study) -> None:
    assert "simulated" not in made(study).file_name
    export = made(study, include_simulated=True)
    assert export.file_name.endswith("-with-simulated.zip")
    names = zipfile.ZipFile(export.path).namelist()
    assert any("responsesWithSimulated_data.csv" in name for name in names)


def test_each_stage_waits_for_its_own_lift(study: Study, staff: Client) -> None:
    assert staff.post(PAGE, {"stage": "pilot"}).status_code == 403
    assert not Export.objects.exists()
    pilot = export_request(study=study, stage="pilot")
    assert staff.get(f"{PAGE}{pilot.pk}.zip").status_code == 403
    assert str(pilot.pk) not in re.findall(r"exports/(\d+)\.zip", staff.get(PAGE).text)
    blind_lift(study=study, user=User.objects.get(username="lifter"), stage="pilot")
    assert staff.post(PAGE, {"stage": "pilot", "texts": "1"}).status_code == 302
    newest = Export.objects.first()
    assert newest is not None
    assert (newest.stage, newest.is_text_included) == ("pilot", True)
    tasks.export_build(newest.pk)
    newest.refresh_from_db()
    assert newest.file_name.endswith("-pilot-with-texts.zip")
    assert newest.path.stat().st_mode & 0o007 == 0


def test_a_second_click_while_one_is_made_makes_no_second(study: Study) -> None:
    first = export_request(study=study, include_simulated=False)
    assert export_request(study=study, include_simulated=False) == first
    assert export_request(study=study, include_simulated=True) != first
    tasks.export_build(first.pk)
    assert export_request(study=study, include_simulated=False) != first


def test_a_failure_is_stored_in_words_and_shown(
    study: Study, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(export_jobs, "zip_write", fail)
    export = made(study)
    assert (export.status, export.error) == ("failed", "OSError: No space left on device")
    page = staff.get(PAGE)
    assert "No space left on device" in page.content.decode()
    assert "Refresh" not in page
    assert list(export_dir().iterdir()) == []


def test_what_a_killed_worker_left_is_made_anew(study: Study, staff: Client) -> None:
    export = export_request(study=study, include_simulated=False)
    assert jobs.job_claim(export)
    (export_dir() / f"{export.pk}.building" / "data").mkdir(parents=True)
    Export.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    assert "make it again; a worker will continue" in staff.get(PAGE).content.decode()
    assert made(study).status == "done"
    assert [path.suffix for path in export_dir().iterdir()] == [".zip"]


def test_a_worker_that_lost_its_export_writes_nothing_over_it(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = export_request(study=study, include_simulated=False)

    def taken(*args: Any, **options: Any) -> None:
        Export.objects.filter(pk=export.pk).update(claim="somebody else")
        original(*args, **options)

    original = bundle_write
    monkeypatch.setattr(export_jobs, "bundle_write", taken)
    tasks.export_build(export.pk)
    export.refresh_from_db()
    assert (export.status, export.file_name, export.error) == ("running", "", "")


def test_a_ring_for_what_is_done_changes_nothing(study: Study) -> None:
    export = made(study)
    before = export.path.stat().st_mtime_ns
    tasks.export_build(export.pk)
    assert export.path.stat().st_mtime_ns == before


def test_older_files_are_deleted_and_the_page_says_so(study: Study, staff: Client) -> None:
    exports = [made(study) for _ in range(N_KEPT + 1)]
    assert len(list(export_dir().glob("*.zip"))) == N_KEPT
    assert not exports[0].path.exists()
    page = staff.get(PAGE).content.decode()
    assert '<span class="badge">deleted</span> make a new one' in page
    assert staff.get(f"{PAGE}{exports[0].pk}.zip").status_code == 404


def test_the_page_shows_how_far_the_worker_is_and_comes_again(study: Study, staff: Client) -> None:
    export = export_request(study=study, include_simulated=False)
    jobs.job_claim(export)
    jobs.job_progress(export, n_done=300, n_total=1000)
    Export.objects.update(part="responses")
    response = staff.get(PAGE)
    assert "responses 30 %" in response.content.decode()
    assert response["Refresh"] == "3"


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}1.zip"])
def test_strangers_and_accounts_that_are_not_staff_get_nothing(
    study: Study, client: Client, page: str
) -> None:
    made(study)
    assert client.get(page)["Location"] == f"/login/?next={page}"
    assert client.post(PAGE).status_code == 302
    client.force_login(User.objects.create(username="pat"))
    assert client.get(page)["Location"] == f"/login/?next={page}"
    assert Export.objects.count() == 1


def test_an_export_of_another_study_is_not_found(study: Study, staff: Client) -> None:
    export = made(study)
    make_study("dogs")
    assert staff.get(f"/studio/study/dogs/exports/{export.pk}.zip").status_code == 404


def test_a_zip_file_is_written_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_jobs, "BLOCK_BYTES", 4)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "file.txt").write_bytes(b"0123456789")
    ticks: list[tuple[int, int]] = []
    zip_write(tmp_path / "x.zip", tmp_path / "in", "top", lambda *told: ticks.append(told))
    assert ticks == [(4, 10), (8, 10), (10, 10)]
    archive = zipfile.ZipFile(tmp_path / "x.zip")
    assert archive.read("top/deep/file.txt") == b"0123456789"
