"""The folder of the documentation's screenshots and the list of them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image as Pixels

from study_site.demo import serve

HEAD = """# What it looks like

Every page as on a laptop (1366 x 768) and on a phone (360 x 740), taken by
`python manage.py screenshots`, which writes this list too. The photos are from the ELPV set
(CC BY-NC-SA 4.0); the people are simulated.
"""
TALLEST = 1400  # pixels; the screenshot of a longer page shows its beginning
QUALITY = 43


class Album:
    """A folder of pictures and the list of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = [HEAD]
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.jpg"):
            old.unlink()

    def part(self, title: str) -> None:
        """Begin a part of the list."""
        self.lines.append(f"\n## {title}\n\n")

    def add(self, name: str, sentence: str, shots: dict[str, bytes]) -> None:
        """Keep one page's pictures, by device."""
        links = []
        for device, png in shots.items():
            path = self.folder / f"{name}-{device}.jpg"
            picture = Pixels.open(io.BytesIO(png)).convert("RGB")
            picture.crop((0, 0, picture.width, min(picture.height, TALLEST))).save(
                path, quality=QUALITY, optimize=True, progressive=True
            )
            links.append(f"[{device}]({self.folder.name}/{path.name})")
        self.lines.append(f"- **{name}** ({', '.join(links)}): {sentence}\n")
        serve.say(f"  {name}")

    def close(self) -> None:
        """Write the list."""
        self.folder.with_suffix(".md").write_text("".join(self.lines), encoding="utf-8")
