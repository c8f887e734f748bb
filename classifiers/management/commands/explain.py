"""``manage.py explain IMAGE --classifier NAME --out FILE``"""

from __future__ import annotations

import logging
import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image as Pixels
from tqdm import tqdm

from classifiers.core.catalogue import BASELINE, CLASSIFIERS, parameters_resolved
from classifiers.core.inputs.reading import STANDARD, Reading
from classifiers.management.arguments import parameter
from classifiers.management.lookup import by_slug
from classifiers.management.numbers import at_least
from classifiers.models import Category, Dataset, Gallery
from classifiers.models import Image as Photo

if TYPE_CHECKING:
    from classifiers.core.chm.matchers import Matcher
    from classifiers.core.gallery import index
    from classifiers.core.library import OnProgress
    from classifiers.decision import Decision

# torch and matplotlib are imported where they are used: Django imports this file to list commands.


@dataclass(frozen=True, slots=True)
class Source:
    """A gallery to explain with: its photos by image id, its categories by class index.

    ``crop_of`` takes an image id and a transform of ``crop_read``; ``encode`` writes what a
    matcher keeps of the photos, if that is not there yet. ``truths`` is the class index by the
    folder's name, or by a label that one class alone has; ``reading`` is how the dataset's files
    are read, and so the query.
    """

    gallery: index.Gallery
    crop_of: Callable[[int, str], Pixels.Image]
    encode: Callable[[Matcher, str, OnProgress], object]
    labels: Mapping[int, str]
    truths: Mapping[str, int]
    reading: Reading = STANDARD


class Command(BaseCommand):
    help = (
        "Draw why a classifier decides so on one image: kNN's exemplars, the re-ranked ones, and "
        "the parts that match. Any image file; a dataset's gallery, or one that "
        "classifiers.core.library made of a folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("image", type=Path, help="an image file")
        matching = [name for name, each in CLASSIFIERS.items() if each.has_matches]
        parser.add_argument("--classifier", required=True, choices=matching)
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--dataset", help="slug; may be left out where one has a gallery")
        place.add_argument("--gallery", type=Path, metavar="FOLDER", help="gallery of a folder")
        parser.add_argument("--backbone", help="which gallery, where the dataset has several")
        parser.add_argument("--truth", metavar="CATEGORY", help="folder or label of the truth")
        parser.add_argument(
            "--set", dest="parameters", action="append", default=[], type=parameter,
            metavar="NAME=VALUE", help="a parameter of the classifier, e.g. paper=true",
        )  # fmt: skip
        parser.add_argument("--dpi", type=at_least(1), default=300, help="photos' resolution (300)")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE.png|.svg|.pdf")

    def handle(self, *args: Any, **options: Any) -> None:
        from classifiers.core.backbones.weights import FOLDER_VARIABLE
        from classifiers.core.figures import explanation_figure, figure_save, format_of
        from classifiers.services.photos import PhotoMissing

        # The core loads weights by this variable alone; where they were registered, the site knows.
        os.environ[FOLDER_VARIABLE] = str(settings.WEIGHTS_DIR)
        logging.getLogger("fontTools").setLevel(logging.WARNING)  # a PDF's every glyph otherwise
        try:
            format_of(options["out"])
            if not options["out"].absolute().parent.is_dir():
                raise CommandError(f"{options['out'].parent} is no folder; make it first.")
            parameters = _parameters(options)
            source = _source(options)
            truth = _truth(source, options["truth"])
            picture, knn, reranked = _decide(source, options, parameters)
            figure = explanation_figure(
                picture,
                knn,
                reranked,
                lambda image: source.crop_of(image, _exemplars_transform(parameters)),
                source.labels,
                method=CLASSIFIERS[options["classifier"]].label,
                truth=truth,
            )
            figure_save(figure, options["out"], dpi=options["dpi"])
        except (ValueError, OSError, PhotoMissing) as error:
            raise CommandError(str(error)) from error
        for name, decision in ((BASELINE, knn), (options["classifier"], reranked)):
            votes = f"{decision.n_votes} of {decision.n_voters} votes"
            self.stdout.write(f"{name:10} {source.labels[decision.label]} ({votes})")
        self.stdout.write(f"Drawn: {options['out']}")


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
    return _dataset_source(_gallery_row(options["dataset"], options["backbone"]))


def _folder_source(folder: Path, backbone: str | None) -> Source:
    from classifiers.core.library import gallery_open, targets_from_folder

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


def _dataset_source(row: Gallery) -> Source:
    from classifiers.core.gallery import index
    from classifiers.core.library import spec_of

    categories = list(row.dataset.categories.all())
    gallery = index.Gallery.open(row.folder, spec_of(row.backbone))
    return Source(
        gallery=gallery,
        crop_of=_dataset_crop,
        encode=partial(_dataset_encode, gallery),
        labels={category.index: category.label for category in categories},
        truths={
            **_unique_labels(categories),
            **{category.name: category.index for category in categories},
        },
        reading=row.dataset.reading,
    )


def _unique_labels(categories: Sequence[Category]) -> dict[str, int]:
    """Return the class index by label; one that several categories have names none of them."""
    n_named = Counter(category.label for category in categories)
    return {
        category.label: category.index for category in categories if n_named[category.label] == 1
    }


def _dataset_encode(
    gallery: index.Gallery, matcher: Matcher, field: str, on_progress: OnProgress
) -> None:
    """Do what a worker does before it predicts; photos are looked up only if there is work."""
    from classifiers.core.chm.matcher_features import Targets
    from classifiers.core.gallery.manifest import GalleryRefused
    from classifiers.core.library import targets_encode
    from classifiers.services.photos import photo_read

    try:
        Targets.open(gallery, matcher, field)
    except GalleryRefused:
        ids = gallery.image_ids.tolist()
        found = Photo.objects.select_related("dataset").in_bulk(ids)
        photos = [found[image] for image in ids]
        targets_encode(gallery, photos, photo_read, matcher, field, on_progress)


def _dataset_crop(image: int, transform: str) -> Pixels.Image:
    """Return the stored crop, or another square of the original photo."""
    from classifiers.core.library import crop_read

    photo = Photo.objects.select_related("dataset").get(pk=image)
    if transform != "crop":
        return crop_read(photo.path, transform, photo.dataset.reading)
    with Pixels.open(photo.crop_path) as crop:
        crop.load()
        return crop


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


def _exemplars_transform(parameters: Mapping[str, Any]) -> str:
    """Return which square of an exemplar the boxes' cells divide: what its targets are of."""
    from classifiers.core.query import targets_field

    return targets_field(parameters) if "matcher" in parameters else "crop"


def _query_transform(parameters: Mapping[str, Any]) -> str:
    """Return which square of the query the boxes' cells divide: what was matched."""
    from classifiers.core.query import matched_transform

    is_matched = "matcher" in parameters
    return matched_transform(parameters) if is_matched else str(parameters["transform"])


def _decide(
    source: Source, options: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[Pixels.Image, Decision, Decision]:
    """Return the image as it was matched, kNN's decision on it, and the asked classifier's."""
    from classifiers.core.images import ImageRefused, load_rgb
    from classifiers.core.library import square_of
    from classifiers.core.methods import classify

    path = options["image"]
    try:
        image = load_rgb(path, source.reading)
        picture = square_of(image, _query_transform(parameters))
    except (ImageRefused, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"{path} cannot be used: {reason}") from error
    if "matcher" in parameters:
        _encode(source, parameters)
    known = CLASSIFIERS[BASELINE].parameters
    given = dict(options["parameters"])
    shared = {name: value for name, value in given.items() if name in known}
    reranked = classify(image, source.gallery, options["classifier"], **parameters)
    return picture, classify(image, source.gallery, BASELINE, **shared), reranked


def _encode(source: Source, parameters: Mapping[str, Any]) -> None:
    """Encode the gallery's photos for the matcher, if need be, under a bar; Ctrl-C keeps most."""
    from classifiers.core.query import matcher_kept, targets_field

    matcher, n_photos = matcher_kept(parameters["matcher"]), len(source.gallery)
    interval_s = 0.3 if sys.stderr.isatty() else 10  # as the other bars: a log gets few lines
    options: dict[str, Any] = {"unit": "photo", "mininterval": interval_s, "delay": 0.1}
    with tqdm(desc="encoding", total=n_photos, **options) as bar:

        def show(stage: str, n_done: int, n_total: int) -> None:
            bar.update(n_done - bar.n)

        source.encode(matcher, targets_field(parameters), show)
