"""Columns that several exported files have; a name means the same in all of them.

Standard library only.
"""

from __future__ import annotations

from analysis.codebook.column import Column

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
    "cell",
    "mask",
    "dwell",
    "rerank_failed",
    "reranked",
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
        "The AI's confidence: softmax probability, or share of votes. Empty for an imported AI "
        "that states none.",
        is_nullable=True,
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

PARTICIPANT_STATUS = Column(
    "participant_status",
    "string",
    "",
    "How far the participant came. active: under way, or left without finishing. completed: "
    "answered every test trial; only these enter the tables. failed_validation: below the "
    "pass mark, sent home before the test. failed_attention: too many failed attention checks. "
    "timed_out: the study's time limit was over. returned: gave the place back. withdrawn: "
    "asked for deletion; no answer of theirs is left.",
    STATUSES,
)
VIEW = Column(
    "view",
    "string",
    "",
    "How the AI's answer is explained in the arm.",
    ("unaided", "none", "exemplars", "correspondences", "interactive"),
)
# What was answered to a trial, and when.
GIVEN = (
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
    Column(
        "mask", "string", "",
        "The parts of the photo that were selected when the participant answered: 49 digits 0 or "
        "1, row by row; all 0: the AI's own choice. Empty where the view is not interactive.",
        is_nullable=True,
    ),
    Column(
        "n_mask_changes", "integer", "changes",
        "How often the AI answered for another selection. Empty where the view is not interactive.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "shown_label", "string", "",
        "The class that the AI named for the selected parts, on the screen at the answer. The "
        "question and is_correct are about ai_label, which stays the same. Empty where the view is "
        "not interactive.",
        is_nullable=True,
    ),
    Column(
        "is_shown_correct", "boolean", "",
        "shown_label is right, by the rule of is_ai_correct. Empty where the view is not "
        "interactive.",
        is_nullable=True,
    ),
)  # fmt: skip
