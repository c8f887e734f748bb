"""Accepted labels in the database: all rows or none, and one truth for everything that counts."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from classifiers.core.metrics.labels import LabelsRefused
from classifiers.models import AcceptedLabel, Dataset, Gallery, Image, Prediction
from classifiers.services.accepted_labels import LabelReport, labels_import
from classifiers.services.evaluations import truths_of
from tests.factories import make_dataset, make_run, make_study

pytestmark = pytest.mark.django_db


def name(number: int) -> str:
    return f"secretfile{number:04d}.png"


def table(*rows: tuple[int, str]) -> bytes:
    return "\n".join(["image,label", *(f"{name(n)},{label}" for n, label in rows)]).encode()


def predictions(dataset: Dataset) -> dict[str, Prediction]:
    run = make_run(Gallery.objects.create(dataset=dataset, backbone="tiny"), "softmax")
    return {each.image.source[-len(name(0)) :]: each for each in run.predictions.all()}


ROWS = table((0, "kind_birch"), (0, "kind_cedar"), (1, "kind_cedar"), (2, ""), (3, "n01440764"))


def test_the_ai_is_right_where_its_label_is_accepted_in_python_and_in_the_database() -> None:
    dataset = make_dataset(n_queries=6)
    found = predictions(dataset)  # right on 0, 2 and 4; it calls birch 1 a cedar
    labels_import(dataset=dataset, content=ROWS)
    right = {
        source for source, each in found.items() if Prediction.objects.get(pk=each.pk).is_right
    }
    assert right == {name(1), name(4)}
    in_database = Prediction.objects.right().values_list("image__source", flat=True)
    assert {source[-len(name(0)) :] for source in in_database} == right
    assert Prediction.objects.all().counts() == (2, 5)


def test_the_figures_of_evaluate_follow_what_is_stored() -> None:
    dataset = make_dataset(n_queries=5)
    labels_import(dataset=dataset, content=ROWS)
    images = list(Image.objects.in_split(dataset, "query").order_by("pk"))
    truths = truths_of(dataset, images, None)
    assert [truths[image.pk] for image in images] == [{1, 2}, {2}, None, frozenset(), {0}]


def test_the_same_file_again_changes_nothing_and_another_replaces_the_labels() -> None:
    dataset = make_dataset(n_queries=5)
    assert labels_import(dataset=dataset, content=ROWS) == LabelReport(4, 4, 1, 1)
    assert labels_import(dataset=dataset, content=ROWS).n_changed == 0
    labels_import(dataset=dataset, content=table((0, "kind_amber")))
    kept = AcceptedLabel.objects.values_list("image__source", "category__name")
    assert {source[-len(name(0)) :]: kind for source, kind in kept} == {
        name(0): "kind_amber", name(1): "kind_cedar",
    }  # fmt: skip


def test_one_refused_row_keeps_all_out_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_dataset(n_queries=5)
    (tmp_path / "labels.csv").write_bytes(ROWS + b"\nnobody.png,kind_amber")
    with pytest.raises(CommandError, match="1 rows are refused"):
        call_command("import_labels", "trees", str(tmp_path / "labels.csv"))
    assert "refused line 7: no image is named 'nobody.png'" in capsys.readouterr().err
    assert not AcceptedLabel.objects.exists()


def test_a_dataset_of_a_frozen_study_keeps_its_truth() -> None:
    study = make_study(labels=ROWS)
    labels_import(dataset=study.dataset, content=ROWS)  # nothing new
    with pytest.raises(LabelsRefused, match="study trees is frozen"):
        labels_import(dataset=study.dataset, content=table((0, "kind_amber")))


def test_the_command_says_what_it_read_or_why_it_read_nothing(tmp_path: Path) -> None:
    make_dataset(n_queries=5)
    file, out = tmp_path / "labels.csv", StringIO()
    with pytest.raises(CommandError, match=r"labels\.csv cannot be read: No such file"):
        call_command("import_labels", "trees", str(file))
    file.write_bytes(b"image,label\n")
    with pytest.raises(CommandError, match=r"names no image; expected some of trees's query split"):
        call_command("import_labels", "trees", str(file))
    file.write_bytes(ROWS)
    call_command("import_labels", "trees", str(file), stdout=out)
    assert "names 4 images of trees; 4 changed. Nobody labelled 1" in out.getvalue()
