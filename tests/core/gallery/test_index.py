"""The gallery on disk: exact neighbours, and interruptions that lose nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from classifiers.core.backbones.backbones import Backbone
from classifiers.core.features import Features
from classifiers.core.gallery.index import Gallery, GalleryRefused
from tests.core.oracles import nearest_brute_force
from tests.core.toys import CHANNELS, toy_features, writer


def part(features: Features, start: int, stop: int) -> Features:
    return Features(features.maps[start:stop], features.vectors[start:stop])


@pytest.mark.parametrize("n", [1, 8, 60])
def test_neighbours_are_those_of_brute_force(gallery: Gallery, n: int) -> None:
    queries = toy_features(7, seed=1).vectors
    rows, cosines = gallery.nearest(queries, n)
    for query, *found in zip(queries, rows, cosines, strict=True):
        expected = nearest_brute_force(gallery.vectors, query.numpy(), n)
        assert list(zip(*(item.tolist() for item in found), strict=True)) == expected


def test_equal_images_come_in_the_order_of_their_rows(gallery: Gallery) -> None:
    rows, cosines = gallery.nearest(gallery.vectors_all()[5:6], 4)
    assert rows[0, :3].tolist() == [5, 7, 8]
    assert cosines[0, 0] == cosines[0, 1] == cosines[0, 2] > cosines[0, 3]


def test_a_gallery_of_one_image_over_and_over_keeps_its_order(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    features = toy_features(1)
    unfinished = writer(tmp_path / "g", toy_backbone)
    unfinished.append(
        Features(features.maps.expand(60, -1, -1, -1), features.vectors.expand(60, -1))
    )
    rows, _ = unfinished.finish().nearest(toy_features(1, seed=1).vectors, 20)
    assert rows[0].tolist() == list(range(20))


def test_a_small_gallery_gives_what_it_has(gallery: Gallery) -> None:
    assert gallery.nearest(toy_features(1).vectors, 500)[0].shape == (1, 60)


def test_no_queries_have_no_neighbours(gallery: Gallery) -> None:
    assert gallery.nearest(torch.empty(0, CHANNELS), 3)[0].shape == (0, 3)


@pytest.mark.parametrize(("shape", "n"), [((1, 3), 5), ((CHANNELS,), 5), ((1, CHANNELS), 0)])
def test_queries_that_do_not_fit_are_refused(
    gallery: Gallery, shape: tuple[int, ...], n: int
) -> None:
    with pytest.raises(ValueError, match=r"expected \(Q, 24\) and n at least 1"):
        gallery.nearest(torch.zeros(shape), n)


@pytest.mark.parametrize("value", [1.0, float("nan")])
def test_vectors_that_are_not_of_unit_length_are_refused(gallery: Gallery, value: float) -> None:
    with pytest.raises(ValueError, match="expected unit vectors"):
        gallery.nearest(torch.full((1, CHANNELS), value), 1)


def test_what_is_written_is_what_is_read(gallery: Gallery) -> None:
    features = toy_features(60)
    assert torch.equal(gallery.maps_of(torch.tensor([9, 3])), features.maps[[9, 3]])
    assert np.array_equal(gallery.vectors[9:], features.vectors[9:].numpy())
    assert gallery.image_ids.tolist() == list(range(1000, 1060))
    assert (len(gallery), gallery.labels.tolist()) == (60, [0, 1, 2] * 20)


def test_maps_come_channels_last(gallery: Gallery) -> None:
    maps = gallery.maps_of(torch.tensor([1, 2]))
    assert maps.is_contiguous(memory_format=torch.channels_last)


def test_an_open_gallery_cannot_be_changed(gallery: Gallery) -> None:
    for mapped in (gallery.vectors, gallery.maps):
        with pytest.raises(ValueError, match="read-only"):
            mapped[0] = 0


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_all_vectors_are_a_copy(tmp_path: Path, toy_backbone: Backbone, dtype: str) -> None:
    unfinished = writer(tmp_path, toy_backbone, vectors_dtype=dtype)
    unfinished.append(toy_features(60))
    found = unfinished.finish()
    vectors = found.vectors_all()
    assert np.array_equal(vectors.numpy(), found.vectors.astype(np.float32))
    vectors.zero_()
    assert found.vectors.any()


def test_an_interrupted_extraction_goes_on_where_it_stopped(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    features = toy_features(60)
    writer(tmp_path / "g", toy_backbone).append(part(features, 0, 25))
    resumed = writer(tmp_path / "g", toy_backbone)
    assert resumed.n_done == 25
    resumed.append(part(features, 25, 60))
    assert torch.equal(resumed.finish().maps_of(torch.arange(60)), features.maps)


def test_a_crash_before_the_first_record_starts_again(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    writer(tmp_path / "g", toy_backbone)
    (tmp_path / "g" / "progress.json").unlink()
    assert writer(tmp_path / "g", toy_backbone).n_done == 0


def test_a_finished_gallery_needs_no_more_work(gallery: Gallery, toy_backbone: Backbone) -> None:
    again = writer(gallery.path, toy_backbone)
    assert again.n_done == 60
    assert again.finish().manifest == gallery.manifest


@pytest.mark.parametrize(
    "change", [{"dataset": "b"}, {"labels": [0] * 60}, {"image_ids": [*range(60)]}]
)
def test_another_plan_does_not_resume(
    tmp_path: Path, toy_backbone: Backbone, change: dict[str, Any]
) -> None:
    writer(tmp_path / "g", toy_backbone)
    with pytest.raises(GalleryRefused, match=r"Extract into another\s+folder"):
        writer(tmp_path / "g", toy_backbone, **change)


def test_another_backbone_does_not_overwrite_a_finished_gallery(
    gallery: Gallery, toy_backbone: Backbone
) -> None:
    with pytest.raises(GalleryRefused, match="has backbone 'toy'; expected 'new'"):
        writer(gallery.path, replace(toy_backbone, name="new"))


def test_an_unfinished_gallery_does_not_open(tmp_path: Path, toy_backbone: Backbone) -> None:
    unfinished = writer(tmp_path / "g", toy_backbone)
    unfinished.append(part(toy_features(60), 0, 59))
    with pytest.raises(ValueError, match="59 of 60 rows are written"):
        unfinished.finish()
    with pytest.raises(GalleryRefused, match="holds an unfinished extraction"):
        Gallery.open(tmp_path / "g")


def test_an_empty_folder_is_no_gallery(tmp_path: Path) -> None:
    with pytest.raises(GalleryRefused, match=r"holds no gallery; expected manifest.json"):
        Gallery.open(tmp_path)


def test_a_deleted_gallery_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(GalleryRefused, match=r"build_gallery DATASET --backbone NAME"):
        Gallery.open(tmp_path / "gone")


def test_a_gallery_opens_only_with_its_own_backbone(
    gallery: Gallery, toy_backbone: Backbone
) -> None:
    assert len(Gallery.open(gallery.path, toy_backbone)) == 60
    with pytest.raises(GalleryRefused, match=r"has weights_sha256 '57934.*; expected 'x'"):
        Gallery.open(gallery.path, replace(toy_backbone, weights_sha256="x"))


def test_another_format_is_refused(gallery: Gallery) -> None:
    manifest = json.loads((gallery.path / "manifest.json").read_text())
    (gallery.path / "manifest.json").write_text(json.dumps(manifest | {"format_version": 3}))
    with pytest.raises(GalleryRefused, match="has format_version 3; expected 2"):
        Gallery.open(gallery.path)


def as_format_1(path: Path) -> None:
    found = json.loads(path.read_text())
    for name in ("vectors_dtype", "maps_dtype", "grey"):
        del found[name]
    path.write_text(json.dumps(found | {"format_version": 1, "dtype": "float32"}))


def test_a_gallery_of_the_first_format_still_opens(
    gallery: Gallery, toy_backbone: Backbone
) -> None:
    as_format_1(gallery.path / "manifest.json")
    assert Gallery.open(gallery.path).manifest == gallery.manifest
    assert writer(gallery.path, toy_backbone).n_done == 60


def test_an_extraction_begun_in_the_first_format_goes_on(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    features = toy_features(60)
    writer(tmp_path / "g", toy_backbone).append(part(features, 0, 25))
    as_format_1(tmp_path / "g" / "progress.json")
    resumed = writer(tmp_path / "g", toy_backbone)
    resumed.append(part(features, 25, 60))
    assert torch.equal(resumed.finish().maps_of(torch.arange(60)), features.maps)


def test_half_precision_takes_half_the_space_and_reads_as_float32(
    tmp_path: Path, toy_backbone: Backbone
) -> None:
    half = writer(tmp_path, toy_backbone, vectors_dtype="float16", maps_dtype="float16")
    half.append(toy_features(60))
    found = half.finish()
    assert (found.vectors.itemsize, found.maps.itemsize) == (2, 2)
    assert torch.equal(found.maps_of(torch.tensor([3])), toy_features(60).maps[3:4].half().float())


@pytest.mark.parametrize(
    "change", [{"vectors_dtype": "float16"}, {"maps_dtype": "float16"}, {"grey": "half"}]
)
def test_features_of_two_kinds_do_not_mix(
    gallery: Gallery, toy_backbone: Backbone, change: dict[str, Any]
) -> None:
    with pytest.raises(GalleryRefused, match=f"has {next(iter(change))}"):
        writer(gallery.path, toy_backbone, **change)


@pytest.mark.parametrize("n", [1, 8, 60])
def test_only_images_of_the_given_classes_compete(gallery: Gallery, n: int) -> None:
    query = toy_features(1, seed=3).vectors
    rows, cosines = gallery.nearest(query, n, classes={0, 2})
    everyone = nearest_brute_force(gallery.vectors, query[0].numpy(), 60)
    expected = [person for person in everyone if gallery.labels[person[0]] in (0, 2)][:n]
    assert list(zip(rows[0].tolist(), cosines[0].tolist(), strict=True)) == expected


def test_classes_that_the_gallery_lacks_are_refused(gallery: Gallery) -> None:
    with pytest.raises(ValueError, match=r"No image of the classes \[7\]; .*\[0, 1, 2\]"):
        gallery.nearest(toy_features(1).vectors, 1, classes=[7])


@pytest.mark.parametrize("name", ["image_ids", "labels"])
def test_ids_and_labels_are_checked_against_the_manifest(gallery: Gallery, name: str) -> None:
    np.save(gallery.path / f"{name}.npy", np.zeros(60, dtype=np.int64))
    with pytest.raises(GalleryRefused, match=f"has {name}_sha256"):
        Gallery.open(gallery.path)


def test_arrays_of_another_shape_are_refused(gallery: Gallery) -> None:
    np.save(gallery.path / "vectors.npy", np.zeros((3, CHANNELS), dtype=np.float32))
    with pytest.raises(GalleryRefused, match=r"has shape \(3, 24\).*says \(60, 24\)"):
        Gallery.open(gallery.path)


def test_a_missing_array_is_named(gallery: Gallery) -> None:
    (gallery.path / "maps.npy").unlink()
    with pytest.raises(GalleryRefused, match=r"maps\.npy is missing. Delete .* and run"):
        Gallery.open(gallery.path)


def test_rows_beyond_the_plan_are_refused(tmp_path: Path, toy_backbone: Backbone) -> None:
    unfinished = writer(tmp_path / "g", toy_backbone, n=3)
    with pytest.raises(ValueError, match="at most 3 rows"):
        unfinished.append(toy_features(4))


@pytest.mark.parametrize("value", [1.0, float("nan")])
def test_vectors_that_are_not_of_unit_length_are_not_written(
    tmp_path: Path, toy_backbone: Backbone, value: float
) -> None:
    features = Features(toy_features(2).maps, torch.full((2, CHANNELS), value))
    with pytest.raises(ValueError, match="expected unit vectors"):
        writer(tmp_path, toy_backbone).append(features)


def test_features_of_another_shape_are_refused(tmp_path: Path, toy_backbone: Backbone) -> None:
    wrong = toy_features(2)
    with pytest.raises(ValueError, match=r"expected \(2, 24, 7, 7\)"):
        writer(tmp_path / "g", toy_backbone).append(Features(wrong.maps[:, :5], wrong.vectors))


@pytest.mark.parametrize("change", [{"labels": [1]}, {"image_ids": [], "labels": []}])
def test_a_plan_needs_a_label_for_each_image(
    tmp_path: Path, toy_backbone: Backbone, change: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"expected two of shape \(N,\)"):
        writer(tmp_path, toy_backbone, **change)


def test_a_plan_names_each_image_once(tmp_path: Path, toy_backbone: Backbone) -> None:
    with pytest.raises(ValueError, match="occurs twice"):
        writer(tmp_path, toy_backbone, n=2, image_ids=[4, 4])
