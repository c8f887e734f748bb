"""Columns of the data besides the test: practice, questions, what was on screen.

Standard library only.
"""

from __future__ import annotations

from analysis.codebook.column import Column
from analysis.codebook.file_columns import (
    CLASSIFIER,
    CONDITION,
    GIVEN,
    IS_AI_CORRECT,
    IS_SIMULATED,
    ITEM_ID,
    JUDGED,
    PARTICIPANT_ID,
    PARTICIPANT_STATUS,
    STAGES,
    TASKED,
    TRIAL_INDEX,
    VIEW,
)

CELLS = (
    "in the order of the boxes' numbers, separated by a space. r1c1 is the upper left cell of the "
    "grid of 7 x 7 cells, r1c7 the upper right one. Empty if no boxes were shown."
)

# Columns of a participant that the analysis does not read; they come last.
SESSION = (
    Column(
        "device_kind", "string", "",
        "Kind of device at the consent, from the page's script or, without scripts, from the "
        "request's headers. Empty if not recorded (robots).",
        ("computer", "tablet", "phone"), is_nullable=True,
    ),
    Column(
        "browser", "string", "", "Family of the browser, without its version.", is_nullable=True
    ),
    Column(
        "viewport_width", "integer", "px",
        "Width of the browser's page at the consent, in CSS pixels; empty without a script.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "viewport_height", "integer", "px",
        "Height of the browser's page at the consent, in CSS pixels; empty without a script.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "pixel_ratio", "number", "device pixels per CSS pixel",
        "1 on an ordinary screen, 2 to 3 on most phones; empty without a script.",
        is_nullable=True, minimum=0,
    ),
    Column(
        "time_zone", "string", "",
        "IANA name of the browser's time zone at the consent, such as Europe/Berlin; empty "
        "without a script. All times in the files are in UTC.",
        is_nullable=True,
    ),
    Column(
        "language", "string", "",
        "Language of the pages, as a BCP 47 tag. Stored answers, labels and events are the same "
        "in all languages, except for texts that people write.",
        ("en", "de", "es", "fr", "vi", "zh-Hans", "ar"),
    ),
    Column(
        "flags", "string", "",
        "Signs of careless or automated answers, separated by '; ' (docs/running.md of the "
        "platform defines each). A flag excludes nobody. Empty without flags.",
        is_nullable=True,
    ),
    Column(
        "payment", "string", "", "What is owed for the session.",
        ("none", "due", "paid", "refused"),
    ),
    Column(
        "seed", "integer", "",
        "Seed of the person's order of trials. It has up to 62 bits: read it as text if your "
        "program's numbers have fewer.",
        minimum=0,
    ),
)  # fmt: skip

PRACTICE = (
    PARTICIPANT_ID,
    IS_SIMULATED,
    PARTICIPANT_STATUS,
    CONDITION,
    CLASSIFIER,
    VIEW,
    Column("phase", "string", "", "The trial's phase.", STAGES[1:3]),
    Column(
        "attempt", "integer", "",
        "Number of the attempt at the validation, from 1; always 1 in the training.", minimum=1,
    ),
    TRIAL_INDEX,
    *JUDGED,
    IS_AI_CORRECT,
    *GIVEN,
    *TASKED,
)  # fmt: skip

ANSWERS = (
    PARTICIPANT_ID,
    Column("page", "string", "", "Name of the page of questions in the study document."),
    Column("question", "string", "", "Name of the question on that page."),
    Column(
        "kind", "string", "",
        "Kind of the question: a number, a choice, a line or a paragraph of free text. The file "
        "contains free text only if it was requested for the export.",
        ("choice", "number", "line", "paragraph"),
    ),
    Column(
        "answer", "string", "",
        "The answer as given. A question without an answer has no row.",
    ),
    Column(
        "number", "number", "",
        "The answer as a number; empty for questions that do not ask for a number.",
        is_nullable=True,
    ),
    Column(
        "received_at", "datetime", "UTC, to the millisecond",
        "When the answer reached the server, by the server's clock.",
    ),
)  # fmt: skip

SHOWN = (
    PARTICIPANT_ID,
    Column("phase", "string", "", "The trial's phase.", STAGES[1:]),
    TRIAL_INDEX,
    ITEM_ID,
    Column(
        "exemplar", "integer", "",
        "Position of the example on the trial's page, or in its panel, from 1; 0: the panel shows "
        "no example.",
        minimum=0,
    ),
    Column(
        "exemplar_item_id", "string", "", "The photo of the example, with an id like item_id.",
        is_nullable=True,
    ),
    Column(
        "exemplar_image", "string", "", "Path of the example's photo in the dataset's folder.",
        is_nullable=True,
    ),
    Column(
        "item_cells", "string", "", f"Cells of the photo that the boxes mark, {CELLS}",
        is_nullable=True,
    ),
    Column(
        "exemplar_cells", "string", "", f"Cells of the example that match them, {CELLS}",
        is_nullable=True,
    ),
    Column(
        "panel", "integer", "", "Position of the panel on the trial's page, from 1.", minimum=1
    ),
    Column(
        "panel_kind", "string", "", "The kind of the panel.",
        ("picture", "heatmap", "exemplars", "bars", "text"),
    ),
    Column(
        "panel_content", "string", "",
        "What the panel showed, as JSON: caption, text, items of bars, alternative text, matched "
        "boxes (left, top, width and height in fractions of the photo), and the file by its "
        "SHA-256, under which the study archive has it. Empty for a built-in view of examples.",
        is_nullable=True,
    ),
)  # fmt: skip
