"""Photos that something holds: what people are shown of them stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from classifiers.models import Category, Dataset, Image
from classifiers.services import dataset_locks
from classifiers.services.dataset_locks import Hold
from classifiers.services.datasets import DatasetRefused
from tests.classifiers.photos import imported, many_photos, photo, reasons

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(birds: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The birds, imported, and held with the first photo of each category."""
    imported(birds)

    def find(dataset: Dataset) -> Iterator[Hold]:
        yield Hold("study one", 0)
        yield Hold(f"study of {dataset}", 1)

    monkeypatch.setattr(dataset_locks, "HOLDERS", [find])
    return birds


@pytest.mark.parametrize("row", ["bunting,Bluebird,", "bunting,bunting,A small bird."])
def test_another_label_or_definition_is_refused_by_holder_and_words(held: Path, row: str) -> None:
    (held / "categories.csv").write_text(f"folder,label,definition\n{row}\n")
    with pytest.raises(DatasetRefused, match=r"1 categories, first 'bunting'.* in study one, "):
        imported(held)
    assert set(Category.objects.values_list("label", "definition")) == {
        ("bunting", ""), ("cardinal", "")
    }  # fmt: skip


def test_the_same_words_and_other_photos_are_taken(held: Path) -> None:
    (held / "categories.csv").write_text("folder,label,definition\nbunting,bunting,\n")
    photo(held / "query/bunting/3.png", seed=3)
    assert imported(held).n_new == 1


def test_a_photo_that_would_present_its_category_is_refused_by_name(held: Path) -> None:
    before = first_of("bunting")
    for seed in range(20, 40):
        photo(held / f"gallery/bunting/{seed}.png", seed=seed)
    report = imported(held)
    assert first_of("bunting") == before
    assert report.n_new > 0
    assert report.n_new + len(report.refused) == 20
    for reason in reasons(report).values():
        assert reason.startswith("it would be among the 1 photos that present bunting in study")


def first_of(category: str) -> str:
    found = Image.objects.filter(split="gallery", category__name=category).order_by("sha256")
    return found.values_list("sha256", flat=True)[0]


def test_where_fewer_photos_are_presented_than_could_be_none_is_added(
    held: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_locks, "HOLDERS", [lambda dataset: [Hold("study one", 2)]])
    photo(held / "gallery/bunting/9.png", seed=20)
    photo(held / "query/bunting/9.png", seed=21)
    assert list(reasons(imported(held))) == ["gallery/bunting/9.png"]


def test_a_drawn_gallery_photo_is_held_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many_photos(root, 0, 4)
    imported(root, 0.5, 1)
    n_before = Image.objects.filter(split="gallery").count()
    monkeypatch.setattr(dataset_locks, "HOLDERS", [lambda dataset: [Hold("study one", 6)]])
    many_photos(root, 4, 20)
    report = imported(root, 0.5, 1)
    assert Image.objects.filter(split="gallery").count() == n_before
    assert report.n_new + len(report.refused) == 16
    assert report.n_new > 0
