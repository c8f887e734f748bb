"""``manage.py explain IMAGE --classifier NAME --out FILE``"""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from PIL import Image as Pixels

from classifiers.core.catalogue import CLASSIFIERS, parameters_resolved
from classifiers.management.commands.predict import parameter
from classifiers.management.lookup import by_slug
from classifiers.models import Dataset, Gallery, crop_path
from classifiers.models import Image as Photo

if TYPE_CHECKING:
    from classifiers.core import index
    from classifiers.core.library import ImageFolderGallery
    from classifiers.decision import Decision

# torch and matplotlib are imported where they are used: Django imports this file to list commands.


@dataclass(frozen=True, slots=True)
class Source:
    """A gallery to explain with: its photos by image id, its categories by class index.

    ``folder`` is given where the gallery is one of a folder and not of a dataset.
    """

    gallery: index.Gallery
    crop_of: Callable[[int], Pixels.Image]
    labels: Mapping[int, str]
    truths: Mapping[str, int]
    folder: ImageFolderGallery | None = None


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
        parser.add_argument("--dpi", type=int, default=300, help="photos' resolution (300)")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE.png|.svg|.pdf")

    def handle(self, *args: Any, **options: Any) -> None:
        from classifiers.core.figures import explanation_figure, figure_save, format_of

        logging.getLogger("fontTools").setLevel(logging.WARNING)  # a PDF's every glyph otherwise
        try:
            format_of(options["out"])
            if not options["out"].absolute().parent.is_dir():
                raise CommandError(f"{options['out'].parent} is no folder; make it first.")
            source = _source(options)
            truth = _truth(source, options["truth"])
            picture, knn, reranked = _decide(source, options)
            figure = explanation_figure(
                picture,
                knn,
                reranked,
                source.crop_of,
                source.labels,
                method=CLASSIFIERS[options["classifier"]].label,
                truth=truth,
            )
            figure_save(figure, options["out"], dpi=options["dpi"])
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        for name, decision in (("knn", knn), (options["classifier"], reranked)):
            votes = f"{decision.n_votes} of {decision.n_voters} votes"
            self.stdout.write(f"{name:10} {source.labels[decision.label]} ({votes})")
        self.stdout.write(f"Drawn: {options['out']}")


def _source(options: Mapping[str, Any]) -> Source:
    if options["gallery"] is not None:
        return _folder_source(options["gallery"], options["backbone"])
    return _dataset_source(_gallery_row(options["dataset"], options["backbone"]))


def _folder_source(folder: Path, backbone: str | None) -> Source:
    from classifiers.core.library import gallery_open

    found = gallery_open(folder)
    seen = found.gallery.manifest.backbone
    if backbone not in (None, seen):
        raise CommandError(f"{folder} is a gallery of {seen}; asked for {backbone}. Leave it out.")
    truths = {name: index for index, name in enumerate(found.categories)}
    labels = dict(enumerate(found.categories))
    return Source(found.gallery, found.crop_of, labels, truths, found)


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
    from classifiers.core import index
    from classifiers.core.backbones import BACKBONES

    categories = list(row.dataset.categories.all())
    return Source(
        gallery=index.Gallery.open(row.folder, BACKBONES.get(row.backbone)),
        crop_of=_stored_crop,
        labels={each.index: each.label for each in categories},
        truths={
            **{each.label: each.index for each in categories},
            **{each.name: each.index for each in categories},
        },
    )


def _stored_crop(image: int) -> Pixels.Image:
    with Pixels.open(crop_path(Photo.objects.get(pk=image).token)) as crop:
        crop.load()
        return crop


def _truth(source: Source, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in source.truths:
        raise CommandError(f"No category {name!r}; known: {', '.join(sorted(source.truths))}.")
    return source.truths[name]


def _decide(source: Source, options: Mapping[str, Any]) -> tuple[Pixels.Image, Decision, Decision]:
    """Return the image's crop, kNN's decision on it, and the asked classifier's."""
    from classifiers.core.images import ImageRefused
    from classifiers.core.library import crop_read
    from classifiers.core.methods import classify

    image, parameters = options["image"], dict(options["parameters"])
    try:
        picture = crop_read(image, parameters.get("transform", "crop"))
    except (ImageRefused, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"{image} cannot be used: {reason}") from error
    _encode(source, options["classifier"], parameters)
    known = CLASSIFIERS["knn"].parameters
    shared = {name: value for name, value in parameters.items() if name in known}
    reranked = classify(image, source.gallery, options["classifier"], **parameters)
    return picture, classify(image, source.gallery, "knn", **shared), reranked


def _encode(source: Source, classifier: str, parameters: Mapping[str, Any]) -> None:
    """Encode a folder's photos for the matcher, if need be; a dataset's are a worker's."""
    from classifiers.core.library import targets_from_folder
    from classifiers.core.queries import matcher_kept, targets_field

    resolved = parameters_resolved(classifier, parameters)
    if source.folder is not None and CLASSIFIERS[classifier].needs_matcher:
        matcher = matcher_kept(resolved["matcher"])
        targets_from_folder(source.folder, matcher, targets_field(resolved))
