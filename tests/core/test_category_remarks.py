"""What is odd about categories is said before a study is built on them."""

from __future__ import annotations

import pytest

from classifiers.core.category_remarks import Counted, Remark, category_remarks, folded


def remarks(*rows: tuple[str, str, int, int]) -> list[Remark]:
    return category_remarks([Counted(*row) for row in rows])


FINE = [(f"c{n}", f"kind {n}", 30, 5) for n in range(4)]


def test_nothing_is_said_of_categories_that_are_fine() -> None:
    assert remarks(*FINE) == []


@pytest.mark.parametrize(
    "label",
    [
        "crane",
        "crane ",
        " crane",
        "Crane",
        "cra\u200bne",
        "\ufeffcrane",
        "ＣＲＡＮＥ",
        "crane\u00a0",
    ],
)
def test_labels_that_people_read_alike_block_a_study(label: str) -> None:
    (found,) = remarks(*FINE, ("001.Crane", "crane", 30, 5), ("002.Machine", label, 30, 5))
    assert found.is_blocking
    assert found.about == "001.Crane, 002.Machine"
    assert "people read the same label" in found.said


def test_composed_and_decomposed_letters_are_alike() -> None:
    assert folded("M\u00fcller") == folded("Mu\u0308ller") != folded("Muller")


def test_categories_that_only_queries_have_are_named() -> None:
    (found,) = remarks(*FINE, ("new", "new kind", 0, 5))
    assert (found.about, found.is_blocking) == ("new", False)
    assert "1 of 5 categories have photos to judge and none in the gallery" in found.said


def test_folders_that_differ_by_case_or_form_of_letters_are_named() -> None:
    found = remarks(*FINE, ("K\u00f6nig", "a", 30, 0), ("Ko\u0308nig", "b", 0, 5))
    assert [item.about for item in found] == ["K\u00f6nig, Ko\u0308nig", "Ko\u0308nig"]
    assert "differ by case, blanks or the form of letters alone" in found[0].said


def test_a_gallery_smaller_than_its_voters_is_told() -> None:
    (found,) = remarks(("black", "black", 4, 1), ("white", "white", 3, 1), ("noise", "noise", 3, 2))
    assert "it has 10 photos, and 20 vote on each answer, so that every photo gets" in found.said


def test_a_category_far_smaller_than_the_others_is_told_with_its_number() -> None:
    (found,) = remarks(*FINE, ("rare", "rare kind", 4, 5))
    assert found.about == "rare (4)"
    assert "can hardly win a vote of 20" in found.said
    assert remarks(*FINE, ("rarer", "rare kind", 5, 5)) == []


@pytest.mark.parametrize("name", ["NA", "None", "nan", "null", "N/A"])
def test_a_name_that_tables_take_for_a_missing_value_is_told(name: str) -> None:
    (found,) = remarks(*FINE, (name, "a kind", 30, 5))
    assert (found.about, "as a missing value" in found.said) == (name, True)


def test_a_long_list_is_cut() -> None:
    (found,) = remarks(*FINE, *((f"q{n}", f"q {n}", 0, 1) for n in range(9)))
    assert found.about == "q0, q1, q2, q3, q4 and 4 more"
