"""The researchers' pages in a real browser: the editor, the preview, and what axe-core finds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from classifiers.core.chm.pair_cosines import PairsWriter
from classifiers.models import Explanation, Gallery, Job, PredictionRun
from classifiers.services.explanations import pairs_header
from classifiers.services.pairs import pairs_of_image
from tests.browser.axe import violations
from tests.browser.pictures import picture
from tests.browser.researcher import sign_in
from tests.factories import make_plan, make_study
from trials import services
from trials.models import Participant, Study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(context: BrowserContext, live_server: LiveServer) -> Study:
    """Sign a researcher in, and give them a draft."""
    rita = sign_in(context, live_server.url)
    document = make_plan(contact="lab@example.org").document
    return services.study_draft(
        slug="draft", dataset=make_study().dataset, document=document, user=rita
    )


PAGES = [
    "", "new/", "datasets/", "datasets/new/", "datasets/trees/", "datasets/trees/photos/",
    "datasets/trees/ai/", "formulas/", "study/draft/",
    "study/draft/edit/", "study/draft/preview/?screen=0", "study/draft/copy/", "study/draft/lists/",
    "study/draft/do/open/", "study/trees/",
]  # fmt: skip


def explained(study: Study) -> str:
    """Store an explanation with a grid, as a worker leaves it; return its address."""
    gallery, run = Gallery.objects.get(), PredictionRun.objects.get(classifier="chm-corr")
    prediction = run.predictions.all()[0]
    decision = {
        "label": prediction.category.index, "n_votes": 17, "n_voters": 20, "neighbors": [
            {"image": each.image_id, "label": each.image.category.index, "matches": each.matches}
            for each in prediction.neighbors.select_related("image__category").order_by("rank")
        ],
    }  # fmt: skip
    made = Explanation.objects.create(
        gallery=gallery, classifier="chm-corr", status=Job.Status.DONE,
        answer={"knn": decision, "reranked": decision},
    )  # fmt: skip
    with PairsWriter(made.folder / "pairs", pairs_header(made)) as writer:
        writer.append({made.pk: pairs_of_image(run, prediction.image_id)})
    for name in ("crop.jpg", "figure.png"):
        (made.folder / name).write_bytes(prediction.image.crop_path.read_bytes())
    return f"../explain/{made.token}/?cell=24&cell=25"


def test_no_page_has_a_barrier_or_scrolls_sideways(page: Page, draft: Study) -> None:
    for address in (*PAGES, "../explain/", explained(draft)):
        page.goto(f"/studio/{address}")
        for width in (360, 1366):
            page.set_viewport_size({"width": width, "height": 800})
            assert violations(page) == [], (address, width)
            is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not is_wide, (address, width)
            picture(page, f"studio-{address.split('?')[0].strip('./').replace('/', '-')}-{width}")


def edit(page: Page) -> None:
    page.goto("/studio/study/draft/edit/")
    expect(page.locator("#pane-form")).to_be_visible()


def test_what_is_wrong_is_told_beside_the_field_as_one_types(page: Page, draft: Study) -> None:
    edit(page)
    page.get_by_label("Duration").fill("0")
    assert "German" in page.locator("#f-language option").all_text_contents()
    error = page.locator("[data-path=minutes] .field__error")
    expect(error).to_have_text("Found 0, expected a whole number from 1 to 600.")
    expect(page.get_by_label("Duration")).to_have_attribute("aria-invalid", "true")
    page.locator("[data-summary] a").click()
    expect(page.get_by_label("Duration")).to_be_focused()
    assert violations(page) == []
    page.get_by_label("Duration").fill("20")
    expect(error).to_have_count(0)


def test_a_test_that_needs_too_many_photos_is_made_smaller_by_one_press(
    page: Page, draft: Study
) -> None:
    edit(page)
    page.locator("#f-stages li").nth(4).locator("summary").first.click()
    page.locator('[id="f-stages[4].n"]').fill("8")
    expect(page.locator("[data-ready]")).to_contain_text("Not ready: 1 photo too few")
    expect(page.locator("[data-short]")).to_have_text("Not ready")
    page.get_by_role("button", name="Use 6 a set").click()
    expect(page.locator("[data-ready]")).to_contain_text("Ready: there are enough photos")
    expect(page.locator("[data-short]")).to_have_text("Ready")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Study.objects.get(slug="draft").plan.test.n == 6


def test_conditions_are_added_moved_and_removed_by_keyboard(page: Page, draft: Study) -> None:
    edit(page)
    page.get_by_role("button", name="Remove: 6. CHM-Corr").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move up: 2. kNN").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#f-conditions li").first.locator("summary").first).to_contain_text("kNN")
    page.get_by_role("button", name="Add to conditions").press("Enter")
    page.keyboard.type("New arm")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    names = [item["name"] for item in Study.objects.get(slug="draft").document["conditions"]]
    assert names == ["kNN", "ResNet-50", "EMD-NN", "EMD-Corr", "CHM-NN", "New arm"]


def test_a_page_of_questions_is_made_by_buttons(page: Page, draft: Study) -> None:
    edit(page)
    page.get_by_role("button", name="Add questions").click()
    page.locator('[id="f-stages[6].name"]').fill("about_you")
    page.locator('[id="f-stages[6].questions"]').get_by_role("button", name="Add to").click()
    page.locator('[id="f-stages[6].questions[0].name"]').fill("age")
    page.locator('[id="f-stages[6].questions[0].text"]').fill("How old are you?")
    page.get_by_role("button", name="Move up: 7. questions").click()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    stage = Study.objects.get(slug="draft").document["stages"][5]
    assert (stage["name"], stage["questions"][0]["text"]) == ("about_you", "How old are you?")


def test_the_form_and_the_text_are_one_document(page: Page, draft: Study) -> None:
    edit(page)
    page.get_by_label("Title", exact=True).first.fill("From the form")
    page.get_by_role("tab", name="YAML").click()
    expect(page.locator("#text")).to_have_value(re.compile("From the form"))
    text = page.locator("#text").input_value()
    page.locator("#text").fill(text.replace("From the form", "From the text"))
    expect(page.locator("#f-title")).to_have_value("From the text")
    page.get_by_role("tab", name="YAML").press("ArrowLeft")
    expect(page.locator("#f-title")).to_be_visible()


def test_what_was_typed_and_not_saved_is_offered_again(page: Page, draft: Study) -> None:
    edit(page)
    page.get_by_label("Contact").fill("someone@example.org")
    expect(page.get_by_text("Every field is filled in")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator("#text")).to_have_value(re.compile("someone@example.org"))
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Study.objects.get(slug="draft").document["contact"] == "someone@example.org"


def test_without_scripts_the_text_is_edited(
    context: BrowserContext, live_server: LiveServer, draft: Study
) -> None:
    assert context.browser is not None
    plain = context.browser.new_context(
        java_script_enabled=False,
        base_url=live_server.url,
        storage_state=context.storage_state(),
    )
    page = plain.new_page()
    page.goto("/studio/study/draft/edit/")
    text = page.locator("#text").input_value()
    page.locator("#text").fill(text.replace("persona: Sam", "persona: Max"))
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    plain.close()


def test_the_preview_is_walked_and_its_buttons_do_nothing(page: Page, draft: Study) -> None:
    page.goto("/studio/study/draft/preview/")
    page.get_by_label("Condition").select_option("EMD-Corr")
    page.wait_for_url("**condition=EMD-Corr**")
    page.get_by_role("link", name="Introduction").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Meet Sam")
    frame.get_by_role("button").first.click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Meet Sam")
    assert not Participant.objects.exists()


def test_simulated_people_play_with_progress(page: Page, draft: Study) -> None:
    services.study_pilot(study=draft)
    page.goto("/studio/study/draft/")
    page.get_by_label("Simulated people").fill("2")
    page.get_by_role("button", name="Run them").click()
    row = page.get_by_role("row", name="Simulated in the pilot")
    expect(row).to_contain_text("2")
    assert Participant.objects.filter(stage="pilot", status="completed").count() == 2
