"""What a body may be: nothing large from a stranger, no charset but the site's own."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from pytest_django import Settings

from study_site.bodies import MAX_BODY, UPLOADS
from study_site.charset import charset_known, is_charset_known
from study_site.wsgi import application
from tests.factories import make_study
from trials.models import PageError

pytestmark = pytest.mark.django_db

LARGE = b"x" * (MAX_BODY + 1)
PLACES = ["/s/trees/", "/s/trees/session/", "/login/", "/studio/datasets/new/", "/studio/new/", "/"]
CHARSETS = ["utf-16", "utf-7", "zlib", "rot13", "hex", "idna", "no-such", "", "x" * 3000]


def signed_in(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("place", PLACES)
def test_a_stranger_and_an_analyst_write_no_large_body(
    place: str, tmp_path: Path, settings: Settings
) -> None:
    make_study()
    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    for client in (Client(), signed_in("analyst")):
        answer = client.post(place, {"file": SimpleUploadedFile("a.zip", LARGE)})
        assert answer.status_code == 413
        assert str(MAX_BODY) in answer.text
        assert not list(folder.iterdir())


def test_a_researcher_sends_files_to_the_upload_views_only() -> None:
    make_study()
    client = signed_in("researcher")
    for place in ("/studio/datasets/new/", "/studio/new/"):
        answer = client.post(place, {"archive": SimpleUploadedFile("a.zip", LARGE)})
        assert answer.status_code in {200, 422}
    for place in ("/studio/check/", "/s/trees/", "/login/"):
        assert client.post(place, {"text": SimpleUploadedFile("a", LARGE)}).status_code == 413


def test_the_upload_views_are_those_that_take_files() -> None:
    sources = (path.read_text() for path in Path("trials/studio").glob("*.py"))
    assert sum(text.count("request.FILES or None") for text in sources) == len(UPLOADS)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("charset", CHARSETS)
def test_another_charset_is_refused_before_anything_is_read(method: str, charset: str) -> None:
    make_study()
    factory = RequestFactory()
    told: list[str] = []
    for place in ("/s/trees/", "/login/", "/s/trees/events/", "/nothing/"):
        kind = f"application/x-www-form-urlencoded; charset={charset}"
        environ = factory._base_environ(  # type: ignore[attr-defined]
            REQUEST_METHOD=method.upper(), PATH_INFO=place, QUERY_STRING="pid=%ff",
            CONTENT_TYPE=kind, CONTENT_LENGTH="5",
        )  # fmt: skip
        environ["wsgi.input"] = io.BytesIO(b"a=%ff")
        application(environ, lambda status, headers: told.append(status))
    assert told == ["415 Unsupported Media Type"] * 4
    assert not PageError.objects.exists()


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_the_sites_own_charset_is_taken(charset: str) -> None:
    assert is_charset_known(f"application/x-www-form-urlencoded; charset={charset}")
    assert is_charset_known("multipart/form-data; boundary=x")


def test_a_request_in_the_sites_charset_goes_on_to_the_application() -> None:
    guarded = charset_known(lambda environ, start_response: [environ["PATH_INFO"].encode()])
    assert guarded({"PATH_INFO": "/a", "CONTENT_TYPE": "text/plain"}, None) == [b"/a"]


def test_a_content_type_that_cannot_be_read_is_no_charset_of_the_site() -> None:
    assert not is_charset_known("text/plain; charset*=no-such'en'%ff")


def test_a_large_body_for_no_page_is_refused() -> None:
    assert Client().post("/nothing/", {"a": SimpleUploadedFile("a", LARGE)}).status_code == 413


def test_an_empty_archive_is_told_in_words() -> None:
    stream = io.BytesIO()
    zipfile.ZipFile(stream, "w").close()
    archive = SimpleUploadedFile("photos.zip", stream.getvalue())
    answer = signed_in("researcher").post("/studio/datasets/new/", {"archive": archive})
    assert answer.status_code < 500
