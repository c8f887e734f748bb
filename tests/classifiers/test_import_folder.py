"""The folder as a whole, and splits drawn by a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.models import Dataset, Image
from classifiers.services.datasets import DatasetRefused, dataset_import
from classifiers.services.folders import is_query
from tests.classifiers.photos import imported, many_photos, photo, reasons, stored

pytestmark = pytest.mark.django_db


# The folder as a whole


def test_a_moved_folder_is_followed(birds: Path) -> None:
    imported(birds)
    moved = birds.rename(birds.with_name("moved"))
    assert imported(moved).n_unchanged == 4
    assert stored("gallery/bunting/1.png").path == moved / "gallery/bunting/1.png"


@pytest.mark.parametrize("is_changed", [True, False])
def test_another_folder_is_refused(birds: Path, is_changed: bool) -> None:
    imported(birds)
    other = birds.rename(birds.with_name("other"))
    path = other / "gallery/bunting/1.png"
    path.unlink()
    if is_changed:
        photo(path, seed=77)
    with pytest.raises(DatasetRefused, match=r"1 of 4 images .* first gallery/bunting/1.png"):
        imported(other)
    assert Dataset.objects.get(slug="birds").root == str(birds)


@pytest.mark.parametrize("name", ["new", "imports"])
def test_a_name_that_is_another_pages_address_is_refused(birds: Path, name: str) -> None:
    with pytest.raises(DatasetRefused, match=f"'{name}' is the address of another page"):
        dataset_import(slug=name, root=birds)
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([], "has no file"),
        ([".hidden"], "but 1 hidden file"),
        (["1.png"], "files only, no folders"),
        (["cats/1.png", "dogs/2.png"], "no split above it.*ROOT/all"),
        (["birds/gallery/cats/1.png"], "too deep.*photos/birds"),
        (["s" * 51 + "/cats/1.png"], "name too long"),
        (["cats/1.png", "dogs/2.png", "cats/kittens/3.png"], "no split above it"),
    ],
)
def test_a_wrong_layout_teaches_the_right_one(root: Path, places: list[str], words: str) -> None:
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).touch()
    with pytest.raises(DatasetRefused, match=words) as refused:
        imported(root)
    assert "ROOT/<split>/<category>/<file>" in str(refused.value)
    assert not Dataset.objects.exists()


def test_as_many_strays_as_photos_do_not_stop_the_photos(root: Path) -> None:
    (root / "README").touch()
    photo(root / "gallery/cats/1.png")
    report = imported(root)
    assert (report.n_new, list(reasons(report))) == (1, ["README"])


def test_a_missing_folder_or_a_file_in_its_place_is_refused(birds: Path) -> None:
    with pytest.raises(DatasetRefused, match="does not exist"):
        imported(birds / "nowhere")
    with pytest.raises(DatasetRefused, match="is not a folder"):
        imported(birds / "gallery/bunting/1.png")


def test_a_folder_that_cannot_be_listed_is_refused(
    birds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(DatasetRefused, match="Permission denied"):
        imported(birds)


def test_a_name_that_is_no_slug_is_refused(birds: Path) -> None:
    with pytest.raises(DatasetRefused, match=r"'my birds'.*slug"):
        dataset_import(slug="my birds", root=birds)


# Drawn splits


def splits() -> dict[str, str]:
    return dict(Image.objects.values_list("source", "split"))


def test_a_drawn_split_ignores_the_folders_and_is_stored(root: Path) -> None:
    many_photos(root, 0, 12)
    imported(root, 0.4, 2022)
    assert set(splits().values()) == {"gallery", "query"}
    dataset = Dataset.objects.get(slug="birds")
    assert (dataset.query_share, dataset.split_seed) == (0.4, 2022)


def test_a_later_import_never_moves_an_image(root: Path) -> None:
    many_photos(root, 6, 12)
    imported(root, 0.4, 2022)
    before = splits()
    many_photos(root, 0, 6)
    imported(root, 0.4, 2022)
    assert len(splits()) == 12
    assert before.items() <= splits().items()


def test_a_draw_depends_on_the_bytes_and_not_on_the_place(root: Path) -> None:
    many_photos(root, 0, 12)
    imported(root, 0.4, 2022)
    before = dict(Image.objects.values_list("sha256", "split"))
    Dataset.objects.all().delete()
    (root / "all").rename(root / "query")
    imported(root, 0.4, 2022)
    assert dict(Image.objects.values_list("sha256", "split")) == before


def test_a_draw_meets_its_share() -> None:
    drawn = [is_query(str(item), query_share=0.4, split_seed=1) for item in range(2000)]
    assert np.mean(drawn) == pytest.approx(0.4, abs=0.03)


def test_another_seed_draws_another_split() -> None:
    one, two = (
        [is_query(str(item), query_share=0.4, split_seed=seed) for item in range(50)]
        for seed in (1, 2)
    )
    assert one != two


@pytest.mark.parametrize("draw", [(0.4, 7), (0.5, 2022), (None, None)])
def test_another_draw_is_refused(root: Path, draw: tuple[float | None, int | None]) -> None:
    many_photos(root, 0, 2)
    imported(root, 0.4, 2022)
    with pytest.raises(DatasetRefused, match=r"was imported with query_share=0\.4, split_seed"):
        imported(root, *draw)


@pytest.mark.parametrize("draw", [(0.4, None), (None, 1), (0.0, 1), (1.0, 1), (40.0, 1)])
def test_half_a_draw_or_no_share_is_refused(
    birds: Path, draw: tuple[float | None, int | None]
) -> None:
    with pytest.raises(DatasetRefused, match="Expected"):
        imported(birds, *draw)


def test_a_draw_may_change_while_no_image_is_in(root: Path) -> None:
    photo(root / "all/a/1.png").write_text("broken")
    imported(root, 0.4, 2022)
    photo(root / "all/a/1.png")
    assert imported(root, 0.5, 1).n_new == 1


# The table of categories


def test_surplus_cells_are_refused_by_line(birds: Path) -> None:
    table = "folder,label,definition\nbunting,Bunting,a bird, that is blue\n"
    (birds / "categories.csv").write_text(table)
    with pytest.raises(DatasetRefused, match=r"line 2 has 4 cells.*' that is blue'\]. Put a text"):
        imported(birds)


def test_a_folder_is_found_however_its_accents_are_written(root: Path) -> None:
    for split in ("gallery", "query"):
        photo(root / split / "Mu\u0308ller/1.png", seed=len(split))
    (root / "categories.csv").write_text("folder,label\nM\u00fcller,Herr M\u00fcller\n")
    assert imported(root).refused == ()
    assert Dataset.objects.get().categories.get().label == "Herr M\u00fcller"


def test_folders_without_end_are_refused_by_name(birds: Path) -> None:
    (birds / "query" / "/".join("x" * 60)).mkdir(parents=True)
    assert list(reasons(imported(birds)).values()) == ["too many levels of folders"]
