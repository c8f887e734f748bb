"""Columns that several exported files have, with the same meaning in all of them.

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
    "opacity",
    "kinds",
    "part",
    "example",
    "magnify",
    "window",
    "try",
    "honeypot",
    "webdriver",
    "translated",
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
    "Pseudonym, numbered in the order of consent: p0001 is the first person, r0001 the first "
    "robot.",
)
RECRUITED_AS = Column(
    "stage",
    "string",
    "",
    "Whether the participant was in the pilot or in the main study; the two are never counted "
    "together.",
    ("pilot", "live"),
)
IS_SIMULATED = Column("is_simulated", "boolean", "", "The participant is a robot, not a person.")
CONDITION = Column(
    "condition",
    "string",
    "",
    "The arm that the participant was assigned to. In a study within people, everybody goes "
    "through all arms: an answer has its own arm, and a participant has the arm of the first "
    "block.",
)
CLASSIFIER = Column(
    "classifier",
    "string",
    "",
    "The AI whose answers the arm shows: the classifier, or the name of its predictions in a study "
    "whose conditions name them.",
)
TRIAL_SET = Column(
    "trial_set",
    "integer",
    "",
    "Number of the test set, from 1. The same number and classifier mean the same set of photos.",
    minimum=1,
)
TRIAL_INDEX = Column(
    "trial_index", "integer", "", "Position in the participant's order, from 1.", minimum=1
)
ITEM_ID = Column(
    "item_id",
    "string",
    "",
    "Id of the photo: the letter i and the first 16 hexadecimal digits of its file's SHA-256. A "
    "photo has the same id in every condition and on every server.",
)
RESPONSE = Column(
    "response",
    "string",
    "",
    "The answer to 'Is the AI right?'; empty for another task and for a missed trial.",
    ("yes", "no"),
    is_nullable=True,
)
RT_MS = Column(
    "rt_ms",
    "integer",
    "ms",
    "Response time by the browser's clock, measured from the moment when all images are on "
    "screen. Empty if the browser reported none.",
    is_nullable=True,
    minimum=0,
)
JUDGED = (
    ITEM_ID,
    Column("image", "string", "", "Path of the photo in the dataset's folder."),
    Column(
        "true_label",
        "string",
        "",
        "Class of the photo according to the dataset, as shown to people.",
    ),
    Column("ai_label", "string", "", "Class that the AI predicted, as shown to people."),
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
        "Number of nearest images that voted for ai_label; empty for an AI that does not vote.",
        is_nullable=True,
        minimum=0,
    ),
)
IS_AI_CORRECT = Column(
    "is_ai_correct",
    "boolean",
    "",
    "Whether ai_label is accepted: one of the photo's accepted labels, or the photo's class if it "
    "has no labels of its own.",
)
LABELS_JOINED, NO_LABEL = "; ", "none"
ACCEPTED_LABELS = Column(
    "accepted_labels",
    "string",
    "",
    f"The labels that are right for the photo, separated by {LABELS_JOINED.strip()!r}; empty if "
    f"only true_label is right, and {NO_LABEL} if the dataset has none of the labels.",
    is_nullable=True,
)
DURATION = "Empty if the participant did not get that far, or if a time was not recorded."

PARTICIPANT_STATUS = Column(
    "participant_status",
    "string",
    "",
    "Status of the participant. active: under way, or left without finishing. completed: "
    "answered every test trial; the tables are about these only. failed_validation: below the "
    "pass mark, so the session ended before the test. failed_attention: failed too many "
    "attention checks. timed_out: exceeded the study's time limit. returned: gave up the place. "
    "withdrawn: asked for deletion; their answers are deleted.",
    STATUSES,
)
VIEW = Column(
    "view",
    "string",
    "",
    "How the AI's answer is explained in the arm, by the view's name in the study document. "
    "unaided: people do not see an AI. none: the AI's answer without an explanation. Other names "
    "are explanation panels, such as exemplars and correspondences.",
)
# Columns of the answer to a trial.
GIVEN = (
    RESPONSE,
    Column(
        "is_correct", "boolean", "",
        "The person accepted a right answer of the AI, rejected a wrong one, or chose the photo's "
        "class. FALSE for a missed trial.",
    ),
    Column(
        "presented_at", "datetime", "UTC, to the millisecond",
        "When the trial's page was first requested, by the server's clock; empty if not recorded.",
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
        "Empty if the browser did not report both.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "given_by", "string", "",
        "How the answer was given; empty if not known. time: the trial's time was over, and the "
        "page sent what was chosen until then.",
        ("key", "pointer", "time"), is_nullable=True,
    ),
    Column(
        "photo_px", "integer", "CSS pixels",
        "Width at which the photo to judge was shown when the person answered. Empty if the "
        "browser did not report it.",
        is_nullable=True, minimum=1,
    ),
    Column(
        "prior_knowledge", "boolean", "",
        "Before seeing the photo, the person said that they knew the class that the AI predicts. "
        "Empty if the study did not ask.",
        is_nullable=True,
    ),
    Column(
        "mask", "string", "",
        "The parts of the photo that were selected when the participant answered: 49 digits 0 or "
        "1, row by row; all 0: the AI's own choice. Empty if the view is not interactive.",
        is_nullable=True,
    ),
    Column(
        "n_mask_changes", "integer", "changes",
        "How often the AI answered for another selection. Empty if the view is not interactive.",
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
_CONFIDENCE = (
    "The person's own confidence, in the units of the study document (task.confidence): levels "
    "count from 1, a scale has its own numbers. Empty if the study did not ask."
)
_REASON = (
    "Free text; only in the file if it was requested with the export. Empty if the study did not "
    "ask, or nothing was written."
)
# What a task asks for besides the verdict, and the answer before the AI's advice.
TASKED = (
    Column(
        "choice", "string", "",
        "The class that was chosen, in the words shown; empty for another task and for a missed "
        "trial.",
        is_nullable=True,
    ),
    Column("confidence", "integer", "", _CONFIDENCE, is_nullable=True, minimum=0),
    Column("reason", "string", "", f"Why the person answered so. {_REASON}", is_nullable=True),
    Column(
        "is_missed", "boolean", "",
        "The trial's time was over before an answer was chosen. No measure counts the trial.",
    ),
    Column(
        "first_answer", "string", "",
        "As response, before the AI's advice; empty if there was no such answer.",
        ("yes", "no"), is_nullable=True,
    ),
    Column(
        "first_choice", "string", "", "As choice, before the AI's advice.", is_nullable=True
    ),
    Column(
        "first_is_correct", "boolean", "",
        "As is_correct, of the answer before the AI's advice; empty if there was none.",
        is_nullable=True,
    ),
    Column(
        "first_confidence", "integer", "",
        "As confidence, of the answer before the AI's advice.", is_nullable=True, minimum=0,
    ),
    Column(
        "first_reason", "string", "",
        "As reason, of the answer before the AI's advice.", is_nullable=True,
    ),
    Column(
        "first_rt_ms", "integer", "ms",
        "As rt_ms, of the answer before the AI's advice.", is_nullable=True, minimum=0,
    ),
)  # fmt: skip
