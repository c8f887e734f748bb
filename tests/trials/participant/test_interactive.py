"""CHM-Corr++ on the participants' pages: a mask is ranked, stored, and judged by one rule."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from classifiers.core.chm.masks import mask_of_text
from classifiers.core.interactive import rerank
from classifiers.models import AcceptedLabel, Image, Truth
from classifiers.services.pairs import pairs_folder, pairs_of_image
from tests.trials.interacting import (
    CENTRAL,
    MASK,
    SESSION,
    WHOLE,
    at_a_trial,
    interactive_study,
)
from tests.trials.tab import Tab
from trials.models import Event, Interaction, Response
from trials.models.interactions import shown_is_right
from trials.services import frozen_sha256, interaction, study_verify
from trials.templatetags.languages import named

pytestmark = pytest.mark.django_db


def test_the_page_has_49_toggle_buttons_and_the_ais_own_answer(client: Tab) -> None:
    _, trial = at_a_trial(client, interactive_study())
    page = client.get(SESSION).text
    cells = re.findall(r'aria-pressed="false" aria-label="(Row \d, column \d)"', page)
    assert len(set(cells)) == 49
    assert f"<strong>{named(trial.prediction.category.label)}</strong>" in page
    assert "looks at the parts that it chose itself" in page
    assert "Press squares of the photo to choose other parts." in page


def test_a_mask_is_answered_as_rerank_does(client: Tab) -> None:
    person, trial = at_a_trial(client, interactive_study())
    said = client.post(MASK, {"step": person.step, "mask": CENTRAL, "at_ms": 1200}).text
    pairs = pairs_of_image(trial.prediction.run, trial.prediction.image_id)
    found = rerank(pairs.cosines, pairs.labels, mask_of_text(CENTRAL))
    label = person.study.dataset.categories.get(index=found.label).label
    stored = Interaction.objects.get(trial=trial)
    votes = round(found.probabilities[found.label] * found.n_voters)
    assert f"<strong>{named(label)}</strong>, {votes} of {found.n_voters} votes" in said
    assert (stored.mask, stored.n_changes, stored.category.label) == (CENTRAL, 1, label)
    assert said.count('alt="Photo of the class') == min(5, votes)


@pytest.mark.parametrize("layout", ["reference", "equal"])
def test_what_a_vote_is_stands_below_the_votes_in_the_layout_equal(
    client: Tab, layout: str
) -> None:
    at_a_trial(client, interactive_study(trial={"layout": layout}))
    words = "most similar photos is one vote for the kind that it shows."
    assert (words in client.get(SESSION).text) == (layout == "equal")


def test_the_answer_is_in_the_words_of_the_condition(client: Tab) -> None:
    words = {"matched_parts": "Why this is {label}"}
    person, trial = at_a_trial(client, interactive_study(wording=words))
    said = client.post(MASK, {"step": person.step, "mask": "0" * 49, "at_ms": 1}).text
    assert f"Why this is {named(trial.prediction.category.label)}" in said


def test_each_answer_is_an_event_and_no_cell_is_the_ais_own_answer(client: Tab) -> None:
    person, trial = at_a_trial(client, interactive_study())
    for at, mask in enumerate((WHOLE, "0" * 49)):
        said = client.post(MASK, {"step": person.step, "mask": mask, "at_ms": at}).text
    assert "looks at the parts that it chose itself" in said
    events = person.events.filter(kind=Event.Kind.RERANKED).values_list("detail", flat=True)
    own = trial.prediction
    assert [detail.split()[0] for detail in events] == [WHOLE, "0" * 49]
    assert events[1].split()[1:] == [f"{own.n_votes}/{own.n_voters}", own.category.name]


def test_the_answer_is_stored_with_what_was_on_the_screen(client: Tab) -> None:
    person, trial = at_a_trial(client, interactive_study())
    for mask in (CENTRAL, WHOLE):
        client.post(MASK, {"step": person.step, "mask": mask, "at_ms": 1})
    form = {"step": person.step, "answer": "yes", "q_mask": CENTRAL}  # WHOLE came too late
    client.post(SESSION, form)
    stored = Interaction.objects.get(trial=trial)
    assert (stored.mask, stored.n_changes) == (CENTRAL, 2)


def test_a_shown_label_is_right_if_it_is_accepted(client: Tab) -> None:
    person, trial = at_a_trial(client, interactive_study())
    client.post(MASK, {"step": person.step, "mask": CENTRAL, "at_ms": 1})
    client.post(SESSION, {"step": person.step, "answer": "yes", "q_mask": CENTRAL})
    image, shown = trial.prediction.image, Interaction.objects.get(trial=trial).category
    Image.objects.filter(pk=image.pk).update(truth=Truth.LABELS)
    answers = Response.objects.filter(trial=trial).annotate(is_shown_correct=shown_is_right())
    assert answers.values_list("is_shown_correct", flat=True).get() is False
    AcceptedLabel.objects.create(image=image, category=shown)
    assert answers.values_list("is_shown_correct", flat=True).get() is True


def test_the_first_label_is_judged_whatever_was_shown_last(client: Tab) -> None:
    person, trial = at_a_trial(client, interactive_study())
    for mask in (CENTRAL, WHOLE):  # the second of two masks
        client.post(MASK, {"step": person.step, "mask": mask, "at_ms": 1})
    Interaction.objects.update(category=trial.prediction.image.category)
    client.post(SESSION, {"step": person.step, "answer": "yes"})
    answers = Response.objects.filter(trial=trial)
    assert answers.correct().exists() == trial.prediction.is_right


def test_who_changes_nothing_has_no_changes_and_the_ais_own_label(client: Tab) -> None:
    person, trial = at_a_trial(client, interactive_study())
    client.post(SESSION, {"step": person.step, "answer": "no"})
    stored = Interaction.objects.get(trial=trial)
    assert (stored.mask, stored.n_changes) == ("0" * 49, 0)
    assert stored.category == trial.prediction.category


def test_the_mask_comes_again_after_a_reload_and_with_the_feedback(client: Tab) -> None:
    person, _ = at_a_trial(client, interactive_study())
    client.post(MASK, {"step": person.step, "mask": CENTRAL, "at_ms": 1})
    assert client.get(SESSION).text.count('aria-pressed="true" aria-label="Row') == 3
    client.post(SESSION, {"step": person.step, "answer": "yes", "q_mask": CENTRAL})
    page = client.get(SESSION).text
    assert "feedback" in page
    assert page.count('aria-pressed="true" aria-label="Row') == 3
    assert "data-guide=" not in page


@pytest.mark.parametrize("mask", ["", "1" * 48, "2" * 49, "1" * 50])
def test_what_is_no_mask_is_refused(client: Tab, mask: str) -> None:
    person, _ = at_a_trial(client, interactive_study())
    assert client.post(MASK, {"step": person.step, "mask": mask, "at_ms": 1}).status_code == 400


def test_only_the_persons_own_current_trial_can_be_ranked(client: Tab) -> None:
    study = interactive_study()
    person, _ = at_a_trial(client, study)
    form = {"mask": WHOLE, "at_ms": 1}
    assert client.post(MASK, form | {"step": person.step + 1}).status_code == 410
    assert (
        client.post(MASK, form | {"step": person.step, "shown_to": "1.forged"}).status_code == 409
    )
    assert Tab().post(MASK, form | {"step": person.step}).status_code == 403
    assert not Interaction.objects.exists()


def test_masks_are_rate_limited(client: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "MASKS_PER_MINUTE", 1)
    person, _ = at_a_trial(client, interactive_study())
    form = {"step": person.step, "mask": WHOLE, "at_ms": 1}
    assert [client.post(MASK, form).status_code for _ in range(2)] == [200, 429]


def test_a_browser_cannot_report_an_answer_of_the_server(client: Tab) -> None:
    person, _ = at_a_trial(client, interactive_study())
    told = json.dumps([["reranked", 5, "forged"], ["cell", 6, "r1c1 on"]])
    client.post("/s/trees/events/", {"step": person.step, "events": told})
    assert list(person.events.values_list("kind", flat=True)) == ["cell"]


def test_changed_cosines_are_found_by_the_verification_and_leave_the_page_as_it_was(
    client: Tab,
) -> None:
    study = interactive_study()
    person, trial = at_a_trial(client, study)
    assert frozen_sha256(study) == study.frozen_sha256
    file = pairs_folder(trial.prediction.run) / "pairs.bin"
    file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
    assert not study_verify(study).is_same
    form = {"step": person.step, "mask": WHOLE, "at_ms": 1}
    assert client.post(MASK, form).status_code == 503


def test_nothing_that_is_sent_names_the_true_class_as_true(client: Tab) -> None:
    person, trial = at_a_trial(client, interactive_study())
    said = client.post(MASK, {"step": person.step, "mask": WHOLE, "at_ms": 1}).text
    truth = trial.prediction.image
    for secret in (truth.source, truth.sha256, truth.category.name, "gallery/", "is_right"):
        assert secret not in said


def test_ranking_needs_no_torch() -> None:
    code = (
        "import django; django.setup(); import sys, trials.participant.interactive_view;"
        "import classifiers.services.reranking; assert 'torch' not in sys.modules"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "study_site.settings", "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
