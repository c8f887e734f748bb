"""A thousand lines of evidence, each wrong in one way: every one is refused by its line."""

from __future__ import annotations

import io
from itertools import cycle, islice
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.core.evidence.files import MAX_LINE
from classifiers.core.evidence.reading import Explained, evidence_read
from tests.core.evidence.outside import MemoryFiles, known, npy, photo, png, predicted

CAPTION = "<script>alert(1)</script><img src=x onerror=alert(2)>"
BOX = [0.0, 0.0, 0.5, 0.5]
Case = tuple[Any, str]  # a panel, or a whole line; and words of its refusal


def bars(*items: Any) -> dict[str, Any]:
    return {"kind": "bars", "items": list(items)}


def like(*images: Any) -> dict[str, Any]:
    return {"kind": "exemplars", "images": list(images)}


def boxes(*pairs: Any) -> dict[str, Any]:
    return like({"image": photo(0, "gallery").source, "matches": list(pairs)})


def heat(file: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "heatmap", "file": file, **more}


def shown(file: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "picture", "file": file, "alt": "a beak", **more}


def lying_npy() -> bytes:
    """Return a header of four thousand million numbers, and none of them."""
    return npy(np.zeros((2, 2))).replace(b"(2, 2), }", b"(4000, 4000), }")[:128]


def animated() -> bytes:
    stream, frames = io.BytesIO(), [Image.new("L", (40, 40), n) for n in (0, 200)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


FILES = {
    "ok.npy": npy(np.eye(7)),
    "nan.npy": npy([[0.0, np.nan], [1, 2]]),
    "flat.npy": npy(np.zeros(49)),
    "deep.npy": npy(np.zeros((3, 7, 7))),
    "thin.npy": npy(np.zeros((1, 7))),
    "huge.npy": npy(np.zeros((2, 5000), dtype=np.uint8)),
    "complex.npy": npy(np.zeros((7, 7), dtype=complex)),
    "words.npy": npy(np.full((7, 7), "x")),
    "pickle.npy": npy(np.array([[{}]], dtype=object), allow_pickle=True),
    "cut.npy": npy(np.eye(7))[:-8],
    "lies.npy": lying_npy(),
    "no.npy": b"\x93NUMPY\x01",
    "rgb.png": png("RGB"),
    "cut.png": png()[:40],
    "text.png": b"<svg onload=alert(1)>",
    "tiny.png": png("L", (1, 1)),
    "text.jpg": b"<html>",
    "cut.jpg": png("RGB", (400, 400), "JPEG")[:400],
    "small.png": png("RGB", (20, 20)),
    "moves.gif": animated(),
}
PANELS: list[Case] = [
    ("text", "of kind 'text'"), ({}, "of kind None"), ({"kind": "html"}, "of kind 'html'"),
    ({"kind": ["text"]}, "of kind ['text']"), ({"kind": "text"}, "lacks text"),
    ({"kind": "text", "text": ""}, ".text is ''"), ({"kind": "text", "text": 5}, ".text is 5"),
    ({"kind": "text", "text": "a\0b"}, "signs that cannot be shown"),
    ({"kind": "text", "text": "x" * 5001}, "expected a text of 1 to 5,000"),
    ({"kind": "text", "text": "x", "html": 1}, "has the field 'html'"),
    (heat("ok.npy", caption=5), ".caption is 5"), (heat("ok.npy", caption="a\nb"), "on one line"),
    (heat("ok.npy", caption="\x1b[2J"), "signs that"), (heat("ok.npy", caption="x" * 501), "500"),
    (heat(5), ".file is 5"), (heat(""), ".file is ''"), (heat("../ok.npy"), "leads out"),
    (heat("/etc/passwd"), "leads out"), (heat("C:/x.npy"), "leads out"), (heat("a\0.npy"), "name"),
    (heat("ok.jpg"), "expected a file that ends with .npy, .png"), (heat("gone.npy"), "not there"),
    (heat("nan.npy"), "1 of 4 numbers are NaN"), (heat("flat.npy"), "shape (49,)"),
    (heat("deep.npy"), "shape (3, 7, 7)"), (heat("thin.npy"), "7 x 1 places"),
    (heat("huge.npy"), "5000 x 2 places"), (heat("complex.npy"), "an array of complex128"),
    (heat("words.npy"), "an array of <U1"), (heat("pickle.npy"), "an array of object"),
    (heat("cut.npy"), "expected a whole file"), (heat("lies.npy"), "expected a whole file"),
    (heat("no.npy"), "no .npy file"), (heat("rgb.png"), "mode RGB"), (heat("cut.png"), "no grey"),
    (heat("text.png"), "no greyscale PNG"), (heat("tiny.png"), "1 x 1 places"),
    (shown("text.jpg"), "Not an image"), (shown("cut.jpg"), "damaged or incomplete"),
    (shown("small.png"), "at least 32"), (shown("moves.gif"), "Several frames"),
    (shown("ok.npy"), "ends with .png"), (shown("gone.png"), "not there"),
    (shown("rgb.png", alt=""), ".alt is ''"), ({"kind": "picture", "file": "x.png"}, "lacks alt"),
    (bars(), ".items is []"), (bars("x"), ".items[0] is 'x'"), (bars(["x"]), ".items[0] is ['x']"),
    (bars(["", 1]), ".items[0][0] is ''"), (bars([1, 1]), ".items[0][0] is 1"),
    (bars(["x", "1"]), ".items[0][1] is '1'"), (bars(["x", True]), ".items[0][1] is True"),
    (bars(["x", 1e7]), "up to 1,000,000"), (bars(["x", 10**400]), ".items[0][1] is 1000"),
    (bars(["x", 1], ["x", 2]), "a second time"), (bars(*[["x", 1]] * 51), "1 to 50 pairs"),
    ({"kind": "bars", "items": {"x": 1}}, ".items is {'x': 1}"),
    (like(), ".images is []"), (like("x"), ".images[0] is 'x'"), (like({}), ".images[0] is {}"),
    (like({"image": 5}), ".images[0] is {'image': 5}"), (like({"image": "no.jpg"}), "not in the"),
    (like({"image": photo(1).source}), "a photo of query"), (like({"image": "x", "y": 1}), "'y'"),
    (like(*[{"image": "x"}] * 11), "1 to 10 photos"),
    (like(*[{"image": photo(0, "gallery").sha256}] * 2), "a second time"),
    (boxes(5), ".matches[0] is 5"), (boxes([BOX]), "two boxes"), (boxes([BOX, [0, 0, 1]]), "two"),
    (boxes([BOX, [0, 0, 0, 1]]), "two boxes"), (boxes([BOX, [0.6, 0, 0.5, 1]]), "two boxes"),
    (boxes([BOX, [-0.1, 0, 0.5, 1]]), "two boxes"), (boxes([BOX, ["0", 0, 1, 1]]), "two boxes"),
    (boxes(*[[BOX, BOX]] * 6), "at most 5 pairs"),
]  # fmt: skip
LINES: list[Case] = [
    (b"{", "no JSON"), (b"\xff{}", "no JSON"), (b"[1]", "the line is [1]"), (b"5", "the line is 5"),
    (b'{"image": "a", "image": "b", "panels": []}', "occurs twice"), (b"NaN", "NaN is no number"),
    (b"[" * 100_000, "nests without end"), (b'"' + b"x" * MAX_LINE, "expected one object a line"),
    ({"image": "x"}, "expected {"), ({"panels": []}, "expected {"),
    ({"image": 5, "panels": []}, "image is 5"),
    ({"image": "no.jpg", "panels": []}, "not in the dataset"),
    ({"image": photo(0, "gallery").source, "panels": []}, "a gallery photo"),
    ({"image": photo(0).source, "panels": {}}, "panels is {}"),
    ({"image": photo(0).source, "panels": [{"kind": "text", "text": "x"}] * 11}, "at most 10"),
    ({"image": photo(0).source, "panels": [], "label": "jay"}, "the line is {"),
]  # fmt: skip


def read(lines: list[Any], n: int = 1200) -> tuple[Explained, list[bytes]]:
    kept: list[bytes] = []

    def keep(content: bytes) -> str:
        kept.append(content)
        return f"{len(kept)}.png"

    return evidence_read(MemoryFiles(lines, FILES), known(), predicted(n), keep), kept


def test_each_of_a_thousand_malformed_lines_is_refused_by_its_number_and_nothing_else() -> None:
    wrong = list(islice(cycle(PANELS), 1000 - len(LINES)))
    lines = [{"image": photo(n).source, "panels": [panel]} for n, (panel, _) in enumerate(wrong, 1)]
    found, kept = read([*[line for line, _ in LINES], *lines])
    expected = [words for _, words in [*LINES, *wrong]]
    *refused, lacking = found.refused
    assert [each.line for each in refused] == list(range(1, 1001))
    silent = [(each, words) for each, words in zip(refused, expected, strict=True)
              if words not in each.reason]  # fmt: skip
    assert silent == []
    assert "predictions have no line" in lacking.reason
    assert (found.panels, kept) == ({}, [])


@pytest.mark.parametrize("panel", [panel for panel, _ in PANELS], ids=range(len(PANELS)))
def test_a_refusal_fits_on_one_printable_line(panel: Any) -> None:
    found, _ = read([{"image": photo(0).source, "panels": [panel]}])
    assert all(each.reason.isprintable() and len(each.reason) < 400 for each in found.refused)


def test_scripts_in_captions_are_taken_as_text_and_pictures_are_encoded_anew() -> None:
    panels = [
        heat("ok.npy", caption=CAPTION),
        shown("rgb.png", caption=CAPTION),
        bars([CAPTION, 1]),
    ]
    found, kept = read([{"image": photo(0).sha256, "panels": panels}], n=1)
    assert found.refused == []
    assert found.panels[photo(0).sha256][0].caption == CAPTION  # type: ignore[union-attr]
    assert {content[:4] for content in kept} == {b"\x89PNG", b"\xff\xd8\xff\xe0"}


def test_a_second_line_for_an_image_is_refused_with_the_number_of_the_first() -> None:
    line = {"image": photo(0).source, "panels": []}
    found, _ = read([line, b"\n", line | {"image": photo(0).sha256}])
    assert (found.refused[0].line, "after line 1" in found.refused[0].reason) == (3, True)


def test_a_line_names_all_its_faults() -> None:
    line = {"image": photo(0).source, "panels": [{"kind": "text"}, heat("gone.npy"), bars()]}
    reason = read([line])[0].refused[0].reason
    assert "panels[0] lacks text" in reason
    assert "panels[2].items is []" in reason
