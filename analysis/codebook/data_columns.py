"""The columns of the exported data files, as a literal table (which is why it is long).

What happened in a study: responses, participants, events, items. Standard library only.
"""

from __future__ import annotations

from analysis.codebook.collected_columns import ANSWERS, PRACTICE, SESSION, SHOWN
from analysis.codebook.column import Column, Columns
from analysis.codebook.file_columns import (
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
    TRIAL_INDEX,
    TRIAL_SET,
    VIEW,
)

__all__ = [
    "CONDITION", "DATA", "EVENTS", "ITEMS", "PARTICIPANTS", "PARTICIPANT_ID", "RESPONSES", "STAGES",
    "STATUSES",
]  # fmt: skip

RESPONSES = (
    Column("study", "string", "", "The study's short name."),
    Column("study_version", "integer", "", "Version of the study, from 1.", minimum=1),
    Column(
        "document_sha256", "string", "",
        "Fingerprint of the study document (conditions, numbers of trials, seeds).",
    ),
    Column(
        "frozen_sha256", "string", "",
        "Fingerprint of the document, the predictions shown and the images.",
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
)  # fmt: skip

PARTICIPANTS = (
    PARTICIPANT_ID,
    RECRUITED_AS,
    IS_SIMULATED,
    Column(
        "status", "string", "",
        "How far the participant came, as participant_status of the responses.", STATUSES,
    ),
    CONDITION,
    CLASSIFIER,
    TRIAL_SET,
    Column(
        "last_stage", "string", "", "The last stage of which the participant opened a trial.",
        STAGES,
    ),
    Column(
        "exclusion", "string", "",
        "Why a researcher left this person out of what is kept, by hand, at any time and beside "
        "the declared rules; empty for the others.",
        is_nullable=True,
    ),
    Column(
        "is_repeat", "boolean", "",
        "Took part before in this study or one of its group, and was allowed to.",
    ),
    Column("consent_version", "string", "", "Version of the information agreed to."),
    Column(
        "consented_at", "datetime", "UTC, to the millisecond", "When the consent was given.",
    ),
    Column(
        "finished_at", "datetime", "UTC, to the millisecond",
        "When the last page was reached; empty for who is active.", is_nullable=True,
    ),
    Column(
        "n_validation", "integer", "trials", "Validation trials that were answered.", minimum=0
    ),
    Column(
        "n_validation_correct", "integer", "trials", "How many of them correctly.", minimum=0
    ),
    Column(
        "is_validation_passed", "boolean", "",
        "Reached the pass mark. Empty before the validation's end, in a study without one, and for "
        "who withdrew right at its end: they may have failed.", is_nullable=True,
    ),
    Column("n_test", "integer", "trials", "Test trials that were answered.", minimum=0),
    Column("n_attention", "integer", "checks", "Attention checks answered; no trials.", minimum=0),
    Column(
        "n_attention_failed", "integer", "checks", "How many of them otherwise than asked.",
        minimum=0,
    ),
    Column(
        "introduction_ms", "integer", "ms",
        "Consent to the first trial, by the server's clock. " + DURATION,
        is_nullable=True, minimum=0,
    ),
    *(
        Column(
            f"{stage}_ms", "integer", "ms",
            f"First {stage} trial asked for to the last answer of the {stage}, by the server's "
            "clock. " + DURATION,
            is_nullable=True, minimum=0,
        )
        for stage in STAGES[1:]
    ),
    *SESSION,
)  # fmt: skip

EVENTS = (
    PARTICIPANT_ID,
    Column(
        "at", "datetime", "UTC, to the millisecond",
        "When it happened, by the server's clock. The rows of a participant are in this order.",
    ),
    Column(
        "event", "string", "",
        "consented, and finished: the first and the last page. presented: a trial's page was "
        "first asked for. answered: the answer reached the server. other_device: the session was "
        "gone on with on a device that the study lets nobody in with. The others were told by the "
        "browser: at is when the server heard of them, at_ms when they happened.",
        ("consented", "presented", "answered", "finished", *CLIENT_EVENTS),
    ),
    Column(
        "phase", "string", "", "The trial's phase; empty for what is no trial.", STAGES[1:],
        is_nullable=True,
    ),
    Column(
        "trial_index", "integer", "",
        "Place in the participant's own order, from 1; empty for what is no trial.",
        is_nullable=True, minimum=1,
    ),
    Column(
        "item_id", "string", "", "The photo (see items); empty for what is no trial.",
        is_nullable=True,
    ),
    Column(
        "response", "string", "",
        "The answer to 'Is the AI right?'; empty for what is no answer.", ("yes", "no"),
        is_nullable=True,
    ),
    RT_MS,
    Column(
        "at_ms", "integer", "ms",
        "Of what the browser told: since its page was ready, by the browser's clock.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "detail", "string", "", "Of what the browser told: which image, which size.",
        is_nullable=True,
    ),
)  # fmt: skip

ITEMS = (
    CLASSIFIER,
    *JUDGED,
    Column(
        "n_voters", "integer", "votes",
        "Nearest images that were asked; empty for an AI that does not vote.",
        is_nullable=True, minimum=1,
    ),
    IS_AI_CORRECT,
    Column(
        "phase", "string", "", "The phase that it was drawn for; empty when no set holds it.",
        STAGES[1:], is_nullable=True,
    ),
    Column(
        "trial_set", "integer", "", "Number of the set in the phase; empty when no set holds it.",
        is_nullable=True, minimum=1,
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
