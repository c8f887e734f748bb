"""The tables ``predictions.csv`` and ``scores.csv``, checked row by row. Standard library only."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from classifiers.core.evidence.checking import seen
from classifiers.core.evidence.panels import MAX_VALUE

PREDICTIONS, SCORES = "predictions.csv", "scores.csv"
PREDICTION_COLUMNS: Final = ("image", "label", "confidence", "n_votes", "n_voters")
SCORE_COLUMNS: Final = ("image", "label", "score")
MAX_ROWS: Final = 500_000
MAX_SCORES: Final = 20_000_000
MAX_VOTERS: Final = 100_000
_NUMBER: Final = re.compile(r"[-+]?(\d{1,30}\.?\d{0,30}|\.\d{1,30})([eE][-+]?\d{1,3})?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that is not taken: its file, its line from 1, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of a dataset; people judge those that are ``is_judged``, the queries."""

    sha256: str
    source: str
    is_judged: bool


class Known:
    """The photos and categories of a dataset, by all the names that a file may use."""

    def __init__(self, photos: Iterable[Photo], categories: Iterable[tuple[str, str]]) -> None:
        """``categories`` are pairs of a folder's name and the label that people read."""
        self.photos: dict[str, Photo] = {}
        for photo in photos:
            self.photos[photo.source] = self.photos[photo.sha256] = photo
        pairs = list(categories)
        self.categories = {name: name for name, _ in pairs}
        labels = [label for _, label in pairs]
        for name, label in pairs:
            if labels.count(label) == 1:
                self.categories.setdefault(label, name)

    def photo(self, text: str) -> Photo | None:
        """Return the photo of this path or SHA-256."""
        return self.photos.get(text.removeprefix("./"))

    def category(self, text: str) -> str | None:
        """Return the folder's name of a category; None for unknown and shared labels."""
        return self.categories.get(text)

    def photo_problem(self, text: str) -> str:
        """Say why a text names no photo that an AI may be judged on; empty if it does."""
        photo = self.photo(text)
        if photo is None:
            return (
                f"image is {seen(text)}, which is not in the dataset; expected the path of a photo "
                "below the dataset's root, or its sha256"
            )
        if not photo.is_judged:
            return f"image is {seen(text)}, a gallery photo; expected a photo of the split query"
        return ""

    def category_problem(self, text: str) -> str:
        """Say why a text names no category; empty if it does."""
        if self.category(text) is not None:
            return ""
        return (
            f"label is {seen(text)}; expected the folder of one of the dataset's categories, or "
            "a label that one category alone has"
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One prediction: photo by SHA-256, category by its folder."""

    line: int
    image: str
    label: str
    confidence: float | None
    n_votes: int | None
    n_voters: int | None


@dataclass(slots=True)
class Table:
    """The rows that are right, by photo, and those that are refused."""

    rows: dict[str, Row] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


def predictions_read(content: bytes, known: Known) -> Table:
    """Return the rows of ``predictions.csv``; every wrong row is refused by its line."""
    found, n_without = Table(), 0

    def refuse(line: int, reason: str) -> None:
        found.refused.append(Refusal(PREDICTIONS, line, reason))

    for line, cells in _rows(content, PREDICTION_COLUMNS, 3, MAX_ROWS, refuse):
        problems = list(_prediction_problems(cells, known))
        photo = known.photo(cells["image"])
        if photo is not None and photo.sha256 in found.rows:
            first = found.rows[photo.sha256].line
            problems.append(f"image is {seen(cells['image'])} again, as in line {first}")
        if problems or photo is None:
            refuse(line, "; ".join(problems))
            continue
        row = _row(line, photo, cells, known)
        n_without += row.confidence is None
        found.rows[photo.sha256] = row
    if 0 < n_without < len(found.rows):
        line = next(row.line for row in found.rows.values() if row.confidence is None)
        refuse(line, "confidence is empty, and other rows have one; expected all or none")
    if not found.rows and not found.refused:
        refuse(1, "there is no row below the first line; expected one a photo")
    return found


def _row(line: int, photo: Photo, cells: Mapping[str, str], known: Known) -> Row:
    return Row(
        line,
        photo.sha256,
        known.category(cells["label"]) or "",
        float(cells["confidence"]) if cells["confidence"] else None,
        int(cells["n_votes"]) if cells["n_votes"] else None,
        int(cells["n_voters"]) if cells["n_voters"] else None,
    )


def _prediction_problems(cells: Mapping[str, str], known: Known) -> Iterator[str]:
    yield from filter(
        None, (known.photo_problem(cells["image"]), known.category_problem(cells["label"]))
    )
    text = cells["confidence"]
    if text and not (_NUMBER.fullmatch(text) and 0 <= float(text) <= 1):
        yield f"confidence is {seen(text)}; expected a number from 0 to 1 such as 0.85, or nothing"
    votes, voters = cells["n_votes"], cells["n_voters"]
    if not (votes or voters):
        return
    is_whole = all(_WHOLE.fullmatch(each) for each in (votes, voters))
    if not is_whole or not 0 < int(voters) <= MAX_VOTERS or int(votes) > int(voters):
        yield (
            f"n_votes is {seen(votes)} and n_voters {seen(voters)}; expected whole numbers, at "
            "most as many votes as voters, or both empty"
        )
    elif text and _NUMBER.fullmatch(text) and abs(float(text) - int(votes) / int(voters)) > 0.005:
        yield (
            f"confidence is {seen(text)} with {votes} of {voters} votes; expected the share of the "
            "votes"
        )


@dataclass(slots=True)
class ScoreTable:
    """Each photo's scores by category, and the refused rows."""

    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


def scores_read(content: bytes, known: Known, predicted: Mapping[str, Row]) -> ScoreTable:
    """Return the rows of ``scores.csv``: a row a photo and category, in any order."""
    found = ScoreTable()

    def refuse(line: int, reason: str) -> None:
        found.refused.append(Refusal(SCORES, line, reason))

    for line, cells in _rows(content, SCORE_COLUMNS, 3, MAX_SCORES, refuse):
        problems = [known.photo_problem(cells["image"]), known.category_problem(cells["label"])]
        photo, category = known.photo(cells["image"]), known.category(cells["label"]) or ""
        text = cells["score"]
        if not _NUMBER.fullmatch(text) or abs(float(text)) > MAX_VALUE:
            problems.append(f"score is {seen(text)}; expected a number up to {MAX_VALUE:,.0f}")
        if photo is not None and photo.is_judged and photo.sha256 not in predicted:
            problems.append(f"image is {seen(cells['image'])}, without a row in {PREDICTIONS}")
        scores = found.scores.get(photo.sha256, {}) if photo else {}
        if category in scores:
            problems.append(f"a second score of {seen(category)} for this image; expected one")
        if said := "; ".join(filter(None, problems)):
            refuse(line, said)
        elif photo is not None:
            found.scores.setdefault(photo.sha256, {})[category] = float(text)
    return found


def _rows(
    content: bytes,
    columns: Sequence[str],
    n_required: int,
    most: int,
    refuse: Callable[[int, str], None],
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row's line and cells, by column; a missing optional column is empty.

    The first ``n_required`` columns have to be there. What cannot be read is refused by its line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        refuse(line, "the text is not UTF-8; expected a CSV file in UTF-8")
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        head = [cell.strip() for cell in next(reader, [])]
        if problem := _head_problem(head, columns, n_required):
            refuse(1, problem)
            return
        for n, cells in enumerate(reader):
            line = reader.line_num
            if n >= most:
                refuse(line, f"more than {most:,} rows; expected at most so many")
                return
            if cells and len(cells) != len(head):
                refuse(line, f"{len(cells)} cells; expected {len(head)}, as in the first line")
            elif cells:
                yield line, dict.fromkeys(columns, "") | dict(zip(head, cells, strict=True))
    except csv.Error as error:
        refuse(reader.line_num, f"no CSV ({error}); expected cells separated by commas")


def _head_problem(head: Sequence[str], columns: Sequence[str], n_required: int) -> str:
    missing = [name for name in columns[:n_required] if name not in head]
    unknown = [name for name in head if name not in columns]
    if not missing and not unknown and len(set(head)) == len(head):
        return ""
    optional = f", and if wanted {', '.join(columns[n_required:])}" if columns[n_required:] else ""
    return (
        f"the columns are {seen(list(head))}; expected {','.join(columns[:n_required])}{optional}"
    )
