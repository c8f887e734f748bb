"""The command that makes a study."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from classifiers.models import Prediction, PredictionRun
from tests.factories import make_study
from trials.models import Study

pytestmark = pytest.mark.django_db
SMALL = ["--n-training=2", "--n-validation=4", "--pass-mark=3", "--n-test=6", "--n-sets=1"]


def create(*words: str) -> None:
    call_command("create_study", "second", "trees", "--title=Again", "--seed=3", *words)


def test_a_study_is_made_and_opened(capsys: pytest.CaptureFixture[str]) -> None:
    make_study()
    create(*SMALL, "--open")
    study = Study.objects.get(slug="second")
    assert study.is_open
    assert (study.plan.n_test, study.plan.title, study.plan.seed) == (6, "Again", 3)
    assert "People enter at /s/second/" in capsys.readouterr().out


def test_without_open_it_stays_a_draft() -> None:
    make_study()
    create(*SMALL)
    assert Study.objects.get(slug="second").status == Study.Status.DRAFT


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "needs 308 and 307"),
        (["--n-test=5"], "n_test: found 5, expected an even number"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(words: list[str], message: str) -> None:
    make_study()
    with pytest.raises(CommandError, match=message):
        create(*words)


def another_knn_run() -> PredictionRun:
    """Copy the kNN run, with its predictions, as one of other parameters."""
    run = PredictionRun.objects.get(classifier="knn")
    predictions = list(run.predictions.all())
    run.pk, run.parameters, run.parameters_sha256 = None, {"n_voters": 10}, "1" * 64
    run.save()
    for each in predictions:
        each.pk, each.run = None, run
    Prediction.objects.bulk_create(predictions)
    return run


def test_a_run_with_other_parameters_is_judged_only_when_named() -> None:
    make_study()
    other = another_knn_run()
    create(*SMALL)
    study = Study.objects.get(slug="second")
    assert study.conditions.get(name="kNN").run != other
    study.delete()
    create(*SMALL, f"--run={other.pk}")
    assert Study.objects.get(slug="second").conditions.get(name="kNN").run == other


def test_an_unknown_run_lists_the_known_ones() -> None:
    make_study()
    with pytest.raises(CommandError, match=r"No run 999; runs: .*trees/tiny knn on query"):
        create(*SMALL, "--run=999")


def test_a_name_is_given_once() -> None:
    make_study()
    with pytest.raises(CommandError, match="'trees' exists already"):
        call_command("create_study", "trees", "trees", "--title=x", "--seed=1")
