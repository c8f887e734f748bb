"""Files that a study document names: lists of photos, and trial lists. Pure.

A document names such a file by its name and the SHA-256 of its bytes, ``clean.txt@1f2e...``. So the
document's own fingerprint fixes what the file says, and the file can be kept by its content.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from classifiers.core.inputs.strict_files import CsvRefused, csv_rows, json_read

REFERENCE: Final = re.compile(r"[^/\\@]{1,200}@([0-9a-f]{64})")
EXPECTED: Final = (
    "a file that is kept with the study: upload it on the draft's page Lists of photos, or give "
    "the document to create_study --document or study revise, which read the files beside it"
)
OWN_COLUMNS: Final = ("set", "image")
# Of the reference study's published answers: a row is a trial, in the order of presentation.
PUBLISHED_COLUMNS: Final = ("UID", "Method", "Counter balance", "Query")

Lists = dict[str, dict[int, list[str]]]
"""Images by AI and number of the set, in order. The AI is empty where the lists are for all."""


class ListRefused(ValueError):
    """A file that is no list; the message says what was seen and what was expected."""


def reference_to(name: str, content: bytes) -> str:
    """Return what a document calls a file with this content."""
    return f"{re.sub(r'[@]', '_', name)}@{hashlib.sha256(content).hexdigest()}"


def sha256_in(reference: object) -> str:
    """Return the SHA-256 in a reference; empty for something else."""
    match = REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    return match[1] if match else ""


def named_files(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield each place of a document that names a file: its path, its table, its key."""
    pool = document.get("pool")
    if isinstance(pool, dict):
        for key in ("keep", "leave_out"):
            if isinstance(pool.get(key), str) and pool[key]:
                yield f"pool.{key}", pool, key
    stages = document.get("stages")
    for position, stage in enumerate(stages if isinstance(stages, list) else []):
        named = stage.get("sets_file") if isinstance(stage, dict) else None
        if isinstance(named, str) and named:
            yield f"stages[{position}].sets_file", stage, "sets_file"


def names_read(content: str) -> list[str]:
    """Return the photos that a file lists, by path, file name or SHA-256.

    Formats: a list in brackets with names in quotes (as the reference study published its 44,424
    clean images), a table with the column ``source`` (as ``filter_dataset`` writes it), or a name
    in each line. Raises ``ListRefused``.
    """
    text = content.lstrip("\ufeff").strip()
    if text.startswith("["):
        names = re.findall(r"'([^']*)'|\"([^\"]*)\"|([^\s,\[\]'\"]+)", text)
        return _checked([next(filter(None, found), "") for found in names])
    first = text.splitlines()[0] if text else ""
    if "source" in next(csv.reader([first]), []):
        try:
            return _checked([row["source"] for _, row in csv_rows(io.StringIO(text), ("source",))])
        except CsvRefused as error:
            raise ListRefused(str(error)) from error
    return _checked([line.strip() for line in text.splitlines()])


def _checked(names: list[str]) -> list[str]:
    found = [name for name in names if name]
    if not found:
        raise ListRefused("it names no photo; expected a list of paths or file names")
    return found


def trial_lists_read(content: str) -> Lists:
    """Return the trial lists of a file, each in its order.

    Formats: a JSON list of lists of images; a table with the columns ``set,image`` and if wanted
    ``classifier``; or the reference study's published answers, of which every person's rows are a
    list (Nguyen, Taesiri & Nguyen 2022). Raises ``ListRefused``.
    """
    text = content.lstrip("\ufeff").strip()
    if text.startswith("["):
        return _from_json(text)
    columns = next(csv.reader(io.StringIO(text)), [])
    is_published = set(PUBLISHED_COLUMNS) <= set(columns)
    required = PUBLISHED_COLUMNS if is_published else OWN_COLUMNS
    try:
        rows = list(csv_rows(io.StringIO(text, newline=""), required))
    except CsvRefused as error:
        raise ListRefused(
            f"{error}. Expected the columns set,image or those of the published answers"
        ) from error
    return _published(rows) if is_published else _own(rows)


def _from_json(text: str) -> Lists:
    try:
        found = json_read(text)
    except json.JSONDecodeError as error:
        raise ListRefused(f"it is no JSON ({error}); expected a list of lists of images") from error
    is_fine = all(
        isinstance(each, list) and all(isinstance(x, str) for x in each) for each in found
    )
    if not found or not is_fine:
        raise ListRefused("it is no list of lists of images")
    return {"": dict(enumerate(found, 1))}


def _own(rows: list[tuple[int, dict[str, str]]]) -> Lists:
    lists: Lists = {}
    for line, row in rows:
        number = _number(row["set"], line)
        mine = lists.setdefault(row.get("classifier", "").strip(), {})
        mine.setdefault(number, []).append(row["image"].strip())
    return lists


def _published(rows: list[tuple[int, dict[str, str]]]) -> Lists:
    """Return the list of each method and counterbalance group: its first person's rows."""
    lists: Lists = {}
    shown_to: dict[tuple[str, int], str] = {}
    for line, row in rows:
        number = _number(row["Counter balance"], line)
        first = shown_to.setdefault((row["Method"], number), row["UID"])
        if row["UID"] == first:
            lists.setdefault(row["Method"], {}).setdefault(number, []).append(row["Query"])
    return lists


def _number(text: str, line: int) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= 500:
        raise ListRefused(f"line {line}: the set is {text!r}; expected a number from 1 to 500")
    return int(text)


def lists_for(
    lists: Lists, condition: str, classifier: str, others: Mapping[str, str]
) -> dict[int, list[str]]:
    """Return the lists of a condition's AI by number.

    They are under the condition's name, its classifier, or a condition of the reference study
    (``others``: its classifier by name) with the same classifier, which shared its lists; or under
    no name, for all.
    """
    same = [name for name in others if others[name] == classifier and classifier]
    found: dict[int, list[str]] = {}
    for name in (condition, classifier, *same, ""):
        for number, images in lists.get(name, {}).items():
            found.setdefault(number, images)
    return dict(sorted(found.items()))
