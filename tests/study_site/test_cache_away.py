"""A cache that is away is an empty cache: the staff work on, and the log says so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.base import BaseCache

from study_site import cache as caches
from study_site.cache import SharedCache, SignedFileCache


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    caches._away_until.clear()
    yield
    caches._away_until.clear()


def no_redis() -> BaseCache:
    """A cache on a port where nothing listens."""
    return SharedCache("redis://127.0.0.1:9/0", {"OPTIONS": {"socket_connect_timeout": 1}})


def no_folder(tmp_path: Path) -> BaseCache:
    """A cache in a folder that cannot be made: its parent is a file."""
    (tmp_path / "file").write_text("")
    return SignedFileCache(str(tmp_path / "file" / "cache"), {})


@pytest.fixture(params=["redis", "folder"])
def away(request: Any, tmp_path: Path) -> BaseCache:
    return no_redis() if request.param == "redis" else no_folder(tmp_path)


def test_nothing_fails_and_what_is_missing_is_computed(away: BaseCache) -> None:
    away.set("a", 1)
    assert away.get("a", "default") == "default"
    assert away.get_or_set("a", lambda: 7) == 7
    assert not away.delete("a")
    assert away.get_many(["a"]) == {}


def test_the_log_says_so_once_and_the_cache_is_left_alone_for_a_while(
    away: BaseCache, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "study_site.cache"):
        away.set("a", 1)
        away.set("b", 1)
    assert [record.getMessage()[:24] for record in caplog.records] == ["The cache is away (set):"]


def test_a_cache_that_comes_back_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "AGAIN_S", 0.0)
    cache = no_folder(tmp_path)
    cache.set("a", 1)
    (tmp_path / "file").unlink()
    cache.set("a", 1)
    assert cache.get("a") == 1


def test_the_cache_in_files_keeps_what_it_is_told_for_as_long_as_told(tmp_path: Path) -> None:
    cache = SignedFileCache(str(tmp_path), {})
    cache.set("a", 1)
    assert (cache.has_key("a"), cache.touch("a", 60), cache.touch("b")) == (True, True, False)
    assert (cache.get("a"), cache.get("b", "default")) == (1, "default")
    cache.touch("a", -1)
    assert cache.get("a") is None
    cache.set("c", 2)
    cache.clear()
    assert not cache.has_key("c")


def test_a_mistake_of_the_caller_is_an_error_and_no_cache_that_is_away(tmp_path: Path) -> None:
    cache = SignedFileCache(str(tmp_path), {})
    with pytest.raises(TypeError):
        cache.set("a", "1", timeout="soon")
    cache.set("a", 1)
    assert cache.get("a") == 1
