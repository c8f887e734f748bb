"""Giving out places, as pure counting: whoever comes and goes, arms and sets stay even."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trials.study.design import assign, assign_within, set_quota
from trials.study.orders import order_text, williams

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


def comings(
    n_blocks: int, n_sets: int, events: list[int | None]
) -> list[tuple[list[tuple[str, int]], tuple[str, int]]]:
    """Let people come and go within a study; return who was inside before each one who came."""
    orders = [order_text(row) for row in williams(n_blocks)]
    inside: list[tuple[str, int]] = []
    found = []
    for number, event in enumerate(events):
        if event is None:
            place = assign_within(Counter(inside), orders, lambda _: n_sets, number)
            found.append(([*inside], place))
            inside.append(place)
        elif inside:
            inside.pop(event % len(inside))
    return found


@given(st.integers(2, 5), st.integers(1, 6), happenings)
def test_who_comes_gets_an_order_of_blocks_that_the_fewest_have(
    n_blocks: int, n_sets: int, events: list[int | None]
) -> None:
    orders = [order_text(row) for row in williams(n_blocks)]
    for inside, (order, start) in comings(n_blocks, n_sets, events):
        counts = Counter(dict.fromkeys(orders, 0)) + Counter(each for each, _ in inside)
        assert counts[order] == min(counts[each] for each in orders)
        of_order = Counter(each for mine, each in inside if mine == order)
        assert of_order[start] == min(of_order[each] for each in range(n_sets))


@given(st.integers(2, 5), st.lists(st.booleans(), max_size=60))
def test_orders_differ_by_at_most_one_where_who_leaves_does_so_before_the_next_comes(
    n_blocks: int, leaving: list[bool]
) -> None:
    orders, inside = [order_text(row) for row in williams(n_blocks)], Counter[tuple[str, int]]()
    for number, leaves in enumerate(leaving):
        place = assign_within(inside, orders, lambda _: 3, number)
        inside[place] += not leaves
        counts = Counter(order for order, _ in inside.elements())
        sizes = [counts[each] for each in orders]
        assert max(sizes) - min(sizes) <= 1


def test_of_equal_sets_of_an_order_the_one_that_the_fewest_people_have_is_taken() -> None:
    held = {("1 2", 0): 1, ("2 1", 1): 1, ("2 1", 2): 0}
    taken = {assign_within({**held, ("1 2", 1): 1}, ["2 1"], lambda _: 3, n) for n in range(20)}
    assert taken == {("2 1", 2)}
