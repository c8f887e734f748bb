"""Files of accepted labels: each row is taken, or refused by its place with the reason."""

from __future__ import annotations

import json

import pytest

from classifiers.core.metrics.label_rows import LabelRows, label_rows
from classifiers.core.metrics.labels import LabelsRefused

WNIDS = [f"n{index:08d}" for index in range(1000)]
IMAGES = {"query/a/1.jpg": "aa11", "query/b/2.jpg": "bb22", "query/b/1.jpg": "cc33"}
KINDS = {"a": "Amber tree", "b": "Birch"}


def read(content: str, images: dict[str, str] = IMAGES) -> LabelRows:
    return label_rows(content.encode(), images, KINDS, lambda: WNIDS)


def refused(content: str) -> list[tuple[str, str]]:
    return [(row.place, row.reason) for row in read(content).refused]


def test_a_table_names_images_by_path_hash_or_name_and_labels_by_folder_or_word() -> None:
    rows = read("image,label\nquery/a/1.jpg,a\n2.jpg,Birch\nquery/a/1.jpg,b\ncc33,Amber tree\n")
    assert rows.refused == []
    assert rows.truths == {
        "query/a/1.jpg": frozenset({0, 1}), "query/b/2.jpg": frozenset({1}),
        "query/b/1.jpg": frozenset({0}),
    }  # fmt: skip


def test_an_empty_label_says_that_nobody_labelled_the_image() -> None:
    assert read("image,label\n2.jpg,\n").truths == {"query/b/2.jpg": None}
    assert read('{"2.jpg": []}').truths == {"query/b/2.jpg": None}


def test_a_class_that_the_dataset_lacks_leaves_no_right_answer() -> None:
    assert read("image,label\n2.jpg,n00000123\n").truths == {"query/b/2.jpg": frozenset()}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("3.jpg,a", "no image is named '3.jpg'"),
        ("1.jpg,a", "2 images are named '1.jpg'"),
        ("2.jpg,c", "2.jpg has the label 'c'"),
        ("2.jpg,b", "2.jpg has the label 'b' already"),
    ],
)
def test_a_row_is_refused_by_its_line(line: str, reason: str) -> None:
    [(place, said)] = refused(f"image,label\n2.jpg,b\n{line}\n")
    assert (place, said[: len(reason)]) == ("line 3", reason)


def test_an_object_is_refused_by_name() -> None:
    found = refused(json.dumps({"2.jpg": "b", "query/b/2.jpg": ["b"], "bb22": ["b"]}))
    assert [place for place, _ in found] == ["'2.jpg'", "'bb22'"]
    assert "expected a list" in found[0][1]
    assert "named a second time" in found[1][1]


def test_a_list_is_refused_by_entry_and_by_image() -> None:
    names = {f"query/n1/ILSVRC2012_val_{i:08d}.JPEG": f"{i}" for i in (1, 2, 3)}
    kinds = {"n00000007": "seven"}
    rows = label_rows(b"[[7], [1000]]", names, kinds, lambda: WNIDS)
    assert rows.truths == {next(iter(names)): frozenset({0})}
    assert [row.place for row in rows.refused] == ["entry 2", list(names)[2]]


@pytest.mark.parametrize("content", ["picture,label\n", "[1, 2", "nothing", '{"a": [], "a": []}'])
def test_another_format_is_refused_as_a_whole(content: str) -> None:
    with pytest.raises(LabelsRefused, match="Expected a list of lists"):
        read(content)
