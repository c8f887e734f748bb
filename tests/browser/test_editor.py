"""The editor keeps every keystroke: form and text, hurried switches, two editors, leaving.

``EDITOR_SEEDS`` says how many random sessions are played; ``make editor`` plays 200.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.researcher import sign_in
from tests.factories import make_document, make_plan, make_study
from trials import services
from trials.models import Study
from trials.study.document import read

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDIT = "/studio/study/draft/edit/"
N_SEEDS = int(os.environ.get("EDITOR_SEEDS", "2"))
# Ends in a value: a script whose last value is a function would be called.
TYPIST = Path(__file__).with_name("editor_typist.js").read_text(encoding="utf-8") + "\n0;"
# Fields that stay valid whatever text is typed: what is saved becomes the study's document.
FREE = ["f-topic", "f-contact", "f-ethics", "f-minutes", "f-idle_minutes", "f-consent.text"]


@pytest.fixture
def draft(context: BrowserContext, live_server: LiveServer) -> Study:
    """Sign a researcher in, and give them a draft."""
    rita = sign_in(context, live_server.url)
    document = make_plan(
        contact="lab@example.org",
        exclusions=["accuracy<=50"],
        stages=[
            *make_document()["stages"][:-1],
            {"kind": "questions", "name": "about", "questions": [{"name": "age", "text": "Age?"}]},
            {"kind": "page", "name": "debrief"},
        ],
    ).document
    return services.study_draft(
        slug="draft", dataset=make_study().dataset, document=document, user=rita
    )


def edit(page: Page) -> None:
    """Open the editor's form."""
    page.goto(EDIT)
    whole(page)


def whole(page: Page) -> None:
    """Wait until the form is shown with all of its fields."""
    expect(page.locator("#pane-form:not([aria-busy])")).to_be_visible()


def save(page: Page, words: str = "Saved") -> None:
    """Save, and wait for what the next page says."""
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("[role=status].notice").first).to_contain_text(words)


def fields(page: Page) -> dict[str, Any]:
    """Return what every field of the form shows, once the script has made them."""
    page.locator("#pane-form:not([aria-busy]) #f-title").wait_for(state="attached")
    page.evaluate(TYPIST)
    shown = "Object.fromEntries([...fieldsShown()].map(([key, each]) => [key, valueOf(each)]))"
    found: dict[str, Any] = page.evaluate(shown)
    return found


def type_everywhere(page: Page, seed: int, only: list[str] | None = None) -> dict[str, Any]:
    """Play one random session; return what each field must hold."""
    page.evaluate(TYPIST)
    expected: dict[str, Any] = page.evaluate(
        "asked => typeEverywhere(asked)", {"seed": seed, "only": only}
    )
    return expected


def test_nothing_typed_in_any_field_is_lost(page: Page, draft: Study) -> None:
    for seed in range(N_SEEDS):
        edit(page)
        expected = type_everywhere(page, seed)
        save(page)
        assert len(expected) > 100
        assert fields(page) == expected, f"seed {seed}"


def test_what_is_valid_becomes_the_document(page: Page, draft: Study) -> None:
    for seed in range(N_SEEDS):
        edit(page)
        expected = type_everywhere(page, seed, FREE)
        save(page, "Saved.")
        shown = fields(page)
        assert {key: shown[key] for key in FREE} == expected, f"seed {seed}"
        document = Study.objects.get(slug="draft").document
        assert document["topic"] == expected["f-topic"]
        assert document["consent"]["text"] == expected["f-consent.text"]


def test_a_closed_row_is_drawn_as_soon_as_it_is_needed(page: Page, draft: Study) -> None:
    # What the page would draw later, it never draws.
    page.add_init_script(
        "const later = setTimeout; window.setTimeout = (act, ms) => (ms ? later(act, ms) : 0);"
    )
    page.goto(f"{EDIT}#f-conditions[1].view")
    expect(page.locator("[id='f-conditions[1].view']")).to_be_focused()
    assert page.locator("[id='f-conditions[0].view']").count() == 0
    page.locator("[data-path='conditions[0]'] > summary").click()
    expect(page.locator("[id='f-conditions[0].view']")).to_be_visible()


def test_keys_pressed_right_after_a_switch_reach_the_document(page: Page, draft: Study) -> None:
    edit(page)
    page.locator("#f-topic").press_sequentially("birds")
    page.get_by_role("tab", name="YAML").click()
    expect(page.locator("#text")).to_be_visible()
    text = page.locator("#text").input_value()
    page.locator("#text").fill(text.replace("topic: birds", "topic: birds of prey"))
    page.get_by_role("tab", name="Form").click()
    expect(page.locator("#f-topic")).to_be_visible()
    page.locator("#f-topic").press("End")
    page.locator("#f-topic").press_sequentially("!")
    save(page, "Saved.")
    assert Study.objects.get(slug="draft").document["topic"] == "birds of prey!"


def test_only_one_pane_is_shown(page: Page, draft: Study) -> None:
    edit(page)
    expect(page.locator("#text")).to_be_hidden()
    page.get_by_role("tab", name="YAML").click()
    expect(page.locator("#text")).to_be_visible()
    expect(page.locator("#pane-form")).to_be_hidden()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("title: [", "The form can be shown when the text can be read as a document."),
        ("title: x\nseed: 1\ntrial: 5", "The form cannot show the value of trial."),
        ("title: x\nseed: 90071992547409931", "The form cannot show the value of seed."),
    ],
)
def test_a_text_that_the_form_would_change_stays_a_text(
    page: Page, draft: Study, typed: str, words: str
) -> None:
    edit(page)
    page.get_by_role("tab", name="YAML").click()
    page.locator("#text").fill(typed)
    page.get_by_role("tab", name="Form").click()
    expect(page.locator("[data-tab-refusal]")).to_contain_text(words)
    expect(page.locator("#text")).to_have_value(typed)
    save(page, "Saved as a draft.")
    expect(page.locator("#text")).to_have_value(typed)


def test_without_the_server_both_panes_keep_what_was_typed(page: Page, draft: Study) -> None:
    edit(page)

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/studio/check/", refuse)
    page.locator("#f-topic").fill("typed offline")
    page.get_by_role("tab", name="YAML").click()
    expect(page.locator("#text")).to_have_value(re.compile('"topic": "typed offline"'))
    page.locator("#text").fill(page.locator("#text").input_value().replace("offline", "so"))
    page.get_by_role("tab", name="Form").click()
    expect(page.locator("[data-tab-refusal]")).to_contain_text("The server did not answer")
    expect(page.locator("#text")).to_be_visible()
    save(page, "Saved.")
    assert Study.objects.get(slug="draft").document["topic"] == "typed so"


def test_leaving_with_unsaved_changes_asks(page: Page, draft: Study) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    edit(page)
    page.locator("#f-topic").press_sequentially("birds")
    page.get_by_role("link", name="Checklist", exact=True).click()
    expect(page.locator("#f-topic")).to_have_value("birds")
    save(page, "Saved.")
    page.get_by_role("link", name="Checklist", exact=True).click()
    page.wait_for_url("**/studio/study/draft/")
    assert asked == ["beforeunload"]


def test_the_second_of_two_editors_is_told_and_loses_nothing(page: Page, draft: Study) -> None:
    edit(page)
    page.locator("#f-topic").fill("mine")
    theirs = make_plan(contact="lab@example.org", topic="theirs").document
    services.study_revise(study=draft, document=theirs)
    save(page, "Somebody else saved this study while you were editing")
    expect(page.locator("#f-topic")).to_have_value("mine")
    assert Study.objects.get(slug="draft").document["topic"] == "theirs"
    save(page, "Saved.")
    assert Study.objects.get(slug="draft").document["topic"] == "mine"


def test_what_was_typed_after_a_save_survives_a_reload(page: Page, draft: Study) -> None:
    edit(page)
    page.locator("#f-topic").fill("saved")
    save(page, "Saved.")
    page.locator("#f-topic").fill("not saved")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator("#text")).to_have_value(re.compile("not saved"))
    assert read(page.locator("#text").input_value())["topic"] == "not saved"


def test_a_condition_changes_a_screen_and_takes_it_back(page: Page, draft: Study) -> None:
    edit(page)
    page.locator("#f-conditions li > details > summary").first.click()
    page.locator("[id='f-conditions[0].trial'] > summary").click()
    shown = page.get_by_label("Show the confidence").first
    for chosen, expected in (("no", {"has_confidence": False}), ("as in the study", {})):
        shown.select_option(chosen)
        save(page, "Saved.")
        assert Study.objects.get(slug="draft").document["conditions"][0]["trial"] == expected
        edit(page)
        page.locator("#f-conditions li > details > summary").first.click()


def test_a_field_that_a_document_leaves_out_can_be_left_out_again(page: Page, draft: Study) -> None:
    edit(page)
    field = page.locator("[id='f-design.assign']")
    for chosen in ("after_validation", ""):
        choose = f"each => {{ each.value = '{chosen}'; each.dispatchEvent(new Event('change')); }}"
        field.evaluate(choose)
    save(page, "Saved.")
    assert "assign" not in Study.objects.get(slug="draft").document["design"]
