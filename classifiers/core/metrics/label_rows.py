"""Read a file of accepted labels row by row: the labels of an image, or why a row is wrong.

Standard library only. Three formats: the list of ImageNet-ReaL and an object of lists by file name
(``metrics/labels.py``), and a table with a row for each label.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename
from typing import Any

from classifiers.core.inputs.strict_files import CsvRefused, csv_rows, json_read
from classifiers.core.metrics.labels import (
    LabelsRefused,
    Truth,
    Wnids,
    class_indices,
    listed_names,
    listed_number,
    listed_truth,
    named_truth,
)

COLUMNS = ("image", "label")
EXPECTED = (
    "Expected a list of lists of class indices (ImageNet-ReaL), an object {file name: [label, ...]}"
    " or a table with the columns image,label"
)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row that is refused: its place in the file, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class LabelRows:
    """The truth by the path of each image that a file names, and the refused rows."""

    truths: dict[str, Truth] = field(default_factory=dict)
    refused: list[RefusedRow] = field(default_factory=list)


def label_rows(
    content: bytes,
    images: Mapping[str, str],
    categories: Mapping[str, str],
    wnids: Wnids,
) -> LabelRows:
    """Read a file of accepted labels.

    ``images`` gives the SHA-256 of each image by its path. ``categories`` gives what people read
    for each folder name, in the order of the indices. ``wnids`` gives ImageNet's WordNet ids in the
    order of their class indices; it is asked only for the list of a dataset with fewer classes.
    Raises ``LabelsRefused`` for another format.
    """
    try:
        text = content.decode("utf-8-sig")
        is_json = text.lstrip()[:1] in ("[", "{")
        labels = json_read(text) if is_json else None
    except ValueError as error:
        raise LabelsRefused(f"The file cannot be read ({error}). {EXPECTED}.") from error
    if isinstance(labels, list):
        return _from_list(labels, list(images), class_indices(list(categories), wnids))
    rows = _Rows(images, categories)
    if isinstance(labels, dict):
        for name, entry in labels.items():
            rows.add(repr(name), name, entry)
    else:
        _table_add(rows, text)
    return rows.found


def _from_list(
    labels: Sequence[Any], sources: Sequence[str], to_index: Mapping[int, int]
) -> LabelRows:
    found = LabelRows()
    for source in sources:
        number = listed_number(source, len(labels))
        if not number:
            reason = f"the list has no entry for it; {listed_names(len(labels))}"
            found.refused.append(RefusedRow(source, reason))
            continue
        try:
            found.truths[source] = listed_truth(source, labels[number - 1], to_index)
        except LabelsRefused as error:
            found.refused.append(RefusedRow(f"entry {number}", str(error)))
    return found


def _table_add(rows: _Rows, text: str) -> None:
    """Add the rows of a table; the labels of one image may be in any rows."""
    lines: dict[str, int] = {}
    labels: dict[str, list[object]] = {}
    try:
        for line, row in csv_rows(io.StringIO(text, newline=""), COLUMNS):
            name, label = row["image"].strip(), row["label"].strip()
            lines.setdefault(name, line)
            given = labels.setdefault(name, [])
            if label and label in given:
                rows.refuse(f"line {line}", f"{name} has the label {label!r} already")
            elif problem := rows.label_problem(name, label):
                rows.refuse(f"line {line}", problem)
            elif label:
                given.append(label)
    except CsvRefused as error:
        raise LabelsRefused(f"The table cannot be read: {error}. {EXPECTED}.") from error
    for name, given in labels.items():
        rows.add(f"line {lines[name]}", name, given)


class _Rows:
    """The rows so far. An image is named by path, SHA-256, or file name if no other has it."""

    def __init__(self, images: Mapping[str, str], categories: Mapping[str, str]) -> None:
        self.found = LabelRows()
        self.by_name: dict[str, list[str]] = {}
        for source in images:
            self.by_name.setdefault(basename(source), []).append(source)
        for source, sha256 in images.items():
            self.by_name[source] = self.by_name[sha256] = [source]
        self.places = {name: index for index, name in enumerate(categories)}
        n_said = Counter(categories.values())
        self.folders = {
            label: name
            for name, label in categories.items()
            if n_said[label] == 1 and label not in categories
        }

    def refuse(self, place: str, reason: str) -> None:
        self.found.refused.append(RefusedRow(place, reason))

    def label_problem(self, name: str, label: str) -> str:
        """Say why the label of a table is refused; empty if it is accepted, or left empty."""
        try:
            self._truth(name, [label] if label else [])
        except LabelsRefused as error:
            return str(error)
        return ""

    def add(self, place: str, name: str, entry: object) -> None:
        meant = self.by_name.get(name, [])
        if len(meant) != 1:
            seen = f"{len(meant)} images are named" if meant else "no image is named"
            such = meant[0] if meant else "query/class/photo.jpg"
            self.refuse(place, f"{seen} {name!r}; expected the path of one, such as {such}")
        elif meant[0] in self.found.truths:
            self.refuse(place, f"{meant[0]} is named a second time; expected one entry")
        else:
            try:
                self.found.truths[meant[0]] = self._truth(name, entry)
            except LabelsRefused as error:
                self.refuse(place, str(error))

    def _truth(self, name: str, entry: object) -> Truth:
        """Read a list of folder names, of labels that people read, or of indices."""
        if isinstance(entry, list):
            entry = [self.folders.get(x, x) if isinstance(x, str) else x for x in entry]
        return named_truth(name, entry, self.places)
