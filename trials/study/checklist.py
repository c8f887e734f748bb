"""The checklist before a launch: refusals and warnings.

A pure function of ``LaunchFacts``, which ``services/launch.py`` reads. A refusal blocks the launch
and says where to fix the problem; a warning does not block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from classifiers.core.category_remarks import Remark
from trials.study.assignment import assignment_words
from trials.study.design_needs import design_words
from trials.study.plan import StudyPlan
from trials.study.registries import UNAIDED
from trials.study.rule_words import rule_words
from trials.study.sets import Shortage

# Prolific's floor, an hour (researcher help, "Prolific's payment principles").
PAY_FLOOR: Mapping[str, float] = {"GBP": 6.0, "USD": 8.0}
REMOTE = {"prolific", "mturk"}


class Level(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"
    REFUSAL = "refusal"


class Place(StrEnum):
    """The page where a problem is fixed."""

    EDITOR = "editor"
    DATASET = "dataset"
    PILOT = "pilot"
    NOWHERE = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. ``field`` is the document's field that fixes it, if any."""

    name: str
    level: Level
    said: str
    place: Place = Place.NOWHERE
    field: str = ""


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """What the checklist judges, as plain values.

    ``runs`` says for each classifier why its predictions cannot be used, empty if they can;
    ``shortages`` what its draw needs and has. ``pilot_minutes`` are the durations of people's
    completed pilot sessions; ``changed`` what is no longer as it was frozen; ``retired_rules`` the
    exclusion rules of a draft that no study measures; ``categories`` are remarks on the dataset's
    categories. ``never_right`` counts the drawn photos on which no class offered is right, and all
    drawn photos.
    """

    plan: StudyPlan
    has_unfinished_text: bool
    runs: Mapping[str, str]
    shortages: Mapping[str, Sequence[Shortage]]
    views: Sequence[str]
    lost_photos: Sequence[str]
    n_simulated: int
    pilot_minutes: Sequence[float]
    changed: Sequence[str] = ()
    retired_rules: Sequence[str] = ()
    categories: Sequence[Remark] = ()
    never_right: tuple[int, int] = (0, 0)


def checklist(facts: LaunchFacts, *, for_pilot: bool) -> list[Check]:
    """Return every check in order. For a pilot, some refusals are only warnings."""
    found: list[Check] = []
    for check in (
        _document, _predictions, _pool, _design, _choices, _first, _categories, _photos, _texts,
        _codes, _exclusions, _pay,
    ):  # fmt: skip
        found += check(facts)
    if for_pilot:
        return [_softened(item) for item in found]
    return [*found, _pilot(facts)]


# Checks that only warn before a pilot: codes for payment, and the contact for participants.
SOFT = {"Contact", "Completion codes"}


def _softened(check: Check) -> Check:
    if check.name in SOFT and check.level == Level.REFUSAL:
        return Check(check.name, Level.WARNING, check.said, check.place, check.field)
    return check


def _document(facts: LaunchFacts) -> Iterator[Check]:
    if facts.has_unfinished_text:
        yield Check(
            "Document",
            Level.REFUSAL,
            "The saved text is no valid document yet. Correct what is marked in it, or discard the "
            "text.",
            Place.EDITOR,
        )
    elif facts.changed:
        yield Check("Document", Level.REFUSAL, " ".join(facts.changed), Place.DATASET)
    else:
        yield Check("Document", Level.OK, "Valid and complete.")


def _predictions(facts: LaunchFacts) -> Iterator[Check]:
    for classifier, problem in facts.runs.items():
        level = Level.REFUSAL if problem else Level.OK
        said = problem or f"{classifier}: finished."
        yield Check("Predictions", level, said, Place.DATASET if problem else Place.NOWHERE)
    for problem in facts.views:
        yield Check("Explanations", Level.REFUSAL, problem, Place.EDITOR, "conditions")


def _pool(facts: LaunchFacts) -> Iterator[Check]:
    for classifier, rows in facts.shortages.items():
        missing = [row for row in rows if row.n_missing]
        listed = "; ".join(str(item) for item in missing) or "; ".join(map(_supply, rows))
        advice = " Draw fewer or smaller sets, or predict more photos." if missing else ""
        yield Check(
            "Photos to draw from",
            Level.REFUSAL if missing else Level.OK,
            f"{classifier}: {listed}.{advice}",
            Place.EDITOR if missing else Place.NOWHERE,
            "stages",
        )


def _design(facts: LaunchFacts) -> Iterator[Check]:
    """Say when people are assigned, or how many photos and people a study within people needs."""
    if facts.plan.common is not None:
        said, doubt = assignment_words(facts.plan)
        yield Check("Assignment", Level.OK, said)
        if doubt:
            yield Check("Assignment", Level.WARNING, doubt, Place.EDITOR, "stages")
    if not facts.plan.design.is_within:
        return
    said, doubts = design_words(facts.plan)
    yield Check("Design", Level.OK, said)
    for doubt in doubts:
        yield Check("Design", Level.WARNING, doubt, Place.EDITOR, "design")


def _supply(row: Shortage) -> str:
    kind = "right" if row.is_right else "wrong"
    stratum = f", {row.stratum.lower()}" if row.stratum else ""
    return f"AI {kind}{stratum}: {row.n_there} there, {row.n_needed} needed"


def _choices(facts: LaunchFacts) -> Iterator[Check]:
    """Warn of photos whose class is not among the AI's best, which are offered."""
    n, n_drawn = facts.never_right
    if n:
        said = (
            f"On {n} of {n_drawn} photos drawn, none of the classes offered is right, so every "
            "answer is wrong. Offer more classes (task.choices) in a copy of the study, and set "
            "the pass mark accordingly."
        )
        yield Check("Choices", Level.WARNING, said, Place.EDITOR, "task")


def _first(facts: LaunchFacts) -> Iterator[Check]:
    """Warn of conditions in which people answer twice with nothing new in between."""
    alone = [each.name for each in facts.plan.conditions if each.view_shown == UNAIDED]
    if facts.plan.task.first and alone:
        said = (
            f"People see no AI in {', '.join(alone)}, so they answer each photo twice with nothing "
            "new in between. Leave out task.first, or these conditions."
        )
        yield Check("First answers", Level.WARNING, said, Place.EDITOR, "task")


def _categories(facts: LaunchFacts) -> Iterator[Check]:
    for category in facts.categories:
        level = Level.REFUSAL if category.is_blocking else Level.WARNING
        yield Check("Categories", level, f"{category.about}: {category.said}.", Place.DATASET)
    if not facts.categories:
        said = "Each has its own label, and photos in the gallery."
        yield Check("Categories", Level.OK, said)


def _photos(facts: LaunchFacts) -> Iterator[Check]:
    lost = facts.lost_photos
    if lost:
        said = f"{len(lost)} photos have no file to show, first {lost[0]}. Import them again."
        yield Check("Photos", Level.REFUSAL, said, Place.DATASET)
    else:
        yield Check("Photos", Level.OK, "The files of all photos exist.")


def _texts(facts: LaunchFacts) -> Iterator[Check]:
    plan = facts.plan
    if plan.contact.strip():
        yield Check("Contact", Level.OK, f"People can ask {plan.contact.strip()}.")
    else:
        yield Check(
            "Contact",
            Level.REFUSAL,
            "No contact is given. People need one for questions and to have answers deleted.",
            Place.EDITOR,
            "contact",
        )
    if not plan.ethics.strip():
        said = "No committee or approval number is named. Leave it so only if none is needed."
        yield Check("Ethics approval", Level.WARNING, said, Place.EDITOR, "ethics")
    else:
        yield Check("Ethics approval", Level.OK, plan.ethics.strip())
    own = "your own text" if plan.consent.text.strip() else "the standard text"
    said = f"People read {own}, version {plan.consent.version}, before they agree."
    yield Check("Information and consent", Level.OK, said)
    if "debrief" not in plan.pages:
        said = "There is no debrief: people are not told how often the AI was wrong by design."
        yield Check("Debrief", Level.WARNING, said, Place.EDITOR, "stages")


def _codes(facts: LaunchFacts) -> Iterator[Check]:
    recruitment = facts.plan.recruitment
    if recruitment.channel != "prolific":
        return
    wanted = ["completed", "no_consent"]
    if facts.plan.validation:
        wanted.append("failed_validation")
    if facts.plan.quality.attention_end == "end":
        wanted.append("failed_attention")
    if facts.plan.max_minutes:
        wanted.append("timed_out")
    missing = [name for name in wanted if not recruitment.codes.get(name)]
    level = Level.REFUSAL if "completed" in missing else Level.WARNING if missing else Level.OK
    said = (
        f"No Prolific code for {', '.join(missing)}; people who end so cannot return with one."
        if missing
        else "Every outcome has its Prolific code."
    )
    place = Place.EDITOR if missing else Place.NOWHERE
    yield Check("Completion codes", level, said, place, "recruitment.codes")


def _exclusions(facts: LaunchFacts) -> Iterator[Check]:
    rules = facts.plan.exclusions
    if facts.retired_rules:
        said = (
            f"No study measures what {', '.join(facts.retired_rules)} is about. Remove it; "
            "is_repeat excludes people who took part before."
        )
        yield Check("Exclusion rules", Level.REFUSAL, said, Place.EDITOR, "exclusions")
        return
    said = (
        f"Declared: {', '.join(map(rule_words, rules))}."
        if rules
        else "No rule is declared, so nobody is left out. Rules made later are no longer blind."
    )
    level = Level.OK if rules else Level.WARNING
    place = Place.NOWHERE if rules else Place.EDITOR
    yield Check("Exclusion rules", level, said, place, "exclusions")


def _pay(facts: LaunchFacts) -> Iterator[Check]:
    recruitment = facts.plan.recruitment
    if not recruitment.pay:
        if recruitment.channel in REMOTE:
            said = "No pay is given, so it cannot be compared with the time that people take."
            yield Check("Pay", Level.WARNING, said, Place.EDITOR, "recruitment.pay")
        return
    measured = [pilot_minute for pilot_minute in facts.pilot_minutes if pilot_minute > 0]
    minutes = median(measured) if measured else float(facts.plan.minutes)
    source = f"median of {len(measured)} pilot sessions" if measured else "as announced"
    hourly = 60 * recruitment.pay / minutes
    said = f"{hourly:.2f} {recruitment.currency} an hour for {minutes:.1f} minutes ({source})"
    floor = PAY_FLOOR.get(recruitment.currency)
    if floor is not None and hourly < floor:
        said += f"; expected at least {floor:.2f}. Pay more, or ask for less."
        yield Check("Pay", Level.WARNING, said, Place.EDITOR, "recruitment.pay")
    else:
        yield Check("Pay", Level.OK, f"{said}.")


def _pilot(facts: LaunchFacts) -> Check:
    n_people, n_robots = len(facts.pilot_minutes), facts.n_simulated
    if n_people or n_robots:
        said = f"Completed sessions: {n_people} by people, {n_robots} by simulated people."
        level = Level.OK if n_people else Level.WARNING
        advice = "" if n_people else " Take part once yourself: simulated people read no text."
        return Check("Pilot", level, said + advice, Place.NOWHERE if n_people else Place.PILOT)
    said = "Nobody has completed a session. Run a pilot first, at least with simulated people."
    return Check("Pilot", Level.WARNING, said, Place.PILOT)
