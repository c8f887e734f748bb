"""One pass over the files of a dataset: hash, decode, crop, decide, write.

The main thread decides and writes rows, file by file in sorted order; a few threads hash, decode
and crop the next files (Pillow releases the GIL). Crops are on disk before their rows are
committed, and rows are committed in batches, so a killed import continues where it stopped.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.db import IntegrityError, transaction

from classifiers.core.filters import pixels_sha256
from classifiers.core.images import MAX_PIXELS, ImageRefused, picture_read, pixels_of
from classifiers.core.inputs.ahead import in_order
from classifiers.core.inputs.pixel_gate import PixelGate
from classifiers.files import file_sha256
from classifiers.models import Category, Dataset, Image
from classifiers.services.crops import crop_encode, crop_write, is_on_disk
from classifiers.services.dataset_locks import HeldSamples
from classifiers.services.folders import (
    DatasetRefused,
    FolderScan,
    FoundFile,
    Refusal,
    is_query,
    printable,
)
from classifiers.tokens import crop_path

BATCH = 64
"""Images of one commit: at most so many are imported again after a kill."""
N_THREADS = min(4, os.cpu_count() or 1)
N_AHEAD = 4 * N_THREADS
"""Images that the threads prepare in advance; this limits the memory."""

TOO_LARGE = "decoding it takes more memory than there is: save a smaller copy"

OnProgress = Callable[[int, int], None]
"""Called with (files done, files in all) after every file."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did. ``n_new + n_unchanged`` of its images are in the dataset.

    ``remarks`` name imported photos that somebody should look at.
    """

    n_new: int
    n_unchanged: int
    refused: tuple[Refusal, ...]
    n_ignored: int
    remarks: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredImage:
    """One image of the database, or of the batch that is about to be written."""

    source: str
    split: str
    category: str
    sha256: str
    token: str
    pixels_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The result of a thread for one file: a crop, or why there is none."""

    file: FoundFile
    sha256: str = ""
    size: tuple[int, int] = (0, 0)
    crop: bytes = b""
    problem: str = ""
    pixels_sha256: str = ""
    remark: str = ""


class ImportRun:
    """One import: what is known so far, and the batch that is about to be written."""

    def __init__(
        self,
        dataset: Dataset,
        categories: Mapping[str, Category],
        scan: FolderScan,
        known: Sequence[StoredImage],
        held: HeldSamples,
    ) -> None:
        self.dataset, self.categories, self.scan, self.held = dataset, categories, scan, held
        self.by_source = {item.source: item for item in known}
        self.by_sha256 = {item.sha256: item for item in known}
        self.by_pixels = {item.pixels_sha256: item for item in known if item.pixels_sha256}
        self.reading, self.gate = dataset.reading, PixelGate(MAX_PIXELS)
        self.sources = {file.source for file in scan.files}
        self.batch: list[tuple[Image, bytes]] = []
        self.n_new = self.n_unchanged = 0
        gone = "imported before and no longer there: put the file back, predictions refer to it"
        lost = sorted(self.by_source.keys() - self.sources)
        self.refused = [*scan.refused, *(Refusal(source, gone) for source in lost)]
        self.remarks: list[Refusal] = []

    def run(self, on_progress: OnProgress) -> ImportReport:
        """Import all files. If the import is interrupted, what was committed is kept."""
        files = self.scan.files
        with warnings.catch_warnings(), closing(self._prepared()) as prepared:
            # load_rgb silences Pillow in each call; threads would undo that for each other.
            warnings.simplefilter("ignore")
            for n_done, each in enumerate(prepared, start=1):
                self._judge(each)
                if len(self.batch) >= BATCH or n_done == len(files):
                    self._commit()
                on_progress(n_done, len(files))
        self._report_empty_categories()
        return ImportReport(
            self.n_new,
            self.n_unchanged,
            tuple(self.refused),
            self.scan.n_ignored,
            tuple(self.remarks),
        )

    def _prepared(self) -> Generator[Prepared, None, None]:
        """Return every file in order; the threads prepare the next ones."""
        return in_order(self._prepare, self.scan.files, n_threads=N_THREADS, n_ahead=N_AHEAD)

    def _prepare(self, file: FoundFile) -> Prepared:
        """Hash, decode and crop one file. Runs in a thread, so it only reads shared data."""
        path = self.scan.root / file.source
        try:
            sha256 = file_sha256(path)
            if self._needs_no_crop(file, sha256):
                return Prepared(file, sha256)
            with self.gate.hold(pixels_of(path)):
                return self._decoded(file, sha256, path)
        except ImageRefused as error:
            return Prepared(file, problem=str(error))
        except MemoryError:
            return Prepared(file, problem=TOO_LARGE)
        except OSError as error:
            return Prepared(file, problem=f"cannot be read: {error.strerror or error}")

    def _decoded(self, file: FoundFile, sha256: str, path: Path) -> Prepared:
        picture = picture_read(path, self.reading)
        image = picture.image
        return Prepared(
            file,
            sha256,
            image.size,
            crop_encode(image),
            pixels_sha256=pixels_sha256(image),
            remark=picture.remark,
        )

    def _needs_no_crop(self, file: FoundFile, sha256: str) -> bool:
        stored = self.by_source.get(file.source)
        if stored and stored.sha256 == sha256:
            return is_on_disk(crop_path(stored.token))
        return stored is not None or sha256 in self.by_sha256

    def _judge(self, found: Prepared) -> None:
        """Count, refuse or import one file.

        Called in sorted order: of equal files the first is imported.
        """
        stored = self.by_source.get(found.file.source)
        twin = self.by_sha256.get(found.sha256) or self.by_pixels.get(found.pixels_sha256)
        if found.problem:
            self._refuse(found.file, found.problem)
        elif stored and stored.sha256 == found.sha256:
            self.n_unchanged += 1
            if found.crop:
                crop_write(crop_path(stored.token), found.crop)
        elif stored:
            self._refuse(
                found.file,
                "its content changed since it was imported, and predictions never change: "
                "restore it, or add the new picture under a new name",
            )
        elif twin:
            self._refuse(found.file, self._duplicate_words(found, twin))
        elif reason := self._held_words(found):
            self._refuse(found.file, reason)
        else:
            self._take(found)

    def _held_words(self, found: Prepared) -> str:
        split = self._split(found.file, found.sha256)
        return self.held.problem(found.file.category, split, found.sha256)

    def _refuse(self, file: FoundFile, reason: str) -> None:
        self.refused.append(Refusal(file.source, reason))

    def _duplicate_words(self, found: Prepared, twin: StoredImage) -> str:
        file = found.file
        how = "duplicate of" if found.sha256 == twin.sha256 else "shows the same pixels as"
        words = [f"{how} {printable(twin.source)}"]
        if twin.source not in self.sources:
            words.append("which is no longer there: images keep their path, move it back")
        if twin.category != file.category:
            words.append(f"the labels contradict: {twin.category} there, {file.category} here")
        if twin.split != (split := self._split(file, found.sha256)):
            words.append(f"it would leak between {twin.split} and {split}")
        return "; ".join(words)

    def _split(self, file: FoundFile, sha256: str) -> str:
        share, seed = self.dataset.query_share, self.dataset.split_seed
        if share is None or seed is None:
            return file.split
        drawn = is_query(sha256, query_share=share, split_seed=seed)
        return Image.QUERY if drawn else Image.GALLERY

    def _take(self, found: Prepared) -> None:
        file, (width, height) = found.file, found.size
        image = Image(
            dataset=self.dataset,
            category=self.categories[file.category],
            split=self._split(file, found.sha256),
            source=file.source,
            sha256=found.sha256,
            width=width,
            height=height,
            pixels_sha256=found.pixels_sha256,
        )
        entry = StoredImage(
            file.source,
            image.split,
            file.category,
            image.sha256,
            image.token,
            image.pixels_sha256,
        )
        self.by_source[file.source] = self.by_sha256[found.sha256] = entry
        self.by_pixels[found.pixels_sha256] = entry
        if found.remark:
            self.remarks.append(Refusal(file.source, found.remark))
        self.batch.append((image, found.crop))

    def _commit(self) -> None:
        for image, crop in self.batch:
            crop_write(image.crop_path, crop)
        try:
            with transaction.atomic():
                Image.objects.bulk_create([image for image, _ in self.batch])
        except IntegrityError as error:
            for image, _ in self.batch:
                image.crop_path.unlink(missing_ok=True)
            raise DatasetRefused(
                f"Another import is adding the same images to {self.dataset.slug!r}. "
                "Wait until it has ended, then give the same command again."
            ) from error
        self.n_new += len(self.batch)
        self.batch = []

    def _report_empty_categories(self) -> None:
        empty = self.dataset.categories.filter(images=None).order_by("index")
        reason = "a category without a usable image counts as a class: delete or fill its folder"
        self.refused += [Refusal(item.name, reason) for item in empty]
