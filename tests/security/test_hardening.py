"""Headers, cookies, caches, passwords and files: what an attacker finds closed."""

from __future__ import annotations

import pickle
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.cache.backends.base import BaseCache
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from study_site.cache import SignedFileCache, SignedPickles
from tests.factories import make_study
from tests.trials.doors import MTURK, consent, hidden, look, make_recruited
from tests.trials.steps.test_way import enter
from trials.models import Event, Participant
from trials.services import ClientEvent, Submission, events, participant_advance

pytestmark = pytest.mark.django_db


class Bomb:
    """A pickle that does something when it is opened."""

    def __reduce__(self) -> Any:
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize("address", ["/static/css/base.css", "/s/trees/", "/login/", "/nothing/"])
def test_every_answer_says_what_a_page_may_do(address: str) -> None:
    make_study()
    answer = Client().get(address)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "camera=()" in answer.headers["Permissions-Policy"]


@pytest.mark.parametrize("word", ["aaaaaaaa", "abababab", "12345678", "password", "rita1234rita"])
def test_a_weak_password_is_refused(word: str) -> None:
    from django.contrib.auth.models import User

    with pytest.raises(ValidationError):
        validate_password(word, User(username="rita1234"))
    validate_password("correct horse battery", User(username="rita1234"))
    assert "at least 5 different characters" in " ".join(password_validators_help_texts())


def test_the_staffs_session_is_shorter_than_a_participants(settings: Settings) -> None:
    assert settings.SESSION_COOKIE_AGE <= 24 * 3600


def test_a_worker_in_a_frame_never_loosens_the_staffs_cookie(client: Client) -> None:
    make_recruited("mturk")
    from django.contrib.auth.models import User

    client.force_login(User.objects.create_user("rita", is_staff=True))
    page = look(client, **MTURK)
    answer: Any = client.post("/s/trees/", hidden(page.text) | {"agree": "on"}, secure=True)
    assert "sessionid" not in answer.cookies
    assert {cooky["samesite"] for cooky in answer.cookies.values()} == {"None"}


@pytest.fixture
def cache(tmp_path: Path) -> BaseCache:
    return SignedFileCache(str(tmp_path / "cache"), {})


@pytest.mark.parametrize("value", [{"a": [1.5, "b"]}, None, 7, "text"])
def test_a_cache_returns_what_was_put_in(cache: BaseCache, value: object) -> None:
    cache.set("key", value)
    assert cache.get("key", "nothing") == value
    assert SignedPickles().loads(SignedPickles().dumps(value)) == value
    assert cache.touch("key", -1)
    assert cache.get("key", "nothing") == "nothing"


def test_a_pickle_that_somebody_else_wrote_is_never_opened(
    cache: BaseCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cache.set("key", "ours")
    (file,) = (tmp_path / "cache").glob("*.djcache")
    for content in (pickle.dumps(Bomb()), b"", b"\0" * 8, file.read_bytes()[:8] + b"x" * 99):
        file.write_bytes(content)
        assert cache.get("key", "nothing") == "nothing"
        file.touch()
    assert SignedPickles().loads(pickle.dumps(Bomb())) is None
    assert not Path("exploded").exists()


def test_the_sites_files_are_nobody_elses_to_read(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    code = "import study_site.settings as s; (s.DATA_DIR / 'new').write_text('x')"
    environment = {"DATA_DIR": str(folder), "PYTHONPATH": str(Path.cwd()), "PATH": ""}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    for path in (folder, *folder.rglob("*")):
        assert not path.stat().st_mode & stat.S_IRWXO, path


def test_events_are_capped_by_whatever_way_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    enter()
    monkeypatch.setattr(events, "MAX_EVENTS", 5)
    for _ in range(3):
        person = Participant.objects.get()
        told = [ClientEvent("blur", n + 10 * person.step) for n in range(4)]
        participant_advance(
            participant=person, submission=Submission(step=person.step, events=told)
        )
    assert Event.objects.count() == 5


def test_consenting_leaves_no_session_of_the_staffs_kind(client: Client) -> None:
    make_study()
    consent(client)
    assert "sessionid" not in client.cookies
