"""Whole photos: made once from the original, within the bytes of a page, never of other pixels."""

from __future__ import annotations

from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image as Pixels

from classifiers.models import Dataset, Image
from classifiers.services.crops import MAX_BYTES, is_on_disk
from classifiers.services.photos import PhotoMissing
from classifiers.services.whole_photos import LARGE, PAGE, SIZES, whole_encode, whole_file
from classifiers.tokens import whole_path
from tests.classifiers.test_crops import textured
from tests.classifiers.whole import originals_write
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    dataset = make_dataset(n_queries=1, n_gallery=1)
    originals_write(dataset, tmp_path / "photos", (96, 64))
    return dataset


def test_a_rough_photo_keeps_to_the_bytes_of_its_size() -> None:
    photo = textured(1000, 24)
    page, large = whole_encode(photo, PAGE), whole_encode(photo, LARGE)
    assert len(page) <= MAX_BYTES < len(large) <= SIZES[LARGE][1]
    with Pixels.open(BytesIO(large)) as shown:
        assert shown.width == 1000


def test_grey_stays_grey_and_small_photos_fill_the_square() -> None:
    grey = Pixels.fromarray(np.tile(np.arange(90, dtype=np.uint8), (60, 1))).convert("RGB")
    with Pixels.open(BytesIO(whole_encode(grey, PAGE))) as shown:
        assert (shown.mode, shown.size) == ("L", (448, 448))


def test_a_file_is_made_once_and_only_from_the_photo_that_was_imported(dataset: Dataset) -> None:
    image, other = dataset.images.order_by("pk")[:2]
    made = whole_file(image).read_bytes()
    image.path.write_bytes(b"changed")
    assert whole_file(image).read_bytes() == made
    other.path.write_bytes(b"changed")
    with pytest.raises(PhotoMissing, match="other bytes than when it was imported"):
        whole_file(other)


def test_the_command_makes_all_and_names_what_is_gone(dataset: Dataset) -> None:
    out, errors = StringIO(), StringIO()
    call_command("whole_photos", "trees", stdout=out)
    assert "5 whole photos of trees are ready" in out.getvalue()
    images = dataset.images.all()
    assert all(is_on_disk(whole_path(each.token, size)) for each in images for size in SIZES)
    gone = Image.objects.latest("pk")
    gone.path.unlink()
    for size in SIZES:
        whole_file(gone, size).unlink()
    with pytest.raises(CommandError, match="1 of 5 photos"):
        call_command("whole_photos", "trees", stderr=errors)
    assert gone.source in errors.getvalue()
