"""The columns of the exported data files, as a literal table (which is why it is long).

What happened in a study: responses, participants, events, items. Standard library only.
"""

from __future__ import annotations

from analysis.codebook.column import Column, Columns

# Columns that several files have; a name means the same in all of them.
STATUSES = (
    "active",
    "completed",
    "failed_validation",
    "failed_attention",
    "timed_out",
    "returned",
    "withdrawn",
)
CLIENT_EVENTS = (
    "blur",
    "focus",
    "hidden",
    "visible",
    "image_slow",
    "image_failed",
    "image_recovered",
    "offline",
    "retried",
    "zoom",
    "paste",
    "resize",
    "honeypot",
    "webdriver",
    "other_device",
)
STAGES = ("introduction", "training", "validation", "test")
PARTICIPANT_ID = Column(
    "participant_id",
    "string",
    "",
    "Pseudonym in the order of consent: p0001 is the first person, r0001 the first robot.",
)
RECRUITED_AS = Column(
    "stage",
    "string",
    "",
    "Whether the participant was in the pilot or in the study itself; the two are never counted "
    "together.",
    ("pilot", "live"),
)
IS_SIMULATED = Column("is_simulated", "boolean", "", "A robot answered, not a person.")
CONDITION = Column("condition", "string", "", "The arm that the participant was assigned to.")
CLASSIFIER = Column("classifier", "string", "", "The AI whose answers the arm shows.")
TRIAL_SET = Column(
    "trial_set",
    "integer",
    "",
    "Number of the test set, from 1. The same number under the same classifier is the same "
    "set of photos.",
    minimum=1,
)
TRIAL_INDEX = Column(
    "trial_index", "integer", "", "Place in the participant's own order, from 1.", minimum=1
)
ITEM_ID = Column(
    "item_id",
    "string",
    "",
    "The photo: an i, and the first 16 hexadecimal digits of the SHA-256 of its file. The same "
    "photo has the same id in every condition and on every server.",
)
RESPONSE = Column("response", "string", "", "The answer to 'Is the AI right?'.", ("yes", "no"))
RT_MS = Column(
    "rt_ms",
    "integer",
    "ms",
    "Response time by the browser's clock; 0 is the moment when all images are on screen. "
    "Empty when the browser reported none.",
    is_nullable=True,
    minimum=0,
)
JUDGED = (
    ITEM_ID,
    Column("image", "string", "", "The photo's path below the folder of the dataset."),
    Column("true_label", "string", "", "The photo's class by the dataset, in the words shown."),
    Column("ai_label", "string", "", "The class that the AI named, in the words shown."),
    Column(
        "ai_confidence",
        "number",
        "share (0-1)",
        "The AI's confidence: softmax probability, or share of votes.",
        minimum=0,
        maximum=1,
    ),
    Column(
        "ai_votes",
        "integer",
        "votes",
        "Nearest images that voted for ai_label; empty for an AI that does not vote.",
        is_nullable=True,
        minimum=0,
    ),
)
IS_AI_CORRECT = Column(
    "is_ai_correct", "boolean", "", "ai_label is the photo's class by the dataset."
)
DURATION = "Empty when the participant did not come so far, or a time was not noted."

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
    Column(
        "participant_status", "string", "",
        "How far the participant came. active: under way, or left without finishing. completed: "
        "answered every test trial; only these enter the tables. failed_validation: below the "
        "pass mark, sent home before the test. failed_attention: too many failed attention checks. "
        "timed_out: the study's time limit was over. returned: gave the place back. withdrawn: "
        "asked for deletion; no answer of theirs is left.",
        STATUSES,
    ),
    CONDITION,
    CLASSIFIER,
    Column(
        "view", "string", "", "How the AI's answer is explained in the arm.",
        ("unaided", "none", "exemplars", "correspondences"),
    ),
    TRIAL_SET,
    TRIAL_INDEX,
    *JUDGED,
    IS_AI_CORRECT,
    RESPONSE,
    Column("is_correct", "boolean", "", "Answered yes to a right AI, or no to a wrong one."),
    Column(
        "presented_at", "datetime", "UTC, to the millisecond",
        "When the trial's page was first asked for, by the server's clock; empty when not noted.",
        is_nullable=True,
    ),
    Column(
        "received_at", "datetime", "UTC, to the millisecond",
        "When the answer reached the server, by the server's clock.",
    ),
    RT_MS,
    Column(
        "rt_clean_ms", "integer", "ms",
        "rt_ms without the time in which the page was hidden or another window had the focus. "
        "Empty when the browser did not report both.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "given_by", "string", "", "How the answer was given; empty when not known.",
        ("key", "pointer"), is_nullable=True,
    ),
    Column(
        "prior_knowledge", "boolean", "",
        "Answered yes to having seen the class that the AI named, before the photo; empty where "
        "the study did not ask.",
        is_nullable=True,
    ),
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
}
