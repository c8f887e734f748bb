"""What commands share of their arguments."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest
from django.core.management import CommandError, call_command

from classifiers.core.catalogue import CLASSIFIERS, parameters_resolved
from classifiers.management.arguments import WITHOUT_MASK, classifiers_meant, parameter
from classifiers.management.lookup import gallery_of
from classifiers.management.numbers import at_least
from tests.factories import make_dataset

ALL = "1" * 49


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (f"mask={ALL}", ("mask", ALL)),
        ("matcher=chm-lite0", ("matcher", "chm-lite0")),
        (f"masks={'1' * 64}", ("masks", "1" * 64)),
        ("n_voters=10", ("n_voters", 10)),
        ("epsilon=0.1", ("epsilon", 0.1)),
        ("paper=true", ("paper", True)),
        ("stranger=a=b", ("stranger", "a=b")),
        ("paper", ("paper", "")),
    ],
)
def test_text_stays_text_and_other_values_are_json(text: str, parsed: tuple[str, object]) -> None:
    assert parameter(text) == parsed


def test_a_mask_of_49_ones_reaches_the_classifier() -> None:
    given = dict([parameter(f"mask={ALL}")])
    assert parameters_resolved("chm-corr-plus", given)["mask"] == ALL


@pytest.mark.parametrize("given", ["mask", "masks"])
def test_what_needs_a_mask_is_meant_only_with_one_or_by_name(given: str) -> None:
    assert classifiers_meant(None, ["n_voters"]) == list(WITHOUT_MASK)
    assert set(CLASSIFIERS) - set(WITHOUT_MASK) == {"chm-corr-plus"}
    assert classifiers_meant(None, [given]) == list(CLASSIFIERS)
    assert classifiers_meant(["chm-corr-plus"], []) == ["chm-corr-plus"]


@pytest.mark.django_db
def test_a_missing_gallery_names_the_whole_command() -> None:
    with pytest.raises(CommandError, match=r"Run: manage.py build_gallery trees --backbone other$"):
        gallery_of(make_dataset(), "other")


@pytest.mark.parametrize("text", ["-3", "0", "three", "2.5", ""])
def test_a_number_that_makes_no_sense_is_refused_in_words(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=f"found '{text}', expected a whole number from 1"):
        at_least(1)(text)
    assert at_least(1)("7") == 7


def test_nobody_can_be_simulated_less_than_once() -> None:
    with pytest.raises(CommandError, match=r"--participants: found '-3', expected a whole number"):
        call_command("simulate", "trees", "--participants", "-3")
