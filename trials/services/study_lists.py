"""Keep the files that a study document names, and find their photos among the predictions."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from classifiers.models import Prediction, PredictionRun
from trials.models import StudyList
from trials.services.refusals import StudyRefused
from trials.study.document import PlanRefused, Problem
from trials.study.lists import (
    ListRefused,
    lists_for,
    named_files,
    names_read,
    reference_to,
    sha256_in,
    trial_lists_read,
)
from trials.study.plan import CONDITIONS, ConditionPlan, StudyPlan
from trials.study.schema import Json

MAX_BYTES = 20_000_000
MAX_LISTED = 5
# The reference study's conditions, of which those with one AI shared their lists.
PUBLISHED = {each.name: each.classifier for each in CONDITIONS}


def list_keep(name: str, content: bytes) -> str:
    """Keep a file (once for equal bytes); return what a document calls it.

    Raises ``ListRefused`` for a file that is too large or no text in UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise ListRefused(f"it has {len(content):,} bytes; expected at most {MAX_BYTES:,}")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ListRefused(f"it is no text in UTF-8 ({error.reason})") from error
    if "\0" in text:
        raise ListRefused("it holds a character NUL; expected a text")
    sha256 = hashlib.sha256(content).hexdigest()
    StudyList.objects.get_or_create(sha256=sha256, defaults={"name": name[:200], "content": text})
    return reference_to(name, content)


def files_keep(document: Mapping[str, Any], folder: Path) -> Json:
    """Return a document with the files beside it kept, each named by its content.

    Raises ``PlanRefused`` for a file that cannot be read or is no list.
    """
    found: Json = copy.deepcopy(dict(document))
    problems = []
    for path, table, key in named_files(found):
        name = table[key]
        if sha256_in(name):
            continue
        try:
            content = (folder / name).read_bytes()
            (trial_lists_read if key == "sets_file" else names_read)(content.decode())
            table[key] = list_keep(Path(name).name, content)
        except (OSError, ValueError) as error:
            expected = f"a file beside the document that can be read as a list ({error})"
            problems.append(Problem(path, name, expected))
    if problems:
        raise PlanRefused(*problems)
    return found


def lists_named(document: Mapping[str, Any]) -> list[StudyList]:
    """Return the kept files that a document names."""
    hashes = {sha256_in(table[key]) for _, table, key in named_files(document)}
    return list(StudyList.objects.filter(sha256__in=hashes).order_by("sha256"))


def _content(reference: str) -> str:
    kept = StudyList.objects.filter(sha256=sha256_in(reference)).first()
    if kept is None:
        raise StudyRefused(
            f"The file {reference} is not kept here. Import the study with its files, or give the "
            "document and the file to: manage.py create_study --document."
        )
    return kept.content


def _names(value: str | list[str]) -> set[str]:
    try:
        return set(value if isinstance(value, list) else names_read(_content(value)))
    except ListRefused as error:
        raise StudyRefused(f"The list {value}: {error}.") from error


def pool_filter(plan: StudyPlan) -> Callable[[str, str], bool]:
    """Return what says, of a photo's path and SHA-256, whether the study may draw it."""
    keep = _names(plan.pool.keep) if plan.pool.keep else None
    out: Collection[str] = _names(plan.pool.leave_out) if plan.pool.leave_out else ()

    def may_be_drawn(source: str, sha256: str) -> bool:
        names = {source, PurePosixPath(source).name, sha256}
        return (keep is None or bool(names & keep)) and not any(name in out for name in names)

    return may_be_drawn


def sets_given(
    plan: StudyPlan, condition: ConditionPlan, run: PredictionRun
) -> dict[int, tuple[int, ...]]:
    """Return the predictions of the test's given lists by number, in their order; empty if none.

    Raises ``StudyRefused`` for a file without lists for this AI, a list of another length than the
    test has photos, a photo without a prediction, and one that is in the lists twice.
    """
    if not plan.test.sets_file:
        return {}
    try:
        lists = trial_lists_read(_content(plan.test.sets_file))
    except ListRefused as error:
        raise StudyRefused(f"The trial lists {plan.test.sets_file}: {error}.") from error
    mine = lists_for(lists, condition.name, condition.classifier or condition.run, PUBLISHED)
    if not mine:
        raise StudyRefused(
            f"{plan.test.sets_file} has lists for {', '.join(sorted(lists))}; expected some for "
            f"condition {condition.name} or its classifier."
        )
    keys = _predictions_by_name(run)
    _lists_check(plan, mine, keys, run)
    return {number: tuple(keys[name][0] for name in names) for number, names in mine.items()}


def _predictions_by_name(run: PredictionRun) -> dict[str, list[int]]:
    rows = Prediction.objects.filter(run=run).with_truth()
    found: dict[str, list[int]] = {}
    for pk, source, sha256 in rows.values_list("pk", "image__source", "image__sha256"):
        for name in {source, PurePosixPath(source).name, sha256}:
            found.setdefault(name, []).append(pk)
    return found


def _lists_check(
    plan: StudyPlan,
    lists: Mapping[int, list[str]],
    keys: Mapping[str, list[int]],
    run: PredictionRun,
) -> None:
    names = [name for each in lists.values() for name in each]
    unknown = [name for name in names if len(keys.get(name, [])) != 1]
    if unknown:
        raise StudyRefused(
            f"{len(unknown)} photos of the trial lists have no prediction of run {run.name}, or "
            f"share their name with another: {', '.join(unknown[:MAX_LISTED])}. Expected the path "
            "or name of one predicted photo each."
        )
    drawn = [keys[name][0] for name in names]
    if len(set(drawn)) < len(drawn):
        twice = next(name for name in names if drawn.count(keys[name][0]) > 1)
        raise StudyRefused(f"{twice} is twice in the trial lists; expected disjoint lists.")
    for number, each in lists.items():
        if len(each) != plan.test.n:
            raise StudyRefused(
                f"Trial list {number} has {len(each)} photos; expected as many as the test, "
                f"{plan.test.n}."
            )
