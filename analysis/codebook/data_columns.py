"""The columns of the exported data files, as a literal table (therefore the length).

The files are responses, participants, events and items. Standard library only.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.codebook.collected_columns import ANSWERS, PRACTICE, SESSION, SHOWN
from analysis.codebook.column import Column, Columns
from analysis.codebook.file_columns import (
    ACCEPTED_LABELS,
    CLASSIFIER,
    CLIENT_EVENTS,
    CONDITION,
    DURATION,
    GIVEN,
    IS_AI_CORRECT,
    IS_SIMULATED,
    JUDGED,
    PARTICIPANT_ID,
    PARTICIPANT_STATUS,
    RECRUITED_AS,
    RT_MS,
    STAGES,
    STATUSES,
    TASKED,
    TRIAL_INDEX,
    TRIAL_SET,
    VIEW,
)

__all__ = [
    "CONDITION", "DATA", "EVENTS", "ITEMS", "PARTICIPANTS", "PARTICIPANT_ID", "RESPONSES", "STAGES",
    "STATUSES",
]  # fmt: skip

BLOCK = Column(
    "block",
    "integer",
    "",
    "Which of the participant's blocks the trial is in, from 1; empty in a study between people.",
    is_nullable=True,
    minimum=1,
)
BLOCK_ORDER = Column(
    "block_order",
    "string",
    "",
    "The participant's blocks in order, each by its arms; empty in a study between people.",
    is_nullable=True,
)
RESPONSES = (
    Column("study", "string", "", "The study's short name."),
    Column("study_version", "integer", "", "Version of the study, from 1.", minimum=1),
    Column(
        "document_sha256", "string", "",
        "SHA-256 fingerprint of the study document (conditions, numbers of trials, seeds).",
    ),
    Column(
        "frozen_sha256", "string", "",
        "SHA-256 fingerprint of the document, the predictions shown and the images.",
    ),
    RECRUITED_AS,
    PARTICIPANT_ID,
    IS_SIMULATED,
    PARTICIPANT_STATUS,
    CONDITION,
    CLASSIFIER,
    VIEW,
    TRIAL_SET,
    TRIAL_INDEX,
    *JUDGED,
    IS_AI_CORRECT,
    *GIVEN,
    *TASKED,
    BLOCK,
)  # fmt: skip

_NOT_YET = (
    "Empty for a participant without an arm: in a study that assigns people after the validation, "
    "for those who have not passed it."
)


def _once_assigned(column: Column) -> Column:
    """Return a column of a participant that is empty before an assignment after the validation."""
    return replace(column, meaning=f"{column.meaning} {_NOT_YET}", is_nullable=True)


PARTICIPANTS = (
    PARTICIPANT_ID,
    RECRUITED_AS,
    IS_SIMULATED,
    Column(
        "status", "string", "",
        "Status of the participant, as participant_status of the responses.", STATUSES,
    ),
    *map(_once_assigned, (CONDITION, CLASSIFIER, TRIAL_SET)),
    Column(
        "last_stage", "string", "", "The last stage in which the participant opened a trial.",
        STAGES,
    ),
    Column(
        "exclusion", "string", "",
        "Why a researcher left this person out by hand; empty for everyone else. This is possible "
        "at any time, in addition to the declared rules.",
        is_nullable=True,
    ),
    Column(
        "is_repeat", "boolean", "",
        "The person had taken part before in this study or in one of its group, and was allowed "
        "to.",
    ),
    Column(
        "consent_version", "string", "",
        "Version of the participant information that the person agreed to.",
    ),
    Column(
        "consented_at", "datetime", "UTC, to the millisecond", "When the consent was given.",
    ),
    Column(
        "finished_at", "datetime", "UTC, to the millisecond",
        "When the last page was reached; empty for an active participant.", is_nullable=True,
    ),
    Column(
        "n_validation", "integer", "trials", "Validation trials that were answered.", minimum=0
    ),
    Column(
        "n_validation_correct", "integer", "trials", "Number of them that were correct.", minimum=0
    ),
    Column(
        "is_validation_passed", "boolean", "",
        "Reached the pass mark. Empty before the end of the validation, in a study without a "
        "validation, and for people who withdrew right at its end, because they may have failed.",
        is_nullable=True,
    ),
    Column("n_test", "integer", "trials", "Test trials that were answered.", minimum=0),
    Column(
        "n_attention", "integer", "checks",
        "Attention checks that were answered; they are not trials.", minimum=0,
    ),
    Column(
        "n_attention_failed", "integer", "checks",
        "Number of them that were answered differently than asked.",
        minimum=0,
    ),
    Column(
        "introduction_ms", "integer", "ms",
        "Time from the consent to the first trial, by the server's clock. " + DURATION,
        is_nullable=True, minimum=0,
    ),
    *(
        Column(
            f"{stage}_ms", "integer", "ms",
            f"Time from the request of the first {stage} trial to the last answer of the {stage}, "
            "by the server's clock. " + DURATION,
            is_nullable=True, minimum=0,
        )
        for stage in STAGES[1:]
    ),
    *SESSION,
    BLOCK_ORDER,
)  # fmt: skip

EVENTS = (
    PARTICIPANT_ID,
    Column(
        "at", "datetime", "UTC, to the millisecond",
        "When it happened, by the server's clock. The rows of a participant are in this order.",
    ),
    Column(
        "event", "string", "",
        "consented and finished: the first and the last page. presented: a trial's page was first "
        "requested. answered: the answer reached the server. answered_first: the "
        "answer before the AI's advice did. other_device: the session was "
        "continued on a device that the study does not allow. The browser reported the others: at "
        "is when the report reached the server, at_ms when the event happened.",
        ("consented", "presented", "answered_first", "answered", "finished", *CLIENT_EVENTS),
    ),
    Column(
        "phase", "string", "",
        "Phase of the trial; empty for an event outside a trial.", STAGES[1:],
        is_nullable=True,
    ),
    Column(
        "trial_index", "integer", "",
        "Position in the participant's order, from 1; empty for an event outside a trial.",
        is_nullable=True, minimum=1,
    ),
    Column(
        "item_id", "string", "", "The photo (see items); empty for an event outside a trial.",
        is_nullable=True,
    ),
    Column(
        "response", "string", "",
        "The answer to 'Is the AI right?'; empty for an event that is not an answer.",
        ("yes", "no"), is_nullable=True,
    ),
    RT_MS,
    Column(
        "at_ms", "integer", "ms",
        "For an event that the browser reported: time since its page was ready, by the browser's "
        "clock.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "detail", "string", "",
        "For an event that the browser reported: the image, the size, or what was used. kinds: "
        "open or closed. part: the example and the number. example: the number of the example "
        "that was swiped to. try: the photo and the number that were pressed, and found or other. "
        "translated: the language that a browser's translator wrote; the page's own, if unknown.",
        is_nullable=True,
    ),
)  # fmt: skip

ITEMS = (
    CLASSIFIER,
    *JUDGED,
    Column(
        "n_voters", "integer", "votes",
        "Number of nearest images that vote; empty for an AI that does not vote.",
        is_nullable=True, minimum=1,
    ),
    IS_AI_CORRECT,
    Column(
        "phase", "string", "", "Phase that the photo was drawn for; empty if it is in no set.",
        STAGES[1:], is_nullable=True,
    ),
    Column(
        "trial_set", "integer", "",
        "Number of the set in the phase; empty if the photo is in no set.",
        is_nullable=True, minimum=1,
    ),
    ACCEPTED_LABELS,
    Column(
        "is_deferred", "boolean", "",
        "People judge the photo, because the AI's confidence is below the threshold of the arms "
        "with this AI; the AI decides the others. Empty for an AI that defers no photos.",
        is_nullable=True,
    ),
)  # fmt: skip

DATA: dict[str, Columns] = {
    "responses": RESPONSES,
    "participants": PARTICIPANTS,
    "events": EVENTS,
    "items": ITEMS,
    "practice": PRACTICE,
    "answers": ANSWERS,
    "shown": SHOWN,
}
