"""A new screen type, panel and classifier: one file and one template each, and nothing else."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from classifiers.core.catalogue import CLASSIFIERS, QUERY_PARAMETERS, Classifier
from classifiers.models import Gallery, Prediction
from tests.factories import enrol, make_document, make_run, make_study
from tests.trials.tab import Tab, be
from trials import services
from trials.models import Participant, QuestionAnswer, Study
from trials.models.studies import _plan_of
from trials.panels.base import PANELS
from trials.services import shown
from trials.simulation.robots import Robot, play
from trials.study.design import SCREENS
from trials.study.plan import PlanRefused, StudyPlan
from trials.study.registries import STAGES, VIEWS
from trials.study.registry import load_modules
from trials.study.schema import schema

pytestmark = pytest.mark.django_db
LAB = Path(__file__).with_name("toy_lab")
# The row of the catalogue that a classifier needs beside its file.
ROW = Classifier(
    "constant",
    label="Constant",
    votes=False,
    has_matches=False,
    parameters={"sureness": 0.5, **QUERY_PARAMETERS},
    decider="toy_lab.constant:decide",
)


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Load a temporary package with the three of them; afterwards nothing is left."""
    shutil.copytree(LAB, tmp_path / "toy_lab", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    engine = settings.TEMPLATES[0]
    own = tmp_path / "toy_lab" / "templates"
    settings.TEMPLATES = [engine | {"DIRS": [own, *engine["DIRS"]]}]
    monkeypatch.setitem(cast(dict[str, Classifier], CLASSIFIERS), "constant", ROW)
    monkeypatch.delitem(sys.modules, "toy_lab", raising=False)
    for name in ("constant", "hint", "mood"):
        monkeypatch.delitem(sys.modules, f"toy_lab.{name}", raising=False)
    _plan_of.cache_clear()  # it holds stages of the package that the last test loaded
    load_modules("toy_lab")
    yield
    for registry, name in ((SCREENS, "mood"), (STAGES, "mood"), (PANELS, "hint"), (VIEWS, "hint")):
        cast(Any, registry).remove(name)


def toy_document() -> dict[str, Any]:
    arm = {"name": "hinted", "classifier": "constant", "view": "hint"}
    document = make_document(conditions=[arm])
    document["stages"].insert(2, {"kind": "mood", "name": "morning"})
    return document


def toy_study() -> Study:
    other = make_study()
    make_run(Gallery.objects.get(), "constant")
    plan = StudyPlan.from_json(toy_document())
    study = services.study_create(slug="toy", dataset=other.dataset, plan=plan)
    return services.study_open(study=study)


def test_each_of_them_is_one_file_and_at_most_one_template() -> None:
    files = {str(path.relative_to(LAB)) for path in LAB.rglob("*") if path.suffix != ".pyc"}
    assert {file for file in files if Path(file).suffix} - {"__init__.py"} == {
        "mood.py", "templates/trials/mood.html",
        "hint.py", "templates/trials/panels/hint.html",
        "constant.py",
    }  # fmt: skip


def test_a_robot_walks_through_all_of_them_to_the_code() -> None:
    person = play(toy_study(), Robot(), random.Random(1))
    assert person.status == Participant.Status.COMPLETED
    assert person.code
    assert QuestionAnswer.objects.get().value == "fine"
    assert person.condition.run.classifier == "constant"


def test_the_pages_show_the_question_and_the_panel() -> None:
    study, browser = toy_study(), Tab()
    person = enrol(study)
    be(browser, person)
    Participant.objects.filter(pk=person.pk).update(step=2)
    assert "How are you?" in browser.get("/s/toy/session/").text
    refused = browser.post("/s/toy/session/", {"step": "2", "q_mood": " "})
    assert "Please say how you are." in refused.text
    browser.post("/s/toy/session/", {"step": "2", "q_mood": "fine"})
    assert "Look at the bark of the" in browser.get("/s/toy/session/").text


def test_the_schema_and_its_checks_know_them() -> None:
    parts = schema()["$defs"]
    assert "mood" in parts["stage"]["properties"]["kind"]["enum"]
    assert "constant" in parts["condition"]["properties"]["classifier"]["enum"]
    assert parts["condition"]["properties"]["view"]["description"].endswith(
        "hint: also a sentence."
    )
    document = toy_document()
    document["stages"][2]["question"] = "How are you"
    with pytest.raises(PlanRefused, match=r"stages\[2\].question: .*a question mark at the end"):
        StudyPlan.from_json(document)


def test_the_fingerprint_covers_what_the_panel_shows() -> None:
    study = toy_study()
    facts = shown.explanation_facts(study)[shown.judged(study)[0].pk]
    assert facts[0]["panel"] == "hint"
    Prediction.objects.filter(run__classifier="constant").update(confidence=0.1)
    assert services.frozen_sha256(study) != study.frozen_sha256
