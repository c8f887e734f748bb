"""Lists of photos and of trials in the formats in which they are published."""

from __future__ import annotations

import pytest

from tests.factories import make_plan
from trials.study.lists import ListRefused, lists_for, names_read, trial_lists_read
from trials.study.sets import Candidate, draw_sets, needed, shortages

PUBLISHED = """UID,Query,Counter balance,Method
u1,b.jpg,6,EMD-NN
u1,a.jpg,6,EMD-NN
u2,b.jpg,6,EMD-NN
u2,a.jpg,6,EMD-NN
u3,c.jpg,9,EMD-Corr
"""


@pytest.mark.parametrize(
    "content",
    ["['a.jpg', 'b.jpg']", '["a.jpg",\n"b.jpg"]', "[a.jpg, b.jpg]",
     "source,why\na.jpg,x\nb.jpg,y\n", "\ufeffa.jpg\nb.jpg\n\n"],
)  # fmt: skip
def test_a_list_of_photos_is_read_in_every_format(content: str) -> None:
    assert names_read(content) == ["a.jpg", "b.jpg"]


def test_the_published_answers_give_each_groups_list_in_order() -> None:
    lists = trial_lists_read(PUBLISHED)
    assert lists == {"EMD-NN": {6: ["b.jpg", "a.jpg"]}, "EMD-Corr": {9: ["c.jpg"]}}


def test_conditions_of_one_ai_share_their_lists() -> None:
    lists, others = trial_lists_read(PUBLISHED), {"EMD-NN": "emd", "EMD-Corr": "emd"}
    found = lists_for(lists, "mine", "emd", others)
    assert found == {6: ["b.jpg", "a.jpg"], 9: ["c.jpg"]}


def test_own_lists_are_for_one_ai_or_for_all() -> None:
    lists = trial_lists_read("set,image,classifier\n2,b,knn\n1,a,\n2,c,knn\n")
    assert lists_for(lists, "arm", "knn", {}) == {1: ["a"], 2: ["b", "c"]}
    assert trial_lists_read('[["x", "y"], ["z"]]') == {"": {1: ["x", "y"], 2: ["z"]}}


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "set,image\nfirst,a\n", '[["a"], "b"]', "[1"])
def test_what_is_no_trial_list_is_refused(content: str) -> None:
    with pytest.raises(ListRefused):
        trial_lists_read(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("source,why\na.jpg\n", "line 2"),
        ("source\n", "it names no photo; expected a list of paths or file names"),
        ("[]", "it names no photo"),
        (" \n\n", "it names no photo"),
    ],
)
def test_what_names_no_photo_is_refused(content: str, said: str) -> None:
    with pytest.raises(ListRefused, match=said):
        names_read(content)


@pytest.mark.parametrize(("share", "right"), [("half", 3), ("natural", 4), ("80%", 5), ("0%", 0)])
def test_a_set_has_the_share_of_right_trials(share: str, right: int) -> None:
    pool = [Candidate(n, n % 3 != 0) for n in range(90)]
    plan = make_plan(share_right=share)
    for part in draw_sets(plan, pool).test_sets:
        assert sum(pool[item].is_right for item in part) == right


def test_given_lists_are_the_test_and_the_rest_is_drawn_beside_them() -> None:
    pool = [Candidate(n, n % 2 == 0) for n in range(40)]
    plan = make_plan(sets_file=f"lists.csv@{'a' * 64}")
    draw = draw_sets(plan, pool, {6: (5, 3, 1, 0, 2, 4), 9: (11, 10, 9, 8, 7, 6)})
    assert dict(draw.numbered) == {6: (5, 3, 1, 0, 2, 4), 9: (11, 10, 9, 8, 7, 6)}
    drawn = {*draw.training, *(item for part in draw.validation for item in part)}
    assert not drawn & set(range(12))
    assert sum(needed(plan).values()) == len(drawn)
    assert not any(row.n_missing for row in shortages(plan, pool))
