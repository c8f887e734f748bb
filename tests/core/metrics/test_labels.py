"""Multi-label truth: ImageNet-ReaL's list, an object of file names, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from classifiers.core.metrics.labels import LabelsRefused, Truth, truths_read

WNIDS = [f"n{index:08d}" for index in range(1000)]
KINDS = ["amber", "birch", "cedar"]


def val(number: int) -> str:
    return f"query/n00000007/ILSVRC2012_val_{number:08d}.JPEG"


def truths(
    labels: object, sources: list[str], categories: list[str], wnids: list[str] = WNIDS
) -> list[Truth]:
    return truths_read(labels, sources, categories, lambda: wnids)


def test_entry_i_of_the_list_is_validation_image_i_plus_one() -> None:
    labels = [[5], [], [7, 999]]
    found = truths(labels, [val(3), val(1), val(2)], WNIDS)
    assert found == [frozenset({7, 999}), frozenset({5}), None]


def test_a_dataset_of_all_classes_needs_no_list_of_wnids() -> None:
    folders = [f"{index:04d}_kind" for index in range(1000)]
    assert truths([[998]], [val(1)], folders, []) == [frozenset({998})]


def test_a_subset_is_mapped_through_its_folder_names() -> None:
    labels = [[7, 12], [999], [3]]
    found = truths(labels, [val(1), val(2), val(3)], [WNIDS[7], WNIDS[999]])
    assert found == [frozenset({0}), frozenset({1}), frozenset()]


def test_a_list_for_folders_that_are_no_wnids_is_refused() -> None:
    with pytest.raises(LabelsRefused, match=r"3 categories include 'amber'.*as an object"):
        truths([[1]], [val(1)], KINDS)
    with pytest.raises(LabelsRefused, match="1 categories include 'n99999999'"):
        truths([[1]], [val(1)], ["n99999999"])


@pytest.mark.parametrize("source", ["query/a/1.png", val(0), val(3)])
def test_an_image_that_the_list_lacks_is_refused_by_name(source: str) -> None:
    with pytest.raises(LabelsRefused, match=rf"1 images .* first {re.escape(source)}.*00002.JPEG"):
        truths([[1], [2]], [val(1), source], WNIDS)


@pytest.mark.parametrize("label", [1000, -1, True, "n00000001", 1.0])
def test_a_class_that_is_no_index_is_refused(label: Any) -> None:
    with pytest.raises(LabelsRefused, match="expected class indices from 0 to 999"):
        truths([[label]], [val(1)], WNIDS)


def test_an_object_names_categories_by_folder_or_index() -> None:
    labels = {"1.png": ["birch", 2], "query/b/2.png": [], "3.png": ["n01440764"], "other": [0]}
    found = truths(labels, ["query/a/1.png", "query/b/2.png", "query/b/3.png"], KINDS)
    assert found == [frozenset({1, 2}), None, frozenset()]


def test_a_path_goes_before_a_file_name() -> None:
    labels = {"query/a/1.png": [0], "query/b/1.png": [1], "1.png": [2]}
    assert truths(labels, ["query/b/1.png"], KINDS) == [frozenset({1})]


def test_a_file_name_that_two_images_have_is_refused() -> None:
    with pytest.raises(LabelsRefused, match=r"2 images are named 1.png.*such as 'query/a/1.png'"):
        truths({"1.png": [0]}, ["query/a/1.png", "query/b/1.png"], KINDS)


@pytest.mark.parametrize("label", ["brich", 3, True, None])
def test_a_category_that_does_not_exist_is_refused(label: Any) -> None:
    with pytest.raises(LabelsRefused, match=r"index from 0 to 2. Folder names: amber, birch"):
        truths({"1.png": [label]}, ["query/a/1.png"], KINDS)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({}, "1 images are not in the labels, first q/a/1.png; expected an entry"),
        ({"1.png": "amber"}, "has the labels 'amber'; expected a list"),
        ("amber", "The labels are a str; expected a list of lists"),
    ],
)
def test_other_shapes_are_refused(labels: object, words: str) -> None:
    with pytest.raises(LabelsRefused, match=words):
        truths(labels, ["q/a/1.png"], KINDS)
