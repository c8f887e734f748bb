"""A dataset's pages: its photos, the words that people read, and how the AI does on it."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from classifiers.models import Category, Dataset, Gallery, Image, Job, PredictionRun
from tests.factories import make_dataset, make_run, make_study
from trials.panels.photos import image_url
from trials.ready_made import READY_MADE
from trials.studio.dataset_ai import by_category, confusion, confusions, matrix
from trials.studio.dataset_photos import N_PHOTOS

PHOTOS, AI = "/studio/datasets/trees/photos/", "/studio/datasets/trees/ai/"
pytestmark = pytest.mark.django_db


def run_of(dataset: Dataset) -> PredictionRun:
    """Return a run that is right on every other photo."""
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny", status=Job.Status.DONE)
    return make_run(gallery, "knn")


def words_of(dataset: Dataset) -> dict[str, str]:
    """Return the form's fields with the words as they are."""
    found: dict[str, str] = {}
    for item in dataset.categories.all():
        found |= {f"label-{item.pk}": item.label, f"definition-{item.pk}": item.definition}
    return found


def test_the_first_photos_of_each_category_and_split_are_shown(browser: Client) -> None:
    dataset = make_dataset(n_queries=8, n_gallery=N_PHOTOS + 2)
    page = browser.get(PHOTOS).text
    for category in dataset.categories.all():
        for split, n in (("gallery", N_PHOTOS), ("query", 2)):
            images = category.images.filter(split=split).order_by("sha256")
            shown = [f'src="{image_url(image)}"' in page for image in images]
            assert shown == [at < n for at in range(len(shown))]


def test_words_are_changed_until_a_frozen_study_shows_them(browser: Client) -> None:
    dataset = make_dataset()
    first = dataset.categories.order_by("index")[0]
    posted = words_of(dataset) | {f"label-{first.pk}": "Amber", f"definition-{first.pk}": "Gold"}
    assert "Saved the words of 1 categories." in browser.post(PHOTOS, posted, follow=True).text
    first.refresh_from_db()
    assert (first.label, first.definition) == ("Amber", "Gold")


def test_words_that_a_frozen_study_shows_stay(browser: Client) -> None:
    dataset = make_study().dataset
    first = dataset.categories.order_by("index")[0]
    assert f'name="label-{first.pk}"' not in browser.get(PHOTOS).text
    posted = words_of(dataset) | {f"label-{first.pk}": "Amber"}
    assert "which is frozen. Nothing changed." in browser.post(PHOTOS, posted, follow=True).text
    assert Category.objects.get(pk=first.pk).label == first.label


@pytest.mark.parametrize(
    ("field", "words", "said"),
    [
        ("label", "", "has 0 characters"),
        ("label", "x" * 201, "has 201 characters"),
        ("label", "BIRCH TREE", "both be called"),
        ("definition", "x" * 2001, "has 2,001 characters, expected at most 2,000"),
    ],
)
def test_words_that_people_could_not_use_are_refused(
    browser: Client, field: str, words: str, said: str
) -> None:
    dataset = make_dataset()
    first = dataset.categories.order_by("index")[0]
    posted = words_of(dataset) | {f"{field}-{first.pk}": words}
    assert said in browser.post(PHOTOS, posted, follow=True).text
    assert getattr(Category.objects.get(pk=first.pk), field) == getattr(first, field)


def test_accuracy_and_confusions_are_those_of_a_count_by_hand() -> None:
    dataset = make_dataset()
    run = run_of(dataset)
    categories = list(dataset.categories.order_by("index"))
    pairs = [(item.image.category, item.category) for item in run.predictions.all()]
    for row, category in zip(by_category(run, categories), categories, strict=False):
        own = [said for true, said in pairs if true.label == row.label]
        assert (row.n, row.n_right) == (len(own), sum(said.label == row.label for said in own))
        assert category.label in {item.label for item in by_category(run, categories)}
    counts = confusion(run)
    assert counts == {
        (a.pk, b.pk): n for a in categories for b in categories if (n := pairs.count((a, b)))
    }
    cells = [[cell.n for cell in row] for _, row in matrix(counts, categories)]
    assert sum(map(sum, cells)) == len(pairs)
    assert sum(n for *_, n in confusions(counts, categories)) == len(pairs) // 2


def test_the_page_of_an_ai_says_for_which_studies_the_photos_are_enough(browser: Client) -> None:
    run = run_of(make_dataset())
    page = browser.get(AI).text
    assert f"{run.name} is right on <strong>10</strong> of 20 photos" in page
    assert "5 photos too few where the AI is right (10 of 15)" in page
    assert "its editor proposes smaller sets" in page
    assert page.index("Short first study") < page.index("Choice among classes")
    assert page.count("✗ wrong") == page.count("✓ right") == 2
    assert page.count('alt="Example: ') == 20


def test_without_predictions_the_page_says_where_to_make_them(browser: Client) -> None:
    make_dataset()
    assert "Make predictions" in browser.get(AI).text


@pytest.mark.parametrize(("page", "n_queries"), [(PHOTOS, 14), (AI, 17 + len(READY_MADE))])
@pytest.mark.parametrize("n_queries_photos", [8, 24])
def test_a_page_takes_the_same_queries_for_any_number_of_photos(
    browser: Client,
    page: str,
    n_queries: int,
    n_queries_photos: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    run_of(make_dataset(n_queries=n_queries_photos))
    with django_assert_num_queries(n_queries):
        browser.get(page)
    assert Image.objects.filter(split="query").count() == n_queries_photos
