"""The words of a database row in a file: values, pseudonyms, stages, events. No Django.

``frame`` reads the rows; this module only words them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from analysis.codebook.codebook import EVENTS, STAGES, Columns
from trials.study.pseudonyms import pseudonym
from trials.study.script_stages import has_passed

# People before robots, in the order of consent.
ORDER = ("is_simulated", "participant_id")
# The word for each value of the database; a value that is not listed is written unchanged.
WORDS: dict[str, Callable[[Any], object]] = {
    "trial_index": lambda position: position + 1,
    "item_id": lambda sha256: sha256 and f"i{sha256[:16]}",
    "response": lambda is_accepted: {True: "yes", False: "no", None: None}[is_accepted],
    "first_answer": lambda is_accepted: {True: "yes", False: "no", None: None}[is_accepted],
    "given_by": lambda how: how or None,
    "reason": lambda words: words or None,
    "first_reason": lambda words: words or None,
    "block": lambda number: number or None,
}

Row = tuple[object, ...]
Who = tuple[bool, int]


@dataclass(frozen=True, slots=True)
class Stages:
    """A participant's phases: first presented, last answered, counts."""

    first: dict[str, datetime] = field(default_factory=dict)
    last: dict[str, datetime] = field(default_factory=dict)
    n: dict[str, int] = field(default_factory=dict)
    n_correct: dict[str, int] = field(default_factory=dict)


def teller(
    columns: Columns, lookups: Iterable[str], constants: Mapping[str, object]
) -> Callable[[Sequence[Any]], Row]:
    """Return a function that turns a row of the database into one of ``columns``."""
    place = {name: index for index, name in enumerate(lookups)}

    def one(name: str) -> Callable[[Sequence[Any]], object]:
        if name in constants:
            return lambda raw: constants[name]
        if name == "participant_id":
            robot, number = (place[item] for item in ORDER)
            return lambda raw: pseudonym(raw[robot], raw[number])
        if name in WORDS:
            say, index = WORDS[name], place[name]
            return lambda raw: say(raw[index])
        return itemgetter(place[name])

    tellers = [one(column.name) for column in columns]
    return lambda raw: tuple(item(raw) for item in tellers)


def stage_columns(
    person: dict[str, Any], stages: Stages, validation_end: int | None
) -> dict[str, object]:
    """Return the columns of a person's trials, and whether they passed the validation."""
    first, last = stages.first, stages.last
    # By time, because the training may come after the validation.
    begun_at = {phase: at for phase in STAGES[1:] if (at := first.get(phase) or last.get(phase))}
    reached = sorted(begun_at, key=lambda phase: begun_at[phase])
    begun = min(first.values(), default=None)
    return {
        "last_stage": reached[-1] if reached else STAGES[0],
        "n_validation": stages.n.get("validation", 0),
        "n_validation_correct": stages.n_correct.get("validation", 0),
        "is_validation_passed": has_passed(person["status"], person["step"], validation_end),
        "n_test": stages.n.get("test", 0),
        "introduction_ms": _ms(person["consented_at"], begun),
        **{f"{phase}_ms": _ms(first.get(phase), last.get(phase)) for phase in STAGES[1:]},
    }


def _ms(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000)


def device_columns(device: dict[str, Any]) -> dict[str, object]:
    """Return the stored columns of the device; None for a value that was not recorded."""
    return {
        "device_kind": device.get("kind") or None,
        "browser": device.get("browser") or None,
        "viewport_width": device.get("width"),
        "viewport_height": device.get("height"),
        "pixel_ratio": device.get("pixel_ratio"),
        "time_zone": device.get("time_zone") or None,
    }


def _first_answered(trial: Mapping[str, Any]) -> dict[str, object]:
    """Return the word that distinguishes an answer before the AI's advice from the final one."""
    return {
        "at": trial["first_received_at"],
        "event": "answered_first",
        "response": WORDS["response"](trial["first_answer"]),
        "rt_ms": trial["first_rt_ms"],
    }


def events_of(
    who: Who,
    person: dict[str, Any],
    trials: list[dict[str, Any]],
    told: list[dict[str, Any]],
    moment: datetime,
) -> list[Row]:
    """Return a person's events in order of time: the server's, and ``told`` by the browser."""
    happened: list[dict[str, Any]] = [
        {"at": person["consented_at"], "event": "consented"},
        {"at": person["finished_at"], "event": "finished"},
    ]
    for trial in trials:
        words = {name: WORDS[name](trial[name]) for name in ("trial_index", "item_id", "response")}
        said = words | {"phase": trial["phase"]}
        happened += [
            said | {"at": trial["presented_at"], "event": "presented", "response": None},
            said | {"at": trial["received_at"], "event": "answered", "rt_ms": trial["rt_ms"]},
        ]
        if "first_received_at" in trial:
            happened.append(said | _first_answered(trial))
    happened += [item | {"detail": item["detail"] or None} for item in told]
    done = [item for item in happened if item["at"] is not None and item["at"] <= moment]
    done.sort(key=itemgetter("at"))
    name = pseudonym(*who)
    return [(name, *(item.get(column.name) for column in EVENTS[1:])) for item in done]
