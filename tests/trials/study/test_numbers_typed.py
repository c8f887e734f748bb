"""A number is read as it was meant, or asked for again."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.study.numbers_typed import NoNumber, number_read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("42", "42"), ("3.5", "3.5"), ("3,5", "3.5"), (" 3,50 ", "3.5"), ("007", "7"),
        ("12.", "12"),
        (",5", "0.5"), ("-0", "0"), ("-0,0", "0"), ("+4", "4"), ("−2,5", "-2.5"), ("１２", "12"),
        ("٣٫٥", "3.5"), ("0.125", "0.125"), ("0,125", "0.125"), ("1234,567", "1234.567"),
        ("1.2340", "1.234"), ("10000", "10000"),
    ],
)  # fmt: skip
def test_a_number_is_kept_in_one_form(typed: str, read: str) -> None:
    assert number_read(typed) == read


@pytest.mark.parametrize(
    "typed",
    ["", "old", "1_000", "1 000", "1'000", "1.000,5", "1,000,000", "nan", "inf", "0x10", "1e5",
     "3.5.1", "--1", ".", "-", "½", "1" * 31],
)  # fmt: skip
def test_what_is_no_plain_number_is_asked_for_again(typed: str) -> None:
    with pytest.raises(NoNumber, match=r"is no number\. Please write digits, such as 42 or 3\.5\."):
        number_read(typed)


@pytest.mark.parametrize("typed", ["1,234", "1.234", "12,500", "-999.999"])
def test_what_could_be_a_thousand_or_a_part_is_asked_for_again(typed: str) -> None:
    with pytest.raises(NoNumber, match="can be read as"):
        number_read(typed)


def test_the_advice_for_an_ambiguous_number_is_taken() -> None:
    with pytest.raises(NoNumber, match=r"as 1234 or as 1\.234\. Please write 1234, or 1\.2340\."):
        number_read("1,234")
    assert (number_read("1234"), number_read("1.2340")) == ("1234", "1.234")


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(".,"))
def test_the_value_is_what_was_typed(value: object, point: str) -> None:
    read = number_read(str(value).replace(".", point))
    assert Fraction(read) == Fraction(str(value))
    assert number_read(read) == read
