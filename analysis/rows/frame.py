"""The only reader of stored answers: database rows become tidy rows, frames and counts.

Tables of lookups have every name of the database, so a column is one line here and one in the
codebook. Rows are streamed, have the columns of the codebook in its order, and are sorted by
participant (people before robots). Simulated participants are left out by default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, When
from django.utils import timezone
from pandas import DataFrame

from analysis.codebook.codebook import ITEMS, PARTICIPANTS, RESPONSES
from analysis.rows.export_wording import (
    ORDER,
    Row,
    Stages,
    Who,
    device_columns,
    events_of,
    stage_columns,
    teller,
)
from analysis.tables.tidy import frame_of
from classifiers.models import Prediction
from trials.models import Event, Participant, Response, Study, Trial, TrialItem
from trials.models.interactions import SHOWN_IS_RIGHT
from trials.study.design import Phase, script
from trials.study.pseudonyms import pseudonym
from trials.study.script_stages import validation_end

CHUNK_ROWS = 5_000

# The columns that come from the database, before those that need other words.
_PREDICTION = {
    "item_id": "image__sha256",
    "image": "image__source",
    "true_label": "image__category__label",
    "ai_label": "category__label",
    "ai_confidence": "confidence",
    "ai_votes": "n_votes",
}
PARTICIPANT_LOOKUPS = {
    "participant_id": "number",
    "stage": "stage",
    "is_simulated": "is_simulated",
    "status": "status",
    "step": "step",
    "condition": "condition__name",
    "classifier": "condition__run__classifier",
    "trial_set": "trial_set__number",
    "exclusion": "exclusion",
    "is_repeat": "is_repeat",
    "consent_version": "consent_version",
    "consented_at": "consented_at",
    "finished_at": "finished_at",
    "n_attention": "n_attention",
    "n_attention_failed": "n_attention_failed",
    "device": "device",
    "payment": "payment",
    "seed": "seed",
}
LOOKUPS = {
    "stage": "trial__participant__stage",
    "participant_id": "trial__participant__number",
    "is_simulated": "trial__participant__is_simulated",
    "participant_status": "trial__participant__status",
    "condition": "trial__condition__name",
    "classifier": "trial__condition__run__classifier",
    "view": "trial__condition__view_name",
    "trial_set": "trial__participant__trial_set__number",
    "trial_index": "trial__position",
    **{name: f"trial__prediction__{path}" for name, path in _PREDICTION.items()},
    "is_ai_correct": "is_ai_correct",
    "response": "is_accepted",
    "is_correct": "is_correct",
    "presented_at": "trial__presented_at",
    "received_at": "received_at",
    "rt_ms": "rt_ms",
    "rt_clean_ms": "rt_clean_ms",
    "given_by": "given_by",
    "prior_knowledge": "trial__prior_knowledge__is_known",
    "mask": "trial__interaction__mask",
    "n_mask_changes": "trial__interaction__n_changes",
    "shown_label": "trial__interaction__category__label",
    "is_shown_correct": "is_shown_correct",
}
TRIAL_LOOKUPS = {
    "participant_id": "participant__number",
    "is_simulated": "participant__is_simulated",
    "phase": "phase",
    "trial_index": "position",
    "item_id": "prediction__image__sha256",
    "presented_at": "presented_at",
    "received_at": "final__received_at",
    "response": "final__is_accepted",
    "rt_ms": "final__rt_ms",
}
EVENT_LOOKUPS = {
    "participant_id": "participant__number",
    "is_simulated": "participant__is_simulated",
    "at": "received_at",
    "event": "kind",
    "at_ms": "at_ms",
    "detail": "detail",
}
# Time away is at most the answer's time; if it is more, a clock was wrong.
RT_CLEAN = Case(When(away_ms__lte=F("rt_ms"), then=F("rt_ms") - F("away_ms")))
ANSWERED_CHECKS = Q(attention_checks__is_yes__isnull=False)
FAILED_CHECKS = ANSWERED_CHECKS & ~Q(attention_checks__is_yes=F("attention_checks__asks_yes"))
ITEM_LOOKUPS = {
    "classifier": "run__classifier",
    **_PREDICTION,
    "n_voters": "n_voters",
    "is_ai_correct": "is_correct",
}


class StudyRows:
    """The rows of a study at ``moment``; people may go on answering meanwhile.

    The participants are read first. Later answers are left out, and a person has the same status in
    every file. ``stage`` selects the people of the pilot or of the main study; the two are never
    read together.
    """

    def __init__(
        self, study: Study, *, include_simulated: bool = False, stage: str = Participant.Stage.LIVE
    ) -> None:
        self.study, self.include_simulated, self.stage = study, include_simulated, stage
        self.moment = timezone.now()

    def _of(self, path: str) -> Q:
        kept = Q() if self.include_simulated else Q(**{f"{path}is_simulated": False})
        return Q(**{f"{path}study": self.study, f"{path}stage": self.stage}) & kept

    @cached_property
    def people(self) -> dict[Who, dict[str, Any]]:
        """Return participants ordered by kind (person, robot) and number, with the lookups."""
        found = Participant.objects.filter(self._of(""), consented_at__lte=self.moment)
        checked = found.annotate(
            n_attention=Count("attention_checks", filter=ANSWERED_CHECKS),
            n_attention_failed=Count("attention_checks", filter=FAILED_CHECKS),
        )
        rows = checked.order_by("is_simulated", "number").values_list(*PARTICIPANT_LOOKUPS.values())
        named = (dict(zip(PARTICIPANT_LOOKUPS, row, strict=True)) for row in rows)
        return {(item["is_simulated"], item["participant_id"]): item for item in named}

    def counts(self) -> dict[str, int]:
        """Return the approximate number of rows of each file, to show progress."""
        tests = Response.objects.final().filter(self._of("trial__participant__"))
        n_test = tests.filter(trial__phase=Phase.TEST).count()
        return {
            "responses": n_test,
            "participants": len(self.people),
            "events": 2 * (tests.count() + len(self.people)),
            "items": self._predictions().count(),
        }

    def responses(self, *, is_alone: bool = False) -> Iterator[Row]:
        """Yield one row per test response, of participants of every status, in one query.

        If ``is_alone``, the rows need not agree with other files, so the people are not read.
        """
        constants = {
            "study": self.study.slug,
            "study_version": self.study.version,
            "document_sha256": self.study.document_sha256,
            "frozen_sha256": self.study.frozen_sha256,
        }
        found = (
            Response.objects.final()
            .with_correctness()
            .filter(
                self._of("trial__participant__"),
                trial__phase=Phase.TEST,
                received_at__lte=self.moment,
            )
        )
        found = found.annotate(rt_clean_ms=RT_CLEAN, is_shown_correct=SHOWN_IS_RIGHT)
        ordered = found.order_by(*(LOOKUPS[name] for name in ORDER), LOOKUPS["trial_index"])
        status, *who = (list(LOOKUPS).index(name) for name in ("participant_status", *ORDER))
        tell = teller(RESPONSES, LOOKUPS, constants)
        for raw in ordered.values_list(*LOOKUPS.values()).iterator(chunk_size=CHUNK_ROWS):
            if is_alone:
                yield tell(raw)
            elif person := self.people.get((raw[who[0]], raw[who[1]])):
                yield tell((*raw[:status], person["status"], *raw[status + 1 :]))

    def participants(self, *, has_flags: bool = True) -> Iterator[Row]:
        """Yield one row per participant; ``flags`` take extra queries, and a page needs none."""
        stages, flags = self._stages(), self.flags() if has_flags else {}
        end = validation_end(script(self.study.plan))
        for who, person in self.people.items():
            told = person | {"participant_id": pseudonym(*who)}
            told["exclusion"] = person["exclusion"] or None
            told |= stage_columns(person, stages.get(who, Stages()), end)
            told |= device_columns(person["device"]) | {"flags": flags.get(who)}
            yield tuple(told[column.name] for column in PARTICIPANTS)

    def flags(self) -> dict[Who, str]:
        """Return the participants' flags; empty here, because the tables of a page need none."""
        return {}

    def _stages(self) -> dict[Who, Stages]:
        keys = [TRIAL_LOOKUPS[name] for name in (*ORDER, "phase")]
        trials = Trial.objects.filter(self._of("participant__")).order_by()
        shown = trials.values_list(*keys).annotate(first=Min("presented_at"))
        answers = Response.objects.final().filter(
            self._of("trial__participant__"), received_at__lte=self.moment
        )
        answered = (
            answers.with_correctness().order_by().values_list(*(f"trial__{key}" for key in keys))
            .annotate(n=Count("pk"), n_right=Count("pk", filter=Q(is_correct=True)))
            .annotate(last=Max("received_at"))
        )  # fmt: skip
        stages: dict[Who, Stages] = {}
        for is_simulated, number, phase, first in shown.iterator(chunk_size=CHUNK_ROWS):
            if first is not None:
                stages.setdefault((is_simulated, number), Stages()).first[phase] = first
        for is_simulated, number, phase, n, n_right, last in answered.iterator(CHUNK_ROWS):
            one = stages.setdefault((is_simulated, number), Stages())
            one.n[phase], one.n_correct[phase], one.last[phase] = n, n_right, last
        return stages

    def events(self) -> Iterator[Row]:
        """Yield the events of each participant, in order of time."""
        found = Trial.objects.with_final().filter(
            Q(presented_at__lte=self.moment) | Q(final__received_at__lte=self.moment),
            self._of("participant__"),
        )
        trials = by_person(found, TRIAL_LOOKUPS)
        told = Event.objects.filter(self._of("participant__"), received_at__lte=self.moment)
        events = by_person(told, EVENT_LOOKUPS)
        for who, person in self.people.items():
            yield from events_of(who, person, trials(who), events(who), self.moment)

    def items(self) -> Iterator[Row]:
        """Yield one row per classifier and photo: the whole pool, with the set that drew it."""
        places = TrialItem.objects.filter(trial_set__study=self.study).values_list(
            "prediction_id", "trial_set__phase", "trial_set__number"
        )
        drawn = {pk: (phase, number) for pk, phase, number in places}
        lookups = {"pk": "pk", **ITEM_LOOKUPS}
        rows = self._predictions().values_list(*lookups.values())
        places_of = teller(ITEMS, lookups | dict.fromkeys(("phase", "trial_set"), ""), {})
        for raw in rows.iterator(chunk_size=CHUNK_ROWS):
            yield places_of((*raw, *drawn.get(raw[0], (None, None))))

    def _predictions(self) -> QuerySet[Prediction]:
        runs = self.study.conditions.order_by().values("run")
        found = Prediction.objects.with_correctness().filter(run__in=runs)
        return found.order_by("run__classifier", "image__sha256")


def by_person(
    found: QuerySet[Any], lookups: Mapping[str, str], *order: str
) -> Callable[[Who], list[dict[str, Any]]]:
    """Return a function that gives a person's rows from one stream; call it in the people's order.

    A person's rows are sorted by the ``order`` columns of the database, if there are any. Rows of
    people who are never asked for are skipped: somebody who has just consented has trials, but is
    in no file.
    """
    sorted_rows = found.order_by(*(lookups[name] for name in ORDER), *order)
    rows = sorted_rows.values_list(*lookups.values())
    named = (dict(zip(lookups, row, strict=True)) for row in rows.iterator(chunk_size=CHUNK_ROWS))
    groups = groupby(named, key=itemgetter(*ORDER))
    coming = next(groups, None)

    def of(who: Who) -> list[dict[str, Any]]:
        nonlocal coming
        mine: list[dict[str, Any]] = []
        while coming is not None and coming[0] <= who:
            mine = list(coming[1]) if coming[0] == who else []
            coming = next(groups, None)
        return mine

    return of


def responses_frame(
    study: Study, *, include_simulated: bool = False, stage: str = Participant.Stage.LIVE
) -> DataFrame:
    """Return one row per test response, of participants of every status.

    Columns, their order and their types are those of ``codebook.RESPONSES``. Rows are sorted by
    participant number (people before robots) and position in the test.
    """
    rows = StudyRows(study, include_simulated=include_simulated, stage=stage)
    return frame_of(RESPONSES, rows.responses(is_alone=True))
