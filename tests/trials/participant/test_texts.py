"""Researchers' own texts: what becomes markup, and what never does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_plan
from trials.participant.texts import placeholders, render
from trials.study.plan import StudyPlan


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        ("One\nline", "<p>One<br>line</p>"),
        ("Now:\r\n- a\r\n- b", "<p>Now:</p>\n<ul><li>a</li><li>b</li></ul>"),
        ("**Look** {persona}", "<p><strong>Look</strong> Sam</p>"),
        ("**{persona} helps**", "<p><strong>Sam helps</strong></p>"),
        ("{nobody} {} 2 * 3 ** 4", "<p>{nobody} {} 2 * 3 ** 4</p>"),
        ("<script>alert(1)</script> & co", "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; co</p>"),
    ],
)
def test_a_text_becomes_what_its_signs_say(text: str, html: str) -> None:
    assert render(text, {"persona": "Sam"}) == html


@pytest.mark.parametrize("value", ["<b>Sam</b>", "**Sam**", "{minutes}", "{persona}"])
def test_a_value_that_looks_like_markup_stays_a_value(value: str) -> None:
    shown = render("**{persona}**", {"persona": value, "minutes": 15})
    assert shown == f"<p><strong>{value.replace('<', '&lt;').replace('>', '&gt;')}</strong></p>"


@given(st.text(max_size=200))
def test_no_text_makes_other_tags_than_ours(text: str) -> None:
    tags = set(re.findall(r"</?\w*[^>]*>", render(text, {"persona": "<i>Sam</i>"})))
    assert tags <= {
        f"<{end}{tag}>" for tag in ("p", "ul", "li", "strong", "br") for end in ("", "/")
    }


def test_every_placeholder_that_the_schema_promises_is_filled_in() -> None:
    text = "{persona} {minutes} {n_training} {n_validation} {pass_mark} {n_test}"
    assert render(text, placeholders(make_plan(minutes=9), "Max")) == "<p>Max 9 2 4 3 6</p>"


def test_a_stage_that_is_not_there_has_no_photos() -> None:
    plan = StudyPlan.from_json({"title": "t", "seed": 1, "stages": [{"kind": "test", "n": 8}]})
    assert render("{n_validation} {n_test}", placeholders(plan, "Sam")) == "<p>0 8</p>"
