"""Giving out places, as pure counting: whoever comes and goes, arms and sets stay even."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trials.study.design import assign, set_quota

ARMS, SETS = ("a", "b", "c"), (1, 2, 3, 4)
Place = tuple[str, int]
# What happens next: None is someone who comes, a number is who of those inside leaves.
happenings = st.lists(st.one_of(st.none(), st.integers(0, 99)), max_size=80)


def world(events: list[int | None], quotas: dict[str, int]) -> list[Place]:
    """Let people come and go; return the places that are held at the end."""
    held: list[Place] = []
    for number, event in enumerate(events):
        if event is None:
            place = assign(counts(held), quotas, number)
            held += [place] if place else []
        elif held:
            held.pop(event % len(held))
    return held


def counts(held: list[Place]) -> dict[Place, int]:
    """Count the held places of every arm and set."""
    counted = Counter(held)
    return {(arm, number): counted[arm, number] for arm in ARMS for number in SETS}


@given(happenings, st.fixed_dictionaries({arm: st.integers(1, 9) for arm in ARMS}))
def test_no_arm_and_no_set_goes_beyond_its_quota(
    events: list[int | None], quotas: dict[str, int]
) -> None:
    held = world(events, quotas)
    arms, sets = Counter(arm for arm, _ in held), Counter(held)
    assert all(n <= quotas[arm] for arm, n in arms.items())
    assert all(n <= set_quota(quotas[arm], len(SETS)) for (arm, _), n in sets.items())


@given(st.integers(0, 60))
def test_people_who_all_stay_differ_by_at_most_one(n: int) -> None:
    held = world([None] * n, dict.fromkeys(ARMS, 0))
    arms = Counter(dict.fromkeys(ARMS, 0)) + Counter(arm for arm, _ in held)
    sizes = [arms[arm] for arm in ARMS]
    assert max(sizes) - min(sizes) <= 1
    for arm in ARMS:
        inside = [n for (each, _), n in counts(held).items() if each == arm]
        assert max(inside) - min(inside) <= 1


@given(happenings)
def test_who_comes_goes_where_the_fewest_are(events: list[int | None]) -> None:
    held = world(events, dict.fromkeys(ARMS, 0))
    place = assign(counts(held), dict.fromkeys(ARMS, 0), 1)
    arms = Counter(arm for arm, _ in held)
    assert place is not None
    assert arms[place[0]] == min(arms[arm] for arm in ARMS)
    assert counts(held)[place] == min(counts(held)[place[0], number] for number in SETS)


@given(happenings, st.fixed_dictionaries({arm: st.integers(1, 3) for arm in ARMS}))
def test_nobody_is_sent_away_while_an_arm_has_a_place(
    events: list[int | None], quotas: dict[str, int]
) -> None:
    held = world(events, quotas)
    arms = Counter(arm for arm, _ in held)
    has_place = any(arms[arm] < quotas[arm] for arm in ARMS)
    assert (assign(counts(held), quotas, 0) is not None) == has_place


def test_people_beyond_the_quota_are_counted_and_get_no_company() -> None:
    held = [("a", 1)] * 5 + [("b", 1), ("c", 1)]
    assert assign(counts(held), {"a": 3, "b": 1, "c": 1}, 0) is None
    assert assign({}, {}, 0) is None
