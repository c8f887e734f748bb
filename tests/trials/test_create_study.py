"""The command that makes a study."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from classifiers.models import Prediction, PredictionRun
from tests.factories import make_document, make_study
from trials.models import Study
from trials.ready_made import READY_MADE, ready_made
from trials.study.document import write
from trials.study.plan import StudyPlan

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a small document."""
    path = tmp_path / "study.yaml"
    path.write_text(write(make_document(n_sets=1)), encoding="utf-8")
    return path


def create(file: Path, *words: str) -> None:
    call_command("create_study", "second", "trees", f"--document={file}", "--title=Again", *words)


def test_a_study_is_made_and_opened(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_study()
    create(file, "--seed=3", "--open")
    study = Study.objects.get(slug="second")
    assert study.is_open
    assert (study.plan.test.n, study.plan.title, study.plan.seed) == (6, "Again", 3)
    assert "People enter at /s/second/" in capsys.readouterr().out


def test_without_open_nobody_can_enter_yet(file: Path) -> None:
    make_study()
    create(file)
    study = Study.objects.get(slug="second")
    assert (study.status, study.is_frozen) == (Study.Status.DRAFT, True)


def test_a_draft_is_not_drawn_yet(file: Path) -> None:
    make_study()
    create(file, "--draft")
    study = Study.objects.get(slug="second")
    assert (study.is_frozen, study.trial_sets.count()) == (False, 0)


def test_a_condition_can_be_chosen(file: Path) -> None:
    make_study()
    create(file, "--condition=kNN")
    assert [str(condition) for condition in Study.objects.get(slug="second").conditions.all()] == [
        "kNN"
    ]


def test_an_unknown_condition_lists_the_known_ones(file: Path) -> None:
    make_study()
    with pytest.raises(CommandError, match="No condition 'GradCAM'; the document has ResNet-50"):
        create(file, "--condition=GradCAM")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (make_document(n_sets=50), "AI right: 10 in the pool, 153 needed, 143 more"),
        (make_document(n_test=5), r"stages\[4\].n: found 5, expected an even number"),
    ],
)
def test_what_cannot_be_made_is_refused_and_leaves_nothing(
    file: Path, document: dict[str, object], message: str
) -> None:
    make_study()
    file.write_text(write(document), encoding="utf-8")
    with pytest.raises(CommandError, match=message):
        create(file)
    assert not Study.objects.filter(slug="second").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    make_study()
    with pytest.raises(CommandError, match=r"none\.yaml: No such file"):
        create(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", sorted(READY_MADE))
def test_every_built_in_document_is_a_plan(name: str) -> None:
    plan = StudyPlan.from_json(ready_made(name))
    assert len(plan.conditions) > 1


def another_knn_run() -> PredictionRun:
    """Copy the kNN run, with its predictions, as one of other parameters."""
    run = PredictionRun.objects.get(classifier="knn")
    predictions = list(run.predictions.all())
    run.pk, run.name = None, ""
    run.parameters, run.parameters_sha256 = {"n_voters": 10}, "1" * 64
    run.save()
    for prediction in predictions:
        prediction.pk, prediction.run = None, run
    Prediction.objects.bulk_create(predictions)
    return run


def test_a_run_with_other_parameters_is_judged_only_when_named(file: Path) -> None:
    make_study()
    other = another_knn_run()
    create(file)
    study = Study.objects.get(slug="second")
    assert study.conditions.get(name="kNN").run != other
    study.delete()
    create(file, f"--run={other.pk}")
    assert Study.objects.get(slug="second").conditions.get(name="kNN").run == other


def test_an_unknown_run_lists_the_known_ones(file: Path) -> None:
    make_study()
    with pytest.raises(CommandError, match=r"No run 999; runs: .*trees/tiny knn on query"):
        create(file, "--run=999")


def test_a_name_is_given_once(file: Path) -> None:
    make_study()
    with pytest.raises(CommandError, match="'trees' exists already"):
        call_command("create_study", "trees", "trees", f"--document={file}")
