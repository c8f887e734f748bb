"""The comparison of classifiers, by the command: the runs that it asks for and looks at."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from classifiers import tasks
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.management.arguments import WITHOUT_MASK
from classifiers.management.commands import _progress
from classifiers.management.commands import evaluate as evaluate_command
from classifiers.management.commands import predict as predict_command
from classifiers.models import Gallery, Job, Prediction, PredictionRun
from classifiers.services import evaluations
from tests.classifiers.evaluated import document, evaluate, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's work be done here and at once."""
    monkeypatch.setattr(tasks.predict, "delay", tasks.predict)
    monkeypatch.setattr(transaction, "on_commit", lambda ring: ring())


def test_what_needs_a_mask_is_left_out_unless_one_is_given(
    trees: Gallery,
    out: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(evaluate(out)) == list(WITHOUT_MASK)
    settings.DATA_DIR = out.parent
    asked: list[dict[str, Any]] = []

    def refuse(**options: Any) -> None:
        asked.append(options)
        raise evaluations.EvaluationRefused("asked")

    monkeypatch.setattr(evaluate_command, "evaluation_request", refuse)
    file = written(out.parent / "masks.json", {"a/1.jpg": "1" * 49})
    with pytest.raises(CommandError, match="asked"):
        evaluate(out, "--masks", file)
    sha256 = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert (asked[0]["classifiers"], asked[0]["parameters"]["masks"]) == (list(CLASSIFIERS), sha256)
    assert f"sha256 {sha256}" in capsys.readouterr().out


def test_predict_prints_which_masks_it_uses(
    trees: Gallery,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.DATA_DIR = tmp_path
    asked: list[dict[str, Any]] = []

    def record(**options: Any) -> list[PredictionRun]:
        asked.append(options)
        return []

    monkeypatch.setattr(predict_command, "runs_request", record)
    monkeypatch.setattr(_progress, "wait_for", lambda *_: None)
    file = written(tmp_path / "masks.json", {"a/1.jpg": "1" * 49})
    call_command("predict", "trees", "--backbone", "tiny", "--masks", file)
    sha256 = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert f"Masks: {file}, sha256 {sha256}" in capsys.readouterr().out
    assert asked[0]["classifiers"] == list(CLASSIFIERS)


def test_a_missing_gallery_is_refused_with_the_command_to_run(trees: Gallery, out: Path) -> None:
    with pytest.raises(CommandError, match="build_gallery trees --backbone other"):
        evaluate(out, backbone="other")
    Gallery.objects.update(status=Job.Status.QUEUED)
    with pytest.raises(CommandError, match=r"is queued. Run: manage.py build_gallery trees"):
        evaluate(out)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("n_voter=3", "No classifier here has a parameter 'n_voter'"),
        ("n_voters=0", "expected a whole number, at least 1"),
        ("transform=squash", "Expected --transform and --restrict instead"),
    ],
)
def test_parameters_that_cannot_be_are_refused(
    trees: Gallery, out: Path, given: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        evaluate(out, "--set", given)


def test_missing_predictions_are_asked_for_and_all_rows_count(
    gallery: Gallery, out: Path, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("--classifier", "knn", "--classifier", "emd-corr")
    first = evaluate(out, *names, dataset="shades", backbone=gallery.backbone)
    lost = Prediction.objects.filter(run__classifier="knn")[:2]
    Prediction.objects.filter(pk__in=[item.pk for item in lost]).delete()
    again = evaluate(out, *names, dataset="shades", backbone=gallery.backbone)
    assert again == first
    assert {row["n"] for row in again.values()} == {6}


def test_restricted_and_squashed_are_runs_of_their_own(
    gallery: Gallery, out: Path, eager: None
) -> None:
    options = ("--classifier", "knn", "--restrict", "--transform", "squash", "--set", "n_voters=3")
    evaluate(out, *options, dataset="shades", backbone=gallery.backbone)
    run = PredictionRun.objects.get()
    assert run.parameters == {"n_voters": 3, "transform": "squash", "classes": "split"}
    about = document(out)
    assert (about["transform"], about["classes"]) == ("squash", "split")


def test_classifiers_of_equal_parameters_share_one_pass(
    gallery: Gallery, out: Path, rung: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "on_commit", lambda ring: ring())
    runs = evaluations.evaluation_request(
        gallery=gallery,
        classifiers=["knn", "softmax", "emd-corr"],
        split="query",
        parameters={"transform": "squash", "n_voters": 3},
    )
    assert [run.classifier for run in runs] == ["knn", "softmax", "emd-corr"]
    assert [ids for _, ids in rung] == [[runs[0].pk, runs[2].pk], [runs[1].pk]]


def test_a_run_that_lacks_predictions_is_not_evaluated(trees: Gallery) -> None:
    run = PredictionRun.objects.get(classifier="knn")
    Prediction.objects.filter(pk=run.predictions.first().pk).delete()  # type: ignore[union-attr]
    with pytest.raises(evaluations.EvaluationRefused, match=r"lacks 1 of 20 predictions. Run"):
        evaluations.evaluation_read(runs=[run])
