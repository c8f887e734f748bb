"""A document's text says what people read in it, or is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_document
from trials.study.document import PlanRefused, read, read_bytes, write


def refused(text: str) -> str:
    with pytest.raises(PlanRefused) as error:
        read(text)
    return str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "title: A\nseed: 1\ntitle: B",
        'title: A\nseed: 1\n"title": B',
        "{title: A, seed: 1,\n\ntitle: B}",
    ],
)
def test_a_name_that_stands_twice_is_refused_with_both_lines(text: str) -> None:
    said = refused(text)
    assert said.startswith("line 3, column 1: found 'title again'")
    assert "it is already in line 1" in said


def test_a_name_twice_deep_inside_is_refused_too() -> None:
    said = refused("a:\n  - {b: 1}\n  - b: 1\n    c: 2\n    b: 3")
    assert said.startswith("line 5, column 5: found 'b again'")


@pytest.mark.parametrize(
    "number",
    ["2:50", "1:30:00", "012", "-017", "0x1F", "0b101", "1_000", "1_0.5", "1:30.5", "+0_1",
     "0x" + "f" * 100_000, "9" * 10_000, '!!int "0x10"', '!!float "1_0.0"'],
)  # fmt: skip
def test_a_number_that_people_read_otherwise_is_refused_with_its_line(number: str) -> None:
    said = refused(f"title: A\npay: {number}\n")
    assert said.startswith("line 2, column 6: found ")
    assert "expected a plain decimal number" in said
    assert len(said) < 300


def test_what_stands_in_quotes_is_a_text() -> None:
    assert read("a: '012'\nb: \"2:50\"") == {"a": "012", "b": "2:50"}


def test_plain_numbers_are_what_they_say() -> None:
    text = "[0, -1, +7, 170, 2.5, .5, 1., 1.5e+3, -0.25, 2.0e-3]"
    assert read(f"a: {text}")["a"] == [0, -1, 7, 170, 2.5, 0.5, 1.0, 1500.0, -0.25, 0.002]


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-10**15, 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_", min_size=1), inner),
    max_leaves=10,
))  # fmt: skip
def test_what_is_written_is_read_back(value: object) -> None:
    assert read(write({"a": value})) == {"a": value}


def test_merged_fields_are_refused() -> None:
    assert "the fields written out" in refused("a:\n  <<: {b: 1}\n  c: 2")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_endless_nesting_is_refused_before_the_stack_ends(opening: str) -> None:
    assert "expected at most 20 levels" in refused("a: \n " + opening * 40_000)


def test_a_text_of_more_than_200_kb_is_refused_unread() -> None:
    said = "200,002 bytes', expected at most 200,000"
    assert said in refused("a: " + "x" * 199_999)
    with pytest.raises(PlanRefused, match="at most 200,000"):
        read_bytes(b"a: " + b"x" * 199_999)


def test_other_bytes_than_utf8_are_refused_by_the_files_name() -> None:
    with pytest.raises(PlanRefused, match=r"study\.yaml: found 'other bytes than UTF-8'"):
        read_bytes(b"title: \xff", "study.yaml")


def test_a_mark_of_byte_order_is_no_part_of_the_text() -> None:
    document = make_document()
    assert read_bytes(b"\xef\xbb\xbf" + write(document).encode()) == document


def test_a_refusal_does_not_repeat_what_is_far_too_large() -> None:
    assert len(refused("a: !!binary " + "A" * 190_000)) < 700
    assert len(refused("[" + "1, " * 50_000 + "]")) < 700
