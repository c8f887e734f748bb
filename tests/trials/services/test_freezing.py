"""Freezing: what people see has a fingerprint, and cannot be changed behind their back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User as Staff

from classifiers.models import Category, Image, Neighbor, Prediction
from tests.factories import enrol, make_document, make_plan, make_study
from trials import services
from trials.models import Condition, Participant, Study, TrialItem
from trials.services import frozen_sha256, study_verify
from trials.services.refusals import StudyRefused

pytestmark = pytest.mark.django_db


def drawn(classifier: str = "emd-corr") -> Prediction:
    """Return a prediction that some participant judges."""
    item = TrialItem.objects.filter(trial_set__run__classifier=classifier).first()
    assert item is not None
    return item.prediction


def shown(rank: int = 0) -> Neighbor:
    """Return an exemplar that people see."""
    return drawn().neighbors.get(rank=rank)


def change(row: Any, **fields: Any) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(**fields)


SEEN: dict[str, Callable[[], object]] = {
    "confidence": lambda: change(drawn("softmax"), confidence=0.5),
    "votes": lambda: change(drawn(), n_votes=3),
    "voters": lambda: change(drawn(), n_voters=50),
    "AI's answer": lambda: change(drawn(), category=Category.objects.exclude(
        pk=drawn().category_id).first()),
    "photo judged": lambda: change(drawn().image, sha256="0" * 64),
    "true label": lambda: change(drawn().image, category=Category.objects.exclude(
        pk=drawn().image.category_id).first()),
    "exemplar": lambda: change(shown().image, sha256="0" * 64),
    "exemplars' order": lambda: change(shown(0), rank=99),
    "box": lambda: change(shown(), matches=[{"query_cell": 1, "gallery_cell": 1}]),
    "label": lambda: change(Category.objects.all()[0], label="fir"),
    "definition": lambda: change(Category.objects.all()[0], definition="A tree."),
    "backbone": lambda: change(drawn().run.gallery, backbone="other"),
    "place in a set": lambda: change(TrialItem.objects.all()[0], position=99),
}  # fmt: skip


@pytest.mark.parametrize("what", SEEN)
def test_the_fingerprint_changes_with_whatever_people_see(what: str) -> None:
    study = make_study()
    SEEN[what]()
    assert frozen_sha256(Study.objects.get(pk=study.pk)) != study.frozen_sha256


UNSEEN: dict[str, Callable[[], object]] = {
    "score": lambda: change(shown(), score=0.123, similarity=0.5),
    "weight of a match": lambda: change(shown(), matches=[
        match | {"weight": 0.9} for match in shown().matches]),
    "a photo nobody judges": lambda: change(Image.objects.filter(split="query").exclude(
        predictions__in=TrialItem.objects.values("prediction"))[0], sha256="0" * 64),
    "where the files lie": lambda: change(drawn().image, source="elsewhere.png", token="x" * 20),
    "an arm switched off": lambda: change(Condition.objects.all()[0], is_on=False),
    "somebody entering": lambda: enrol(Study.objects.get()),
    "an exemplar of another class": lambda: Neighbor.objects.create(
        prediction=drawn(), rank=7, score=1, similarity=1, image=Image.objects.exclude(
            category=drawn().category_id).filter(split="gallery")[0]),
}  # fmt: skip


@pytest.mark.parametrize("what", UNSEEN)
def test_the_fingerprint_changes_with_nothing_else(what: str) -> None:
    study = make_study(n_queries=60)
    UNSEEN[what]()
    assert frozen_sha256(Study.objects.get(pk=study.pk)) == study.frozen_sha256


def test_a_box_that_no_condition_shows_is_no_part_of_the_fingerprint() -> None:
    arms = [{"name": "A", "classifier": "emd-corr", "view": "exemplars"}]
    study = make_study(plan=make_plan(conditions=arms))
    change(shown(), matches=[])
    assert frozen_sha256(study) == study.frozen_sha256


@pytest.mark.parametrize(
    "changes",
    [{"title": "Other"}, {"persona": "Max"}, {"trial": {"has_confidence": False}}, {"seed": 8}],
)
def test_the_fingerprint_changes_with_the_document(changes: dict[str, Any]) -> None:
    study = make_study()
    other = services.study_create(
        slug="other", dataset=study.dataset, plan=make_plan(**changes), runs=None
    )
    assert other.frozen_sha256 != study.frozen_sha256


def test_the_same_study_made_again_has_the_same_fingerprint() -> None:
    study = make_study()
    again = services.study_create(slug="again", dataset=study.dataset, plan=study.plan)
    assert again.frozen_sha256 == study.frozen_sha256


def test_an_open_study_refuses_another_document() -> None:
    study = make_study()
    with pytest.raises(StudyRefused, match=r"trees .open. is frozen.*Make a new version"):
        services.study_revise(study=study, document=make_document(title="Other"))
    with pytest.raises(StudyRefused, match="is frozen"):
        services.study_keep_text(study=study, text="title: [")
    with pytest.raises(StudyRefused, match="is frozen"):
        services.study_delete(study=study)


def test_a_version_begins_as_the_one_before_and_tells_what_it_changed() -> None:
    study = make_study()
    second = services.study_version(study=study)
    assert services.study_version(study=study) == second
    services.study_revise(study=second, document=make_document(persona="Max"))
    second.refresh_from_db()
    assert [
        (study_change.path, study_change.after) for study_change in services.study_changes(second)
    ] == [("persona", "Max")]
    third = services.study_version(study=services.study_pilot(study=second))
    assert (third.slug, third.version, third.previous) == ("trees-v3", 3, second)


def test_a_version_stays_with_its_owner_whoever_makes_it() -> None:
    study = make_study()
    sam, pat, kim = (Staff.objects.create_user(name) for name in ("sam", "pat", "kim"))
    services.study_own(study=study, owner=sam)
    services.study_share(study=study, editors=[pat])
    second = services.study_version(study=study, user=kim)
    assert (second.owner, set(second.editors.all())) == (sam, {pat, kim})
    third = services.study_version(study=services.study_pilot(study=second), user=sam)
    assert (third.owner, set(third.editors.all())) == (sam, {pat, kim})


def test_a_draft_is_changed_instead_of_versioned() -> None:
    dataset = make_study().dataset
    draft = services.study_draft(slug="draft", dataset=dataset, document=make_document())
    with pytest.raises(StudyRefused, match="change it instead"):
        services.study_version(study=draft)


def test_people_of_the_pilot_stay_the_pilots() -> None:
    study = make_study()
    pilot = services.study_version(study=study)
    services.study_pilot(study=pilot)
    first = enrol(pilot, "alice")
    services.study_open(study=pilot)
    second = enrol(pilot, "bob")
    first.refresh_from_db()
    assert (first.stage, second.stage) == (Participant.Stage.PILOT, Participant.Stage.LIVE)
    with pytest.raises(StudyRefused, match="only one that is draft or paused can become pilot"):
        services.study_pilot(study=pilot)


def test_verifying_says_what_is_no_longer_as_it_was() -> None:
    study = make_study()
    assert study_verify(study).is_same
    change(Category.objects.all()[0], label="fir")
    Image.objects.all()[0].crop_path.unlink()
    verdict = study_verify(study)
    assert not verdict.is_same
    assert "labels or definitions that people see changed" in verdict.said[0]
    assert "1 photos have no file to show" in verdict.said[1]


def test_verifying_notices_a_document_written_over() -> None:
    study = make_study()
    study.document["title"] = "Other"
    assert "The document changed" in study_verify(study).said[0]


def test_a_draft_has_nothing_to_verify() -> None:
    study = make_study()
    draft = services.study_copy(study=study, slug="draft")
    assert "nothing to compare" in study_verify(draft).said[0]


def test_what_was_typed_is_kept_until_it_is_a_document() -> None:
    draft = services.study_copy(study=make_study(), slug="draft")
    draft = services.study_keep_text(study=draft, text="title: [")
    assert draft.draft_text == "title: ["
    draft = services.study_revise(study=draft, document=make_document(title="New"))
    assert (draft.draft_text, draft.document["title"]) == ("", "New")
