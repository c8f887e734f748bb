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

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone
from pandas import DataFrame

from analysis.codebook.codebook import ITEMS, PARTICIPANTS, RESPONSES, Columns
from analysis.codebook.file_columns import LABELS_JOINED, NO_LABEL
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
from analysis.rows.lookups import (
    ANSWERED_CHECKS,
    EVENT_LOOKUPS,
    FAILED_CHECKS,
    FIRST_TRIAL_LOOKUPS,
    ITEM_LOOKUPS,
    PARTICIPANT_LOOKUPS,
    TRIAL_LOOKUPS,
    answers_of,
    empty_columns,
    lookups_of,
)
from analysis.tables.tidy import frame_of
from classifiers.models import Image, Prediction, Truth
from trials.models import Event, Participant, Response, Study, Trial, TrialItem
from trials.study.deferral import confidence_of, is_deferred
from trials.study.design import Phase
from trials.study.groups import Scripts, order_words
from trials.study.pseudonyms import pseudonym
from trials.study.script_stages import validation_end

CHUNK_ROWS = 5_000
# Answers are sorted by these columns; the status is that of the people when they were read.
SORTED = (*ORDER, "trial_index")
ALWAYS = {*SORTED, "participant_status"}
# What is empty for a person who is not assigned to a condition.
OF_AN_ARM = ("condition", "classifier", "trial_set")


class StudyRows:
    """The rows of a study at ``moment``; people may go on answering meanwhile.

    The participants are read first. Later answers are left out, and a person has the same status in
    every file. ``stage`` selects the people of the pilot or of the main study; the two are never
    read together. ``include_texts`` adds people's free-text answers.
    """

    def __init__(
        self,
        study: Study,
        *,
        include_simulated: bool = False,
        stage: str = Participant.Stage.LIVE,
        include_texts: bool = False,
    ) -> None:
        self.study, self.include_simulated, self.stage = study, include_simulated, stage
        self.include_texts = include_texts
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
            "items": sum(
                Prediction.objects.filter(run=run).count() for run in self._runs().values()
            ),
        }

    def responses(self, columns: Columns = RESPONSES, *, is_alone: bool = False) -> Iterator[Row]:
        """Yield one row per test response, of participants of every status, in one query.

        Only ``columns`` are read. If ``is_alone``, the rows need not agree with other files, so the
        people are not read.
        """
        constants = {
            "study": self.study.slug,
            "study_version": self.study.version,
            "document_sha256": self.study.document_sha256,
            "frozen_sha256": self.study.frozen_sha256,
        }
        plan = self.study.plan
        every, wanted = lookups_of(plan), {column.name for column in columns}
        lookups = {name: path for name, path in every.items() if name in wanted | ALWAYS}
        found = answers_of(plan).filter(
            self._of("trial__participant__"), trial__phase=Phase.TEST, received_at__lte=self.moment
        )
        ordered = found.order_by(*(lookups[name] for name in SORTED))
        status, *who = (list(lookups).index(name) for name in ("participant_status", *ORDER))
        empty = empty_columns(plan, has_texts=self.include_texts)
        tell = teller(columns, lookups, constants | empty)
        for raw in ordered.values_list(*lookups.values()).iterator(chunk_size=CHUNK_ROWS):
            if is_alone:
                yield tell(raw)
            elif person := self.people.get((raw[who[0]], raw[who[1]])):
                yield tell((*raw[:status], person["status"], *raw[status + 1 :]))

    def participants(self, *, has_flags: bool = True) -> Iterator[Row]:
        """Yield one row per participant; ``flags`` take extra queries, and a page needs none."""
        stages, flags = self._stages(), self.flags() if has_flags else {}
        plan = self.study.plan
        scripts = Scripts(plan)
        for who, person in self.people.items():
            told = person | {"participant_id": pseudonym(*who)}
            told["exclusion"] = person["exclusion"] or None
            sequence = person["sequence"]
            end = validation_end(scripts.of(person["condition"], sequence, person["seed"]))
            told |= stage_columns(person, stages.get(who, Stages()), end)
            if not person["is_assigned"]:
                told |= dict.fromkeys(OF_AN_ARM)
            told["block_order"] = order_words(plan, sequence) if sequence else None
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
        lookups = TRIAL_LOOKUPS
        if self.study.plan.task.first:
            found, lookups = found.with_first(), lookups | FIRST_TRIAL_LOOKUPS
        trials = by_person(found, lookups)
        told = Event.objects.filter(self._of("participant__"), received_at__lte=self.moment)
        events = by_person(told, EVENT_LOOKUPS)
        for who, person in self.people.items():
            yield from events_of(who, person, trials(who), events(who), self.moment)

    def items(self) -> Iterator[Row]:
        """Yield one row per AI and photo: the whole pool, with the set that drew it."""
        places = TrialItem.objects.filter(trial_set__study=self.study).values_list(
            "trial_set__ai", "prediction_id", "trial_set__phase", "trial_set__number"
        )
        drawn = {(ai, pk): (phase, number) for ai, pk, phase, number in places}
        lookups = {"pk": "pk", **ITEM_LOOKUPS, "truth": "image__truth"}
        deferred = self._deferred(list(lookups))
        added = dict.fromkeys(("phase", "trial_set", "accepted_labels", "is_deferred"), "")
        place = list(lookups).index("item_id")
        judgeable = Prediction.objects.with_truth().with_correctness()
        for ai, run in sorted(self._runs().items()):
            tell = teller(ITEMS, lookups | added, {"classifier": ai})
            found = judgeable.filter(run=run).order_by("image__sha256")
            for raw in found.values_list(*lookups.values()).iterator(chunk_size=CHUNK_ROWS):
                at = drawn.get((ai, raw[0]), (None, None))
                own = self._accepted[raw[place]] if raw[-1] == Truth.LABELS else None
                yield tell((*raw, *at, own, deferred(ai, raw)))

    @cached_property
    def _accepted(self) -> dict[str, str]:
        """The accepted labels of the photos that have their own, by their SHA-256."""
        found: dict[str, list[str]] = {}
        photos = Image.objects.filter(dataset=self.study.dataset_id, truth=Truth.LABELS)
        named = photos.order_by("sha256", "accepted__category__index")
        for sha256, label in named.values_list("sha256", "accepted__category__label"):
            found.setdefault(sha256, []).append(label or NO_LABEL)
        return {sha256: LABELS_JOINED.join(labels) for sha256, labels in found.items()}

    def _deferred(self, names: list[str]) -> Callable[[str, tuple[Any, ...]], bool | None]:
        """Return whether an AI's row with these columns is for people; None if it defers none."""
        below = dict(self.study.conditions.order_by().values_list("ai", "defer_below"))
        at = [names.index(name) for name in ("ai_confidence", "ai_votes", "n_voters")]

        def one(ai: str, raw: tuple[Any, ...]) -> bool | None:
            threshold = below[ai]
            if threshold is None:
                return None
            confidence, n_votes, n_voters = (raw[place] for place in at)
            return is_deferred(confidence_of(confidence, n_votes, n_voters), threshold)

        return one

    def _runs(self) -> dict[str, int]:
        """Return the run of each AI."""
        return dict(self.study.conditions.order_by().values_list("ai", "run"))


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
