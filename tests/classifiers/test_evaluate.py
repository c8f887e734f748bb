"""The comparison of classifiers, by the command: figures of stored predictions, and files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from classifiers.core.backbones.backbones import imagenet_wnids
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.metrics.evaluation import auroc
from classifiers.models import Category, Gallery, Image, Prediction
from tests.classifiers.evaluated import document, evaluate, table, written

pytestmark = pytest.mark.django_db


def test_every_classifier_is_compared_and_written_three_times(
    trees: Gallery, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = [word for name in CLASSIFIERS for word in ("--classifier", name)]
    assert list(evaluate(out, *every)) == list(CLASSIFIERS)
    said, page = capsys.readouterr().out, (out / "evaluation.md").read_text()
    for item in CLASSIFIERS.values():
        assert f"| {item.label} " in said
        assert f"| {item.label} " in page
    rows = table(out)
    assert [row["classifier"] for row in rows] == list(CLASSIFIERS)
    assert {(row["n"], row["n_right"], row["accuracy"]) for row in rows} == {("20", "10", "0.5")}


def test_changes_are_counted_against_knn(trees: Gallery, out: Path) -> None:
    wrong = Prediction.objects.filter(run__classifier="emd-corr").exclude(
        pk__in=Prediction.objects.right()
    )
    for prediction in wrong[:3]:
        prediction.category = prediction.image.category
        prediction.save()
    figures = evaluate(out)
    emd, knn = figures["emd-corr"], figures["knn"]
    assert (emd["n_right"], emd["n_gained"], emd["n_lost"], emd["mcnemar_p"]) == (13, 3, 0, 0.25)
    assert (knn["n_gained"], knn["n_lost"], knn["mcnemar_p"]) == (None, None, None)


def test_figures_are_those_of_the_stored_rows(trees: Gallery, out: Path) -> None:
    stored = list(Prediction.objects.filter(run__classifier="knn").select_related("image"))
    shares = [(number % 7) / 20 for number in range(len(stored))]
    for prediction, share in zip(stored, shares, strict=True):
        Prediction.objects.filter(pk=prediction.pk).update(confidence=share)
    right = [item.is_right for item in stored]
    knn = evaluate(out)["knn"]
    assert knn["auroc"] == auroc(shares, right)
    gaps = [(share - is_right) ** 2 for share, is_right in zip(shares, right, strict=True)]
    assert knn["brier"] == pytest.approx(sum(gaps) / 20)
    assert sum(item["n"] for item in knn["bins"]) == 20


def test_a_classifier_that_is_always_right_has_no_auroc_and_the_file_says_why(
    trees: Gallery, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Prediction.objects.exclude(pk__in=Prediction.objects.right()).delete()
    Image.objects.filter(split="query", predictions=None).delete()
    knn = evaluate(out, "--classifier", "knn")["knn"]
    assert (knn["n"], knn["auroc"]) == (10, None)
    assert knn["notes"]["auroc"].startswith("all 10 predictions are right")
    assert "kNN, auroc: all 10" in capsys.readouterr().out
    assert table(out)[0]["auroc"] == ""
    assert "|  – |" in (out / "evaluation.md").read_text()  # a rule needs a dash and a colon


def test_without_knn_the_changes_are_empty_with_the_reason(trees: Gallery, out: Path) -> None:
    softmax = evaluate(out, "--classifier", "softmax")["softmax"]
    assert (softmax["n_gained"], softmax["notes"]) == (None, {"change": "no kNN here"})


def test_labels_decide_and_images_without_any_are_skipped(trees: Gallery, out: Path) -> None:
    sources = list(Image.objects.filter(split="query").values_list("source", flat=True))
    labels: dict[str, Any] = {source: [0, 1, 2, 3] for source in sources}
    labels |= {sources[0]: [], sources[1]: ["n01440764"]}
    figures = evaluate(out, "--labels", written(out.parent / "all.json", labels))
    assert {(row["n"], row["n_right"]) for row in figures.values()} == {(19, 18)}
    about = document(out)
    assert (about["n_images"], about["n_unlabelled"], about["n_unreachable"]) == (20, 1, 1)
    assert (
        "labels that the dataset lacks; they count as wrong: 1."
        in (out / "evaluation.md").read_text()
    )


def test_the_imagenet_list_is_mapped_by_wordnet_id(trees: Gallery, out: Path) -> None:
    wnids = imagenet_wnids()
    for category in Category.objects.all():
        category.name = wnids[10 * category.index]
        category.save()
    queries = list(Image.objects.in_split(trees.dataset, "query").select_related("category"))
    for number, image in enumerate(queries, start=1):
        image.source = f"query/{image.category.name}/ILSVRC2012_val_{number:08d}.JPEG"
        image.save()
    labels = [[10 * image.category.index, 999] for image in queries]
    figures = evaluate(out, "--labels", written(out.parent / "real.json", labels))
    assert {(row["n"], row["n_right"]) for row in figures.values()} == {(20, 10)}


def test_images_on_the_list_are_left_out(trees: Gallery, out: Path) -> None:
    sources = Image.objects.filter(split="query").values_list("source", flat=True)[:5]
    (out.parent / "list.csv").write_text(
        "\n".join(["image_id,source", *(f"1,{s}" for s in sources)])
    )
    assert evaluate(out, "--leave-out", str(out.parent / "list.csv"))["knn"]["n"] == 15
    assert "15 of 20 images (5 left out, 0 without" in (out / "evaluation.md").read_text()


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--leave-out", "image\n1\n", r"columns are \['image'\], without source"),
        ("--leave-out", "source\nx.png\n", "1 of 1 images to leave out are not in this split"),
        ("--leave-out", None, "cannot be read"),
        ("--labels", "{", "is no JSON"),
        ("--labels", None, "cannot be read"),
        ("--labels", "{}", "20 images are not in the labels"),
    ],
)
def test_a_wrong_file_is_refused(
    trees: Gallery, out: Path, option: str, content: str | None, words: str
) -> None:
    file = out.parent / "given"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=words):
        evaluate(out, option, str(file))


def test_nothing_left_to_evaluate_is_refused(trees: Gallery, out: Path) -> None:
    labels: dict[str, list[int]] = {
        image.source: [] for image in Image.objects.filter(split="query")
    }
    with pytest.raises(CommandError, match=r"None of the 20 images .*0 are left out, 20 have no"):
        evaluate(out, "--labels", written(out.parent / "none.json", labels))


def test_a_folder_that_is_a_file_is_refused(trees: Gallery, out: Path) -> None:
    out.write_text("here already")
    with pytest.raises(CommandError, match="found a file, expected a folder"):
        evaluate(out)


def test_without_out_the_folder_is_named_after_the_settings(
    trees: Gallery, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    call_command("evaluate", "trees", "--backbone", "tiny", "--classifier", "knn")
    assert (tmp_path / "evaluations/trees-query-tiny-crop-all-knn/evaluation.csv").is_file()


def test_two_settings_are_two_folders(trees: Gallery, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    sources = list(Image.objects.filter(split="query").values_list("source", flat=True))
    fixed = ("evaluate", "trees", "--backbone", "tiny", "--classifier", "knn")
    for bins, label, n_out in ((15, 0, 1), (10, 0, 1), (15, 1, 1), (15, 0, 2)):
        labels = written(tmp_path / "real.json", {source: [label] for source in sources})
        (tmp_path / "out.csv").write_text("\n".join(["source", *sources[:n_out]]))
        files = ("--labels", labels, "--leave-out", str(tmp_path / "out.csv"))
        call_command(*fixed, *files, "--bins", str(bins))
    names = sorted(path.name for path in (tmp_path / "evaluations").iterdir())
    assert len(names) == 4
    hashed = "trees-query-tiny-crop-all-real-[0-9a-f]{8}-out-[0-9a-f]{8}(-bins=10)?-knn"
    assert all(re.fullmatch(hashed, name) for name in names)
