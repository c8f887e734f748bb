"""What a matcher keeps of a gallery; and photos straight to decisions."""

import sys
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import pytest
import torch
from PIL import Image

from classifiers.core.backbones.backbones import LoadedBackbone
from classifiers.core.catalogue import parameters_resolved
from classifiers.core.chm import matcher_features as targets_module
from classifiers.core.chm.matcher_features import Targets, TargetsWriter, targets_folder
from classifiers.core.chm.matchers import Matcher
from classifiers.core.features import extract
from classifiers.core.gallery.index import Gallery, GalleryRefused
from classifiers.core.gallery.writer import GalleryWriter
from classifiers.core.methods import classify
from classifiers.core.query import QueryFeatures, query_features
from tests.core.oracles import random_maps
from tests.core.toys import CHANNELS, toy_crops, toy_matcher


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets_module, "LOOK_EVERY_S", 0.01)


def test_targets_are_what_the_matcher_keeps(gallery: Gallery, targets: Targets) -> None:
    rows = torch.tensor([7, 0, 59])
    expected = toy_matcher().encode(toy_crops(60)[rows.numpy()], "target")
    assert torch.equal(targets.of(rows), expected)


def test_an_interrupted_writing_goes_on(gallery: Gallery) -> None:
    matcher = toy_matcher()
    kept = matcher.encode(toy_crops(60), "target")
    first = TargetsWriter(gallery, matcher)
    first.append(kept[:40])
    assert not first.is_done
    with pytest.raises(ValueError, match="40 of 60 rows are written"):
        first.finish()
    with pytest.raises(GalleryRefused, match="has no finished targets"):
        Targets.open(gallery, matcher)
    first.close()
    second = TargetsWriter(gallery, matcher)
    assert second.n_done == 40
    second.append(kept[40:])
    assert torch.equal(second.finish().of(torch.arange(60)), kept)


def test_finished_targets_need_no_more_work(gallery: Gallery, targets: Targets) -> None:
    with TargetsWriter(gallery, toy_matcher()) as first, TargetsWriter(gallery, toy_matcher()):
        assert first.is_done
        assert np.array_equal(first.finish().kept, targets.kept)


def test_targets_of_other_weights_lie_apart(gallery: Gallery, targets: Targets) -> None:
    before, other = targets.of(torch.arange(60)), toy_matcher(seed=1)
    with pytest.raises(GalleryRefused, match="chm-lite0-crop-toy1 has no finished targets"):
        Targets.open(gallery, other)
    with TargetsWriter(gallery, other) as writer:
        assert writer.n_done == 0
    assert torch.equal(targets.of(torch.arange(60)), before)


def test_targets_of_weights_of_the_same_beginning_are_begun_anew(
    gallery: Gallery, targets: Targets
) -> None:
    for kind in ("1", "2"):
        other = replace(toy_matcher(), sha256=f"12345678{kind}")
        with TargetsWriter(gallery, other) as writer:
            assert writer.n_done == 0
            writer.append(torch.zeros(60, 3, 225, 2))
            kept = writer.finish().kept
    assert kept.shape == (60, 3, 225, 2)
    first = replace(toy_matcher(), sha256="123456781")
    with pytest.raises(GalleryRefused, match="has weights_sha256 '123456782'; expected '12345678"):
        Targets.open(gallery, first)


def test_a_second_writer_waits_and_goes_on_where_the_first_stopped(gallery: Gallery) -> None:
    matcher, kept = toy_matcher(), torch.zeros(40, 3, 225, 2)
    first = TargetsWriter(gallery, matcher)

    def meanwhile() -> None:
        first.append(kept)
        first.close()

    with TargetsWriter(gallery, matcher, on_wait=meanwhile) as second:
        assert second.n_done == 40
    with pytest.raises(ValueError, match="This writer is closed; make another"):
        first.append(kept[:1])


def test_a_second_writer_finds_what_the_first_finished(gallery: Gallery) -> None:
    first = TargetsWriter(gallery, toy_matcher())

    def meanwhile() -> None:
        first.append(torch.zeros(60, 3, 225, 2))
        first.finish()

    second = TargetsWriter(gallery, toy_matcher(), on_wait=meanwhile)
    assert second.is_done
    assert len(second.finish().kept) == 60


def test_a_wait_can_be_interrupted(gallery: Gallery) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with TargetsWriter(gallery, toy_matcher()), pytest.raises(KeyboardInterrupt):
        TargetsWriter(gallery, toy_matcher(), on_wait=interrupt)


def test_a_writer_that_nobody_holds_any_more_lets_the_next_one_go_on(gallery: Gallery) -> None:
    for _ in range(2):  # without close()
        assert TargetsWriter(gallery, toy_matcher(), on_wait=pytest.fail).n_done == 0


def test_a_writer_whose_process_died_lets_the_next_one_go_on(gallery: Gallery) -> None:
    lock = targets_folder(gallery, toy_matcher()).with_name("chm-lite0-crop-toy0.lock")
    holds = f"import fcntl; f = open({str(lock)!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX); "
    command = [sys.executable, "-c", holds + "print('held', flush=True); input()"]
    with Popen(command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with TargetsWriter(gallery, toy_matcher(), on_wait=process.kill) as writer:
            assert process.wait() < 0
            assert writer.n_done == 0


def test_each_field_of_view_has_its_own_targets(gallery: Gallery, targets: Targets) -> None:
    assert TargetsWriter(gallery, toy_matcher(), "paper").n_done == 0
    assert Targets.open(gallery, toy_matcher(), "crop").field == "crop"


def test_rows_that_do_not_fit_are_refused(gallery: Gallery) -> None:
    writer = TargetsWriter(gallery, toy_matcher())
    for kept in (torch.zeros(1, 3, 225, 4), torch.zeros(61, 3, 225, 2)):
        with pytest.raises(ValueError, match="after 0 of 60 rows; expected"):
            writer.append(kept)


def test_an_array_that_is_not_the_manifests_is_refused(gallery: Gallery, targets: Targets) -> None:
    folder = targets_folder(gallery, toy_matcher())
    np.save(folder / "targets.npy", np.zeros((60, 3, 225, 2)))
    with pytest.raises(GalleryRefused, match=r"float64; its .*Delete .* manage.py predict"):
        Targets.open(gallery, toy_matcher())


def test_a_gallery_of_other_weights_gets_no_queries(photos: Gallery) -> None:
    other = replace(photos, manifest=replace(photos.manifest, weights_sha256="0" * 64))
    with pytest.raises(ValueError, match=r"the gallery was built with 0000.*Build it again"):
        classify(Image.fromarray(toy_crops(1)[0]), other, "knn")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, lite0: LoadedBackbone) -> Gallery:
    """A gallery of four photos by the real networks."""
    crops = toy_crops(4)[:, 8:232, 8:232]
    plan = {"image_ids": np.arange(4), "labels": np.arange(4) % 2, "dataset": "photos"}
    path = tmp_path_factory.mktemp("photos")
    writer = GalleryWriter(path / "gallery", backbone=lite0.spec, **plan)  # type: ignore[arg-type]
    writer.append(extract(lite0, crops))
    return writer.finish()


def test_a_photo_is_classified_straight_from_its_file(photos: Gallery, tmp_path: Path) -> None:
    Image.fromarray(toy_crops(1, side=300)[0]).save(tmp_path / "query.png")
    from_file = classify(tmp_path / "query.png", photos, "knn")
    from_image = classify(Image.open(tmp_path / "query.png").convert("RGB"), photos, "knn")
    assert from_file == from_image
    assert from_file.n_voters == 4


def test_a_squashed_query_is_another_query(photos: Gallery) -> None:
    wide = Image.fromarray(toy_crops(1, side=300)[0]).resize((500, 300))
    plain = classify(wide, photos, "emd-corr")
    assert classify(wide, photos, "emd-corr", transform="squash") != plain


@pytest.mark.parametrize("paper", [False, True])
def test_a_photo_meets_the_embedded_matcher(
    photos: Gallery, lite0_matcher: Matcher, paper: bool
) -> None:
    writer = TargetsWriter(photos, lite0_matcher, "paper" if paper else "crop")
    writer.append(lite0_matcher.encode(toy_crops(4), "target"))
    writer.finish()
    photo = Image.fromarray(toy_crops(1, side=300)[0])
    decision = classify(photo, photos, "chm-corr", paper=paper)
    assert decision.n_voters == 4
    assert decision.exemplars(1)[0].matches
    resolved = parameters_resolved("chm-corr", {"paper": paper})
    query = query_features(photo, photos, resolved, lite0_matcher)
    assert (query.matched_map is not None) == paper
    assert classify(query, photos, "chm-corr", paper=paper) == decision


def query_features_of(gallery: Gallery, photo: Image.Image | None) -> QueryFeatures:
    """Return features of the toy gallery's width; what is kept, if a photo is given."""
    source = None
    if photo is not None:
        source = toy_matcher().encode(np.asarray(photo)[None], "source")[0]
    return QueryFeatures(random_maps(1, CHANNELS)[0], torch.tensor(gallery.vectors[3]), source)


def test_targets_must_be_those_that_are_asked_for(gallery: Gallery, targets: Targets) -> None:
    photo = Image.fromarray(toy_crops(1)[0])
    query = query_features_of(gallery, photo)
    with pytest.raises(ValueError, match=r"field crop, .*; expected chm-lite0, field paper"):
        classify(query, gallery, "chm-corr", targets=targets, paper=True)
    with pytest.raises(ValueError, match="No targets or no source"):
        classify(query_features_of(gallery, None), gallery, "chm-corr", targets=targets)


def test_masks_by_image_need_a_mask(gallery: Gallery, targets: Targets) -> None:
    query = query_features_of(gallery, Image.fromarray(toy_crops(1)[0]))
    masks = "0" * 64
    with pytest.raises(ValueError, match="masks names a file of masks; expected mask="):
        classify(query, gallery, "chm-corr-plus", targets=targets, masks=masks)
    mask = torch.zeros(7, 7, dtype=torch.bool)
    mask[3, 3] = True
    decision = classify(
        query, gallery, "chm-corr-plus", targets=targets, mask=mask, n_shortlist=6, n_voters=6
    )
    assert {
        match.query_cell for exemplar in decision.exemplars() for match in exemplar.matches
    } == {24}
