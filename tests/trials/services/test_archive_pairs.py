"""An interactive study as a file: its cosines travel with it."""

from __future__ import annotations

import base64
import json
import shutil

import pytest

from classifiers.models import Image
from classifiers.services.pairs import pairs_folder, pairs_of_image
from classifiers.services.reranking import reranked
from tests.trials.interacting import CENTRAL, interactive_study
from tests.trials.services.test_archive import elsewhere, exported
from trials.models import Study, TrialItem
from trials.services.archive_import import study_import
from trials.services.archive_pairs import pairs_drawn, pairs_lines, pairs_store
from trials.services.refusals import StudyRefused

pytestmark = pytest.mark.django_db


def answers(study: Study) -> dict[str, tuple[str, list[str]]]:
    """Return class folder and examples for one mask, by photo."""
    found = {}
    for item in TrialItem.objects.filter(trial_set__study=study)[:5]:
        ranked = reranked(item.prediction, CENTRAL)
        shown = [image.sha256 for image, _ in ranked.exemplars]
        found[item.prediction.image.sha256] = (ranked.category.name, shown)
    return found


def test_on_another_site_a_mask_gets_the_same_answer() -> None:
    study = interactive_study()
    expected, file = answers(study), exported(study)
    there = study_import(file=file, slug="again", dataset=elsewhere(study))
    assert there.is_frozen, there.said
    assert len(expected) == 5
    assert answers(there.study) == expected


def test_a_line_holds_each_pair_once_and_names_photos_by_content() -> None:
    drawn = pairs_drawn(interactive_study())
    names = {prediction.run_id: "chm-corr" for prediction, _ in drawn}
    facts = [json.loads(line) for line in pairs_lines(drawn, names)]
    prediction = drawn[0][0]
    pairs = pairs_of_image(prediction.run, prediction.image_id)
    assert facts[0]["image"] == prediction.image.sha256
    assert len(set(facts[0]["neighbors"])) == len(pairs.images) == 24


def test_a_study_without_its_cosines_is_not_written() -> None:
    study = interactive_study()
    shutil.rmtree(pairs_folder(study.conditions.get().run))
    with pytest.raises(StudyRefused, match="The study cannot be written to a file: "):
        exported(study)


def test_a_cell_that_the_grid_does_not_have_is_refused() -> None:
    drawn = pairs_drawn(interactive_study())[:1]
    (fact,) = map(json.loads, pairs_lines(drawn, {drawn[0][0].run_id: "chm-corr"}))
    fact["cells"] = base64.b64encode(b"\x31" * len(base64.b64decode(fact["cells"]))).decode()
    images = {image.sha256: image for image in Image.objects.select_related("category")}
    with pytest.raises(ValueError, match="a cell is 49; expected 0 to 48"):
        pairs_store(drawn[0][0].run, [fact], images)
