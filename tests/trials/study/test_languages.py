"""A study's own translations say what its texts say; readers are offered what they can read."""

from __future__ import annotations

import re

import pytest

from tests.factories import make_plan
from tests.trials.participant.test_languages import SAID, in_two_languages
from trials.study.languages import choose
from trials.study.plan import PlanRefused

QUESTIONS = {
    "without the kind": ("Ist es das?", "a text with {label} in it, as in the original"),
    "with an article": ("Ist es {article} {label}?", "a text without {article}, which is a or an"),
}


@pytest.mark.parametrize(("translation", "expected"), QUESTIONS.values(), ids=QUESTIONS)
def test_a_translation_that_asks_something_else_is_refused(translation: str, expected: str) -> None:
    changes = in_two_languages(wording={"question": "Is it {label}?"})
    (german,) = changes["translations"]
    german["texts"].append({"text": "Is it {label}?", "translation": translation})
    said = rf"translations\[0\].texts\[{len(SAID)}\].translation: .*{re.escape(expected)}"
    with pytest.raises(PlanRefused, match=said):
        make_plan(**changes)


@pytest.mark.parametrize("wanted", ["zh", "zh-TW", "zh-Hans-CN"])
def test_who_reads_chinese_is_offered_simplified_characters(wanted: str) -> None:
    assert choose(["en", "zh-hans"], [wanted, "en"]) == "zh-hans"
