"""Numbers become colours as the file means them, and what was right before stays bit by bit."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from classifiers.core.images import ImageRefused, load_rgb, picture_read
from classifiers.core.inputs.reading import Reading

RAMP = np.tile(np.arange(64, dtype=np.uint16), (64, 1))  # (64, 64), 0 to 63 from left to right
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped() -> bytes:
    """Return sRGB's profile with the primaries of red and blue exchanged."""
    profile = bytearray(SRGB)
    for at in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        name = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(name, name)
    return bytes(profile)


def saved(folder: Path, image: Image.Image, name: str, **options: Any) -> Path:
    image.save(folder / name, **options)
    return folder / name


def noise(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def shown(path: Path, reading: Reading = Reading()) -> list[int]:  # noqa: B008 - it is frozen
    """Return the green of one row."""
    row: list[int] = np.asarray(load_rgb(path, reading))[32, :, 1].tolist()
    return row


@pytest.mark.parametrize("profile", [None, SRGB, b"damaged"], ids=["none", "sRGB", "damaged"])
@pytest.mark.parametrize(
    ("mode", "name"),
    [("RGB", "a.png"), ("RGB", "a.jpg"), ("L", "a.jpg"), ("L", "a.png"), ("P", "a.png"),
     ("1", "a.png"), ("CMYK", "a.jpg"), ("YCbCr", "a.jpg")],
)  # fmt: skip
def test_an_ordinary_photo_does_not_change_by_one_bit(
    tmp_path: Path, mode: str, name: str, profile: bytes | None
) -> None:
    path = saved(tmp_path, noise(mode), name, icc_profile=profile)
    with Image.open(path) as image:
        expected = image.convert("RGB").tobytes()  # what the first release did
    assert load_rgb(path).tobytes() == expected
    assert load_rgb(path, Reading(is_plain=True)).tobytes() == expected


def test_colours_follow_the_profile_where_it_is_not_srgb(tmp_path: Path) -> None:
    red = Image.new("RGB", (64, 64), (255, 0, 0))
    path = saved(tmp_path, red, "a.png", icc_profile=swapped())
    assert load_rgb(path).getpixel((5, 5)) == (0, 0, 255)
    assert load_rgb(path, Reading(is_plain=True)).getpixel((5, 5)) == (255, 0, 0)


def test_a_profile_and_transparency_go_together(tmp_path: Path) -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 64, 32))
    loaded = load_rgb(saved(tmp_path, image, "a.png", icc_profile=swapped()))
    assert loaded.getpixel((5, 5)) == (255, 255, 255)
    assert loaded.getpixel((5, 50)) == (0, 0, 255)


def grey_profile() -> bytes:
    """Return a profile of grey whose value is the light itself, without a gamma."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3I", 63190, 65536, 54061)  # D50, in 1/65536
    curve = b"curv" + bytes(8)
    head = struct.pack(">I4sI4s4s4s", 128 + 28 + 32, b"", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3I", 63190, 65536, 54061)
    tags = ((b"wtpt", 156, 20), (b"kTRC", 176, 12))
    table = b"".join(struct.pack(">4sII", *tag) for tag in tags)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + white + curve


def test_a_grey_photo_stays_grey_under_its_profile(tmp_path: Path) -> None:
    photo = noise("L")
    grey = load_rgb(saved(tmp_path, photo, "a.png", icc_profile=grey_profile()))
    assert np.asarray(grey).mean() > np.asarray(photo).mean() + 20  # linear values are brighter
    red, green, blue = (channel.tobytes() for channel in grey.split())
    assert red == green == blue


def test_tiff_where_zero_is_white_is_not_inverted(tmp_path: Path) -> None:
    deep = Image.fromarray(RAMP * 1000)
    path = saved(tmp_path, deep, "a.tif", tiffinfo={262: 0})
    expected = ((65535 - RAMP[32].astype(int) * 1000) * 255 + 32767) // 65535
    assert shown(path) == expected.tolist()


def sixteen(kind: int, values: np.ndarray[Any, Any], clear: bytes) -> bytes:
    """Return a PNG of 16 bits whose transparent value is ``clear``."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", 64, 64, 16, kind, 0, 0, 0)
    parts = (b"IHDR", header), (b"tRNS", clear), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize("kind", [0, 2], ids=["grey", "colour"])
def test_the_transparent_value_of_sixteen_bits_becomes_white(tmp_path: Path, kind: int) -> None:
    values = np.where((RAMP > 16) & (RAMP < 48), 40_000, 5_000)
    values = values if kind == 0 else np.repeat(values[..., None], 3, axis=2)
    clear = struct.pack(">H", 5_000) * (1 if kind == 0 else 3)
    (tmp_path / "a.png").write_bytes(sixteen(kind, values, clear))
    assert (shown(tmp_path / "a.png")[5], shown(tmp_path / "a.png")[30]) == (255, 156)


def test_twelve_bits_in_sixteen_are_told_and_shown_with_their_white(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(RAMP * 65), "a.png")  # 0 to 4095
    remark = picture_read(path).remark
    assert "uses the grey values 0 to 4,095 of 0 to 65,535" in remark
    assert "with 4095 as white" in remark
    assert shown(path)[-1] == 16
    assert shown(path, Reading(4095)) == [(v * 65 * 255 + 2047) // 4095 for v in range(64)]
    assert picture_read(path, Reading(4095)).remark == ""


def test_what_is_whiter_than_white_stays_white(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(RAMP * 1000), "a.png")
    assert shown(path, Reading(4095))[-1] == 255


def test_a_photo_that_hardly_varies_is_told(tmp_path: Path) -> None:
    said = picture_read(saved(tmp_path, Image.new("RGB", (64, 64), (9, 90, 9)), "a.png")).remark
    assert "vary by at most 0 of 255" in said
    assert picture_read(saved(tmp_path, noise(), "b.png")).remark == ""


@pytest.mark.parametrize("size", [(20_000, 32), (32, 200_000), (2_000, 39)])
def test_a_picture_much_longer_than_wide_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ImageRefused, match=r"one side is .* times the other; expected at most 50"):
        load_rgb(saved(tmp_path, Image.new("L", size), "a.png"))


def test_what_exhausts_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    path = saved(tmp_path, noise(), "a.png")
    monkeypatch.setattr("classifiers.core.images.to_rgb", lambda *_, **__: exhausted())
    with pytest.raises(ImageRefused, match="more memory than there is"):
        load_rgb(path)


def test_a_file_of_more_bytes_than_any_photo_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classifiers.core.images.MAX_BYTES", 100)
    with pytest.raises(ImageRefused, match="The file has 0 MB; expected at most 0"):
        load_rgb(saved(tmp_path, noise(), "a.png"))
