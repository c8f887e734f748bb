"""``manage.py explain [IMAGE] --classifier NAME --out FILE|FOLDER``"""

from __future__ import annotations

import logging
import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image as Pixels
from tqdm import tqdm

from classifiers.core.catalogue import BASELINE, CLASSIFIERS, parameters_resolved
from classifiers.management.arguments import parameter
from classifiers.management.lookup import by_slug
from classifiers.management.numbers import at_least
from classifiers.models import Dataset, Gallery
from classifiers.models import Image as Photo

if TYPE_CHECKING:
    from classifiers.services.explain_source import Explained, Source

# torch and matplotlib are imported where they are used: Django imports this file to list commands.


class Command(BaseCommand):
    help = (
        "Draw the decision of a classifier on one image: kNN's exemplars, the re-ranked ones, and "
        "the matched parts. The image may be any file. The gallery is that of a dataset, or of a "
        "folder (classifiers.core.library). Without an image: a whole split, with one figure for "
        "each photo and an index page. Existing figures are not drawn again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "image", type=Path, nargs="?", help="an image file; left out: a whole split"
        )
        parser.add_argument("--split", help="which split of the dataset to draw (query)")
        parser.add_argument("--limit", type=at_least(1), metavar="N", help="its first N photos")
        matching = [name for name, each in CLASSIFIERS.items() if each.has_matches]
        parser.add_argument("--classifier", required=True, choices=matching)
        place = parser.add_mutually_exclusive_group()
        place.add_argument(
            "--dataset", help="slug; may be left out if only one dataset has a gallery"
        )
        place.add_argument("--gallery", type=Path, metavar="FOLDER", help="gallery of a folder")
        parser.add_argument("--backbone", help="which gallery, if the dataset has several")
        parser.add_argument("--truth", metavar="CATEGORY", help="folder or label of the truth")
        parser.add_argument(
            "--set", dest="parameters", action="append", default=[], type=parameter,
            metavar="NAME=VALUE", help="a parameter of the classifier, e.g. paper=true",
        )  # fmt: skip
        parser.add_argument("--dpi", type=at_least(1), default=300, help="photos' resolution (300)")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE.png|.svg|.pdf|FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        from classifiers.core.backbones.weights import FOLDER_VARIABLE
        from classifiers.services.photos import PhotoMissing

        # The core finds weights by this variable only; the site knows where they were registered.
        os.environ[FOLDER_VARIABLE] = str(settings.WEIGHTS_DIR)
        logging.getLogger("fontTools").setLevel(logging.WARNING)  # a PDF's every glyph otherwise
        try:
            parameters = _parameters(options)
            if options["image"] is None:
                self._split(options, parameters)
            else:
                self._image(options, parameters)
        except (ValueError, OSError, PhotoMissing) as error:
            raise CommandError(str(error)) from error

    def _image(self, options: dict[str, Any], parameters: dict[str, Any]) -> None:
        from classifiers.core.figures import format_of
        from classifiers.core.images import ImageRefused, load_rgb

        if options["limit"] is not None:
            raise CommandError("--limit is of a whole split; leave it out, or leave the image out.")
        format_of(options["out"])
        if not options["out"].absolute().parent.is_dir():
            raise CommandError(f"{options['out'].parent} is no folder; make it first.")
        source = _source(options)
        truth = _truth(source, options["truth"])
        try:
            image = load_rgb(options["image"], source.reading)
        except (ImageRefused, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise CommandError(f"{options['image']} cannot be used: {reason}") from error
        _encode(source, parameters)
        found = _draw(source, image, options, parameters, options["out"], truth)
        for name, decision in ((BASELINE, found.knn), (options["classifier"], found.reranked)):
            votes = f"{decision.n_votes} of {decision.n_voters} votes"
            self.stdout.write(f"{name:10} {source.labels[decision.label]} ({votes})")
        self.stdout.write(f"Drawn: {options['out']}")

    def _split(self, options: dict[str, Any], parameters: dict[str, Any]) -> None:
        from classifiers.management.commands._explain_split import INDEX, split_draw
        from classifiers.services.photos import photo_read

        if options["gallery"] is not None or options["truth"] is not None:
            raise CommandError("A whole split is a dataset's: leave out --gallery and --truth.")
        row = _gallery_row(options["dataset"], options["backbone"])
        split = options["split"] or Photo.QUERY
        found = Photo.objects.in_split(row.dataset, split).select_related("dataset", "category")
        images = list(found[: options["limit"]])
        if not images:
            raise CommandError(f"Dataset {row.dataset} has no photos in split {split!r}.")
        source = _source(options)
        _encode(source, parameters)

        def draw(image: Photo, path: Path) -> None:
            truth = image.category.index
            _draw(source, photo_read(image), options, parameters, path, truth)

        title = f"{row.dataset}, {split}: {CLASSIFIERS[options['classifier']].label}"
        n_new = split_draw(images, options["out"], draw, title=title)
        self.stdout.write(f"Drawn: {n_new} of {len(images)}; see {options['out'] / INDEX}")


def _draw(
    source: Source,
    image: Pixels.Image,
    options: Mapping[str, Any],
    parameters: Mapping[str, Any],
    path: Path,
    truth: int | None,
) -> Explained:
    """Decide on a photo and write its figure."""
    from classifiers.core.figures import figure_save
    from classifiers.services.explain_source import explanation_draw, photo_explain

    found = photo_explain(source, image, options["classifier"], parameters)
    figure = explanation_draw(source, image, found, options["classifier"], parameters, truth)
    figure_save(figure, path, dpi=options["dpi"])
    return found


def _parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of the classifier, refusing what one image cannot have."""
    resolved = parameters_resolved(options["classifier"], dict(options["parameters"]))
    if resolved["classes"] == "split":
        raise CommandError(
            "classes=split lets the classes of a split compete, and one image has none. Leave it "
            "out, or look at the whole split: manage.py evaluate DATASET --restrict."
        )
    if resolved.get("masks"):
        raise CommandError(
            "masks names a file of masks for a split's images. For one image give its own: "
            "--set mask=..., 49 digits 0 or 1, row by row."
        )
    return resolved


def _source(options: Mapping[str, Any]) -> Source:
    if options["gallery"] is not None:
        return _folder_source(options["gallery"], options["backbone"])
    from classifiers.services.explain_source import dataset_source

    return dataset_source(_gallery_row(options["dataset"], options["backbone"]))


def _folder_source(folder: Path, backbone: str | None) -> Source:
    from classifiers.core.library import gallery_open, targets_from_folder
    from classifiers.services.explain_source import Source

    found = gallery_open(folder)
    seen = found.gallery.manifest.backbone
    if backbone not in (None, seen):
        raise CommandError(f"{folder} is a gallery of {seen}; asked for {backbone}. Leave it out.")
    truths = {name: index for index, name in enumerate(found.categories)}
    labels = dict(enumerate(found.categories))
    encode = partial(targets_from_folder, found)
    return Source(found.gallery, found.crop_of, encode, labels, truths)


def _gallery_row(slug: str | None, backbone: str | None) -> Gallery:
    """Return the one finished gallery that is meant, or say what to run."""
    found = Gallery.objects.filter(status=Gallery.Status.DONE).select_related("dataset")
    if slug is not None:
        found = found.filter(dataset=by_slug(Dataset, slug))
    if backbone is not None:
        found = found.filter(backbone=backbone)
    rows = list(found.order_by("pk"))
    if not rows:
        whose = f"Dataset {slug} has" if slug else "There is"
        raise CommandError(
            f"{whose} no finished gallery{f' of {backbone}' if backbone else ''}. Run: manage.py "
            f"build_gallery {slug or 'DATASET'}{f' --backbone {backbone}' if backbone else ''}"
        )
    if len(rows) > 1:
        known = ", ".join(map(str, rows))
        raise CommandError(f"Several galleries: {known}. Name one by --dataset and --backbone.")
    return rows[0]


def _truth(source: Source, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in source.truths:
        same = [each for each, index in source.truths.items() if source.labels[index] == name]
        if same:
            raise CommandError(
                f"{len(same)} categories are labelled {name!r}: {', '.join(same)}. Name the folder."
            )
        raise CommandError(f"No category {name!r}; known: {', '.join(sorted(source.truths))}.")
    return source.truths[name]


def _encode(source: Source, parameters: Mapping[str, Any]) -> None:
    """Encode the gallery's photos for the matcher, if need be, under a bar; Ctrl-C keeps most."""
    from classifiers.core.query import matcher_kept, targets_field

    if "matcher" not in parameters:
        return
    matcher, n_photos = matcher_kept(parameters["matcher"]), len(source.gallery)
    interval_s = 0.3 if sys.stderr.isatty() else 10  # as the other bars: a log gets few lines
    options: dict[str, Any] = {"unit": "photo", "mininterval": interval_s, "delay": 0.1}
    with tqdm(desc="encoding", total=n_photos, **options) as bar:

        def show(stage: str, n_done: int, n_total: int) -> None:
            bar.update(n_done - bar.n)

        source.encode(matcher, targets_field(parameters), show)
