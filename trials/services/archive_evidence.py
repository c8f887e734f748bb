"""The evidence in a study's file: each prediction's panels and scores, and the panels' files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from classifiers.core.evidence.checking import is_number, panels_problems, seen
from classifiers.core.evidence.pictures import encoded_problem
from classifiers.models import Category, Evidence, Image, Prediction
from classifiers.services.panel_files import (
    NAME,
    files_of,
    panel_name,
    panel_path,
    panel_store,
    photos_of,
)
from trials.services.refusals import StudyRefused
from trials.study.schema import Json

EVIDENCE, FILES = "evidence.jsonl", "panels/"
FIELDS: Final = ("classifier", "image", "panels", "scores")
MAX_FILES_BYTES: Final = 400_000_000


def evidence_lines(drawn: Any, names: Mapping[int, str]) -> Iterator[bytes]:
    """Yield a line a prediction that has evidence; ``names`` are what the file calls each run."""
    rows = Evidence.objects.filter(prediction__in=drawn).values_list(
        "prediction__run", "prediction__image__sha256", "panels", "scores"
    )
    named = ((names[run], image, panels, scores) for run, image, panels, scores in rows)
    for row in sorted(named, key=lambda row: row[:2]):
        fact = dict(zip(FIELDS, row, strict=True))
        # PostgreSQL orders the keys of JSON in its own way; an archive is the same everywhere.
        text = json.dumps(fact, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        yield (text + "\n").encode()


def evidence_files(drawn: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the files that the panels of predictions show, by their names in the archive."""
    rows = Evidence.objects.filter(prediction__in=drawn).values_list("panels", flat=True)
    for name in sorted({name for panels in rows for name in files_of(panels)}):
        yield FILES + name, panel_path(name).read_bytes()


def evidence_photos(drawn: Any) -> set[int]:
    """Return the keys of the photos that the panels of predictions show."""
    rows = Evidence.objects.filter(prediction__in=drawn)
    named = {
        photo for panels in rows.values_list("panels", flat=True) for photo in photos_of(panels)
    }
    keys = Image.objects.filter(dataset__in=drawn.values("run__dataset"))
    return {pk for sha256, pk in keys.values_list("sha256", "pk") if sha256 in named}


def files_check(files: Mapping[str, bytes]) -> None:
    """Refuse files of panels that no export wrote. Raises ``StudyRefused``."""
    if sum(map(len, files.values())) > MAX_FILES_BYTES:
        raise StudyRefused(
            f"The panels' files have more than {MAX_FILES_BYTES / 1e6:,.0f} MB, the most that is "
            "taken."
        )
    for name, content in files.items():
        problem = "" if NAME.fullmatch(name) else "its name is no hash"
        problem = problem or encoded_problem(content)
        if not problem and panel_name(content) != name:
            problem = f"its content is {panel_name(content)}"
        if problem:
            raise StudyRefused(
                f"{FILES}{name[:100]} in the zip cannot be taken: {problem}. Expected a picture "
                "as an export wrote it: export the study again."
            )


def evidence_check(facts: list[Json], files: Mapping[str, bytes]) -> None:
    """Refuse evidence that no export wrote. Raises ``ValueError``."""
    for fact in facts:
        if problems := list(panels_problems(fact["panels"])):
            raise ValueError(f"evidence of {fact['image']}: {problems[0]}")
        if missing := [name for name in files_of(fact["panels"]) if name not in files]:
            raise ValueError(
                f"evidence of {fact['image']} names {seen(missing[0])}; it is not there"
            )
        scores = fact["scores"]
        if not isinstance(scores, dict) or not all(map(is_number, scores.values())):
            raise ValueError(f"scores of {fact['image']} are {seen(scores)}; expected numbers")


def evidence_by_prediction(facts: list[Json]) -> dict[tuple[str, str], Json]:
    """Return evidence by the name of the run and the photo."""
    return {(fact["classifier"], fact["image"]): fact for fact in facts}


def evidence_restore(
    prediction: Prediction,
    fact: Json | None,
    images: Mapping[str, Image],
    categories: Mapping[str, Category],
) -> None:
    """Store a prediction's evidence. Raises ``KeyError`` for a photo that is not there."""
    if fact is None:
        return
    for sha256 in photos_of(fact["panels"]):
        if images[sha256].split == Image.QUERY:
            raise ValueError(f"evidence of {fact['image']} shows {sha256}, which people judge")
    if strangers := [name for name in fact["scores"] if name not in categories]:
        raise ValueError(f"scores of {fact['image']} name {seen(strangers[0])}, no category")
    Evidence.objects.create(prediction=prediction, panels=fact["panels"], scores=fact["scores"])


def files_store(files: Mapping[str, bytes]) -> None:
    """Store the checked files of panels."""
    for content in files.values():
        panel_store(content)
