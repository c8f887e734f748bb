"""Every odd kind of image file either becomes upright RGB or is refused with a reason."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.core import images
from classifiers.core.backbones.vision import torchvision
from classifiers.core.images import ImageRefused, crop_square, display_side, load_rgb


def picture(mode: str = "RGB", size: tuple[int, int] = (48, 40), seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def saved(tmp_path: Path, image: Image.Image, name: str, **options: Any) -> Path:
    image.save(tmp_path / name, **options)
    return tmp_path / name


def test_an_rgb_file_comes_back_byte_for_byte(tmp_path: Path) -> None:
    image = picture()
    assert load_rgb(saved(tmp_path, image, "a.png")).tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("mode", "name"),
    [("1", "a.png"), ("L", "a.png"), ("CMYK", "a.jpg"), ("P", "a.gif"), ("YCbCr", "a.jpg")],
)
def test_every_common_mode_becomes_rgb(tmp_path: Path, mode: str, name: str) -> None:
    loaded = load_rgb(saved(tmp_path, picture(mode), name))
    assert (loaded.mode, loaded.size) == ("RGB", (48, 40))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_photo_is_turned_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    loaded = load_rgb(saved(tmp_path, picture(), "a.jpg", exif=exif))
    assert loaded.size == ((48, 40) if orientation < 5 else (40, 48))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (40, 40), 0)
    assert load_rgb(saved(tmp_path, image, "a.png")).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(("mode", "clear"), [("L", 0), ("RGB", (0, 0, 0)), ("P", 0)])
def test_a_transparent_colour_becomes_white(tmp_path: Path, mode: str, clear: Any) -> None:
    path = saved(tmp_path, Image.new(mode, (40, 40), 0), "a.png", transparency=clear)
    assert load_rgb(path).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path, name: str) -> None:
    deep = np.full((40, 40), 65535, dtype=np.uint16)
    deep[0, :3] = [0, 257, 32768]
    loaded = np.asarray(load_rgb(saved(tmp_path, Image.fromarray(deep), name)))
    assert loaded[0, :4, 0].tolist() == [0, 1, 128, 255]


def test_whole_numbers_beyond_sixteen_bits_are_refused(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((40, 40), 70_000, dtype=np.int32))
    with pytest.raises(ImageRefused, match="from 70000 to 70000; expected 16 bits"):
        load_rgb(saved(tmp_path, image, "a.tif"))


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_a_mode_that_has_no_rgb_is_refused(tmp_path: Path, mode: str) -> None:
    path = saved(tmp_path, Image.new(mode, (40, 40)), "a.tif")
    with pytest.raises(ImageRefused, match=f"Pixel mode {mode}; expected"):
        load_rgb(path)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.tif", "a.webp"])
def test_moving_pictures_and_many_pages_are_refused(tmp_path: Path, name: str) -> None:
    frames: dict[str, Any] = {"save_all": True, "append_images": [picture(seed=1)]}
    with pytest.raises(ImageRefused, match="Several frames or pages"):
        load_rgb(saved(tmp_path, picture(), name, **frames))


def test_of_a_stereo_photo_the_first_picture_is_taken(tmp_path: Path) -> None:
    path = saved(
        tmp_path, Image.new("RGB", (40, 40), "red"), "a.mpo", save_all=True,
        append_images=[Image.new("RGB", (40, 40), "blue")],
    )  # fmt: skip
    with Image.open(path) as seen:
        assert (seen.format, getattr(seen, "n_frames", 1)) == ("MPO", 2)
    assert np.asarray(load_rgb(path))[5, 5, 0] > 250


@pytest.mark.parametrize("content", [b"", b"not an image", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>"])
def test_what_is_no_photo_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageRefused, match="Not an image that can be read; expected one of JPEG"):
        load_rgb(tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.bmp", "a.jp2"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, share: float) -> None:
    whole = saved(tmp_path, picture(size=(200, 200)), name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageRefused):
        load_rgb(tmp_path / name)


def test_damage_is_named(tmp_path: Path) -> None:
    whole = saved(tmp_path, picture(size=(200, 200)), "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageRefused, match=r"damaged or incomplete \(.*truncated"):
        load_rgb(tmp_path / "a.jpg")


@pytest.mark.parametrize("side", [10_001, 14_000])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    nothing = struct.pack(">I", 1000) + b"IDAT"  # what would have to be decoded is not there
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + nothing)
    with pytest.raises(ImageRefused, match="expected at most 89,478,485"):
        load_rgb(tmp_path / "a.png")


def test_a_tiny_photo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageRefused, match="31 x 100 pixels; expected at least 32"):
        load_rgb(saved(tmp_path, picture(size=(31, 100)), "a.png"))


def test_a_missing_file_is_an_ordinary_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_rgb(tmp_path / "none.png")


@pytest.mark.parametrize(
    "size",
    [(256, 256), (224, 224), (300, 300), (32, 33), (33, 32), (301, 225), (225, 301), (257, 999)],
)
def test_the_crop_is_torchvisions_byte_for_byte(size: tuple[int, int]) -> None:
    transforms = torchvision.transforms
    theirs = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    image = picture(size=size)
    assert crop_square(image, 224).tobytes() == theirs(image).tobytes()


def test_the_crop_is_torchvisions_for_many_odd_sizes() -> None:
    transforms = torchvision.transforms
    theirs = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    for width, height in np.random.default_rng(0).integers(32, 400, (40, 2)):
        image = picture(size=(int(width), int(height)))
        assert crop_square(image, 224).tobytes() == theirs(image).tobytes(), image.size


@pytest.mark.parametrize("side", [1, 32, 224, 448, 501, 640])
def test_any_crop_is_a_square_of_the_asked_side(side: int) -> None:
    assert crop_square(picture(size=(301, 77)), side).size == (side, side)


def test_crops_of_two_sizes_show_the_same_field_of_view() -> None:
    image = Image.linear_gradient("L").resize((300, 300)).convert("RGB")
    small, large = (np.asarray(crop_square(image, side)).mean((1, 2)) for side in (224, 448))
    np.testing.assert_allclose(large.reshape(224, 2).mean(1), small, atol=1)


@pytest.mark.parametrize(
    ("size", "side"), [((300, 300), 448), ((4000, 3000), 640), ((600, 900), 525)]
)
def test_people_see_the_photos_own_resolution_within_bounds(
    size: tuple[int, int], side: int
) -> None:
    assert display_side(Image.new("1", size)) == side


def test_reading_images_never_imports_torch() -> None:
    code = f"import sys, {images.__name__}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_too_many_pixels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 48 * 40 - 1)
    with pytest.raises(ImageRefused, match="48 x 40 is 1,920 pixels; expected at most 1,919"):
        load_rgb(saved(tmp_path, picture(), "a.png"))


@pytest.mark.parametrize("size", [(500, 300), (300, 500), (240, 240)])
def test_the_central_square_is_torchvisions(size: tuple[int, int]) -> None:
    image, transforms = gradient(*size), torchvision.transforms
    expected = transforms.CenterCrop(240)(transforms.Resize(240)(image))
    assert images.central_square(image, 240).tobytes() == expected.tobytes()


def test_a_query_and_its_matcher_see_the_same_field() -> None:
    image = gradient(500, 300)
    for transform in ("crop", "squash", "paper"):
        small, large = images.query_crop(image, transform), images.matcher_crop(image, transform)
        assert (small.size, large.size) == ((224, 224), (240, 240))
        resized = np.asarray(large.resize((224, 224)), dtype=float)
        assert np.abs(resized - np.asarray(small)).mean() < 2


def gradient(width: int, height: int) -> Image.Image:
    """Return a photo whose every pixel tells where it is."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, (x + y) / 2], axis=2).astype(np.uint8))
