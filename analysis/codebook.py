"""Every column of every exported file, as a literal table.

The one source of the frames' column order, of ``codebook.csv`` and of the documentation: a
column that is not declared here is not exported. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``type`` is string, integer, number, boolean or datetime.

    ``meaning`` says the zero point where there is one, and when the cell is empty. ``levels``
    are the values that a categorical column can take, if the platform fixes them.
    """

    name: str
    type: str
    unit: str
    meaning: str
    levels: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """The meaning with its levels, in words."""
        return f"{self.meaning} One of: {', '.join(self.levels)}." if self.levels else self.meaning


RESPONSES = (
    Column("study", "string", "", "The study's short name."),
    Column(
        "document_sha256", "string", "",
        "Fingerprint of the study document (conditions, numbers of trials, seeds).",
    ),
    Column(
        "participant_id", "string", "",
        "Pseudonym in the order of consent: p0001 is the first person, r0001 the first robot.",
    ),
    Column("is_simulated", "boolean", "", "A robot answered, not a person."),
    Column(
        "participant_status", "string", "",
        "How far the participant came. active: under way, or left without finishing. completed: "
        "answered every test trial; only these enter accuracy.csv. failed_validation: below the "
        "pass mark, sent home before the test.",
        ("active", "completed", "failed_validation"),
    ),
    Column("condition", "string", "", "The arm that the participant was assigned to."),
    Column("classifier", "string", "", "The AI whose answers the arm shows."),
    Column(
        "view", "string", "", "How the AI's answer is explained in the arm.",
        ("none", "exemplars", "correspondences"),
    ),
    Column(
        "trial_set", "integer", "",
        "Number of the test set, from 1. The same number under the same classifier is the same "
        "set of photos.",
    ),
    Column("trial_index", "integer", "", "Place in the participant's own order, from 1."),
    Column(
        "item_id", "string", "",
        "The photo: first 16 hexadecimal digits of the SHA-256 of its file. The same photo has "
        "the same id in every condition and on every server.",
    ),
    Column("image", "string", "", "The photo's path below the folder of the dataset."),
    Column("true_label", "string", "", "The photo's class by the dataset, in the words shown."),
    Column("ai_label", "string", "", "The class that the AI named, in the words shown."),
    Column(
        "ai_confidence", "number", "share (0-1)",
        "The AI's confidence: softmax probability, or share of votes.",
    ),
    Column(
        "ai_votes", "integer", "votes",
        "Nearest images that voted for ai_label; empty for an AI that does not vote.",
    ),
    Column("is_ai_correct", "boolean", "", "ai_label is the photo's class by the dataset."),
    Column("response", "string", "", "The answer to 'Is the AI right?'.", ("yes", "no")),
    Column("is_correct", "boolean", "", "Answered yes to a right AI, or no to a wrong one."),
    Column(
        "presented_at", "datetime", "UTC, to the millisecond",
        "When the trial's page was first asked for, by the server's clock; empty when not noted.",
    ),
    Column(
        "received_at", "datetime", "UTC, to the millisecond",
        "When the answer reached the server, by the server's clock.",
    ),
    Column(
        "rt_ms", "integer", "ms",
        "Response time by the browser's clock; 0 is the moment when all images are on screen. "
        "Empty when the browser reported none.",
    ),
)  # fmt: skip

ACCURACY = (
    Column("condition", "string", "", "The arm; arms without anyone are listed too."),
    Column(
        "n_participants", "integer", "people",
        "Participants who completed; every figure of the row is over these.",
    ),
    Column("n_simulated", "integer", "people", "How many of n_participants are simulated."),
    Column("n_trials", "integer", "trials", "Their test trials."),
    Column(
        "accuracy_mean", "number", "percent (0-100)",
        "Mean over participants of each one's share of correct answers; 50 is guessing, and "
        "always saying yes. Empty without participants.",
    ),
    Column(
        "accuracy_sd", "number", "percentage points",
        "Standard deviation over participants (n - 1); empty below two.",
    ),
    Column(
        "accuracy_low", "number", "percent (0-100)",
        "Lower end of the 95 % Student-t interval over participants; not cut at 0. Empty below "
        "two participants.",
    ),
    Column(
        "accuracy_high", "number", "percent (0-100)",
        "Upper end of the same interval; not cut at 100.",
    ),
    Column(
        "accuracy_ai_correct_mean", "number", "percent (0-100)",
        "As accuracy_mean, over the trials on which the AI is right; equals the share of yes. "
        "0 is rejecting every right answer.",
    ),
    Column(
        "accuracy_ai_wrong_mean", "number", "percent (0-100)",
        "As accuracy_mean, over the trials on which the AI is wrong; equals the share of no. "
        "0 is accepting every wrong answer.",
    ),
)  # fmt: skip

CODEBOOK = (
    Column("file", "string", "", "Name of the exported file."),
    Column("column", "string", "", "Name of the column, in the order of the file."),
    Column(
        "type", "string", "", "What the cells hold; booleans are written true and false.",
        ("string", "integer", "number", "boolean", "datetime"),
    ),
    Column("unit", "string", "", "Unit of measurement; empty when there is none."),
    Column("meaning", "string", "", "What the column says, where zero is, when it is empty."),
)  # fmt: skip

FILES = {"responses.csv": RESPONSES, "accuracy.csv": ACCURACY, "codebook.csv": CODEBOOK}


def column_names(file: str) -> list[str]:
    """Return the columns of one file in order."""
    return [column.name for column in FILES[file]]


def codebook_rows() -> list[tuple[str, ...]]:
    """Return the rows of ``codebook.csv``."""
    return [
        (file, column.name, column.type, column.unit, column.description)
        for file, columns in FILES.items()
        for column in columns
    ]
