"""What a process keeps of frozen studies."""

from __future__ import annotations

from trials.study.kept import Kept, kept_forget


def test_a_value_is_made_once() -> None:
    kept: Kept[int] = Kept(2)
    assert [kept.get("a", lambda: 1), kept.get("a", lambda: 2)] == [1, 1]


def test_what_was_used_longest_ago_gives_way() -> None:
    kept: Kept[int] = Kept(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda: 1)
    assert [kept.get(key, lambda: 2) for key in ("a", "b")] == [1, 2]


def test_a_new_process_keeps_nothing() -> None:
    kept: Kept[int] = Kept(2)
    kept.get("a", lambda: 1)
    kept_forget()
    assert kept.get("a", lambda: 2) == 2
