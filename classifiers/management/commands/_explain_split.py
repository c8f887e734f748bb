"""A whole split of a dataset as figures with an index page; what is drawn is not drawn again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

from tqdm import tqdm

from classifiers.files import file_write
from classifiers.models import Image

INDEX = "index.html"
HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:16px/1.4 sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem}}
img{{max-width:100%;height:auto;border:1px solid #ccc}}figure{{margin:0 0 2rem}}</style>
<h1>{title}</h1>
"""


def figure_name(image: Image) -> str:
    """Return the name of a photo's figure: class folder, file and the start of its SHA-256."""
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in image.source)
    return f"{kept[-80:]}-{image.sha256[:8]}.png"


def split_draw(
    images: Sequence[Image], folder: Path, draw: Callable[[Image, Path], object], *, title: str
) -> int:
    """Draw what is missing, each file in one step, then the index; return how many were drawn.

    ``draw`` writes the figure of a photo to a path. An interruption keeps what is drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = [image for image in images if not (folder / figure_name(image)).is_file()]
    n_before = len(images) - len(left)
    for image in tqdm(left, desc="explained", initial=n_before, total=len(images), unit="photo"):
        partial = folder / f".partial-{figure_name(image)}"
        try:
            draw(image, partial)
            partial.replace(folder / figure_name(image))
        finally:
            partial.unlink(missing_ok=True)
    file_write(folder / INDEX, "".join(_page(images, title)).encode())
    return len(left)


def _page(images: Iterable[Image], title: str) -> Iterable[str]:
    yield HEAD.format(title=escape(title))
    for image in images:
        words = escape(f"{image.source}: {image.category.label}")
        name = escape(figure_name(image))
        yield f'<figure><img src="{name}" alt="{words}" loading="lazy">'
        yield f"<figcaption>{words}</figcaption></figure>\n"
    yield "</html>\n"
