"""The texts of an export for people: README, CHANGES, CITATION.cff. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from analysis.codebook.codebook import DATA
from analysis.export.export_facts import Facts, Resource
from analysis.figures.figure_texts import LOSSES

DATA_TITLES = {
    "responses": "one row per test response, of participants of every status",
    "participants": "one row per participant who consented",
    "events": "one row per event: consent, each trial presented and answered, the end",
    "items": "one row per classifier and photo of the pool, with the AI's answer",
    "practice": "one row per answered trial of the training or the validation",
    "answers": "one row per answer to the study's own questions",
    "shown": "one row per panel or example on the page of a trial, as the participant saw it",
}
OTHERS = (
    ("consort.csv", "the flow of participants in each arm"),
    ("tables/*.csv", "the analysis: percentages 0-100, times in ms"),
    (
        "tables/detection_model.txt",
        "the signal-detection model in words: what was fitted, and whether it converged",
    ),
    (
        "tables/mixed_model.txt",
        "the mixed model in words: what was fitted, and whether it converged",
    ),
    ("tables/imrmc.csv", "the answers of kept participants, in the layout that iMRMC reads"),
    ("figures/*", "the tables as figures (only if this installation draws them)"),
    ("codebook.csv", "the meaning and unit of every column of every CSV file"),
    ("read.R", "reads every CSV file into R with the types of the codebook; base R"),
    ("study.json, study.yaml", "the study document as it was frozen, and its fingerprint"),
    ("analysis_plan.json", "the declared analysis: arms, exclusion rules"),
    ("analyse.py, code/", "the script that computes the tables again from data/ alone"),
    ("reference/", "the answers in the two CSV schemas of the reference study, if they fit"),
    ("datapackage.json", "Frictionless Data Package with a Table Schema for each CSV file"),
    ("dataset_description.json", "Psych-DS 1.5"),
    ("croissant.json", "Croissant 1.1, for machine-learning tools"),
    ("CITATION.cff", "how to cite; add the authors before you publish"),
    ("MANIFEST.sha256", "fingerprints of all files: sha256sum -c MANIFEST.sha256"),
)  # fmt: skip

PAPER_AUTHORS = (
    "      - {family-names: Nguyen, given-names: Giang}",
    "      - {family-names: Taesiri, given-names: Mohammad Reza}",
    "      - {family-names: Nguyen, given-names: Anh}",
)


def simulated_note(n: int, *, is_included: bool) -> str:
    """Return whether robots are included, in a sentence; empty if there are none."""
    if not n:
        return ""
    noun = "participant is" if n == 1 else "participants are"
    return f"{n} simulated {noun} {'included' if is_included else 'left out'}."


def texts_note(n: int, *, is_included: bool) -> str:
    """Return whether free-text answers are included, in a sentence; empty if there are none."""
    if not n:
        return ""
    noun = "answer in free text is" if n == 1 else "answers in free text are"
    warning = " People may name themselves or others in it: read it before you share it."
    return f"{n} {noun} {'included' if is_included else 'left out'}.{warning * is_included}"


def readme(
    facts: Facts,
    resources: Sequence[Resource],
    counts: Mapping[str, int],
    simulated_note: str,
    texts_note: str = "",
    looks_note: str = "",
) -> str:
    """Return README.md. ``counts`` are sums of the CONSORT flow over the arms.

    ``looks_note`` says which planned look the tests are about; empty without planned looks.
    """
    titles = [(resource.path, resource.title) for resource in resources if resource.name in DATA]
    files = "\n".join(f"| `{path}` | {what} |" for path, what in [*titles, *OTHERS])
    words = {name: name.replace("_", " ") for name in counts} | {"left": LOSSES["left"]}
    flow = "\n".join(f"| {words[name]} | {n} |" for name, n in counts.items())
    warning = "\n**SIMULATED PEOPLE ARE INCLUDED: these are not results about people.**\n"
    pilot = (
        "\n**These are the answers of the pilot. They are never combined with those of the main "
        "study.**\n"
    )
    looks = f"Tests: {looks_note.rstrip('.')}. See `tables/looks.csv`.\n" if looks_note else ""
    frozen = (
        "Fingerprint of the frozen study, of its document, predictions and photos (the checklist "
        f"shows it): `{facts.frozen_sha256}`\n"
    )
    return f"""# {facts.title}

Results of the study `{facts.slug}`, exported at {facts.exported_at}.
Study document (SHA-256 of its JSON with sorted keys and no spaces): `{facts.document_sha256}`
{frozen * bool(facts.frozen_sha256)}{pilot * facts.is_pilot}{warning * facts.has_simulated}
Simulated participants: {simulated_note or "There are none."}
Answers in free text: {texts_note or "There are none."}
{looks}
| participants | number |
|---|---|
{flow}

## Files

| file | content |
|---|---|
{files}

## Run the analysis again

```sh
python -m venv env && env/bin/pip install -r requirements.txt
env/bin/python analyse.py
```

The script reads only `data/*.csv`, writes the tables to `rerun/`, and says of each table whether it
is the same as the one here.

## How cells are written

UTF-8, comma-separated (RFC 4180), decimals with `.`, an empty cell for what is missing, booleans as
`TRUE` and `FALSE`, times in UTC as `2026-03-01T09:30:00.123Z`, durations in milliseconds. Only an
empty cell is missing. A class may be named `NA`, `None` or `nan`, which pandas and R read as
missing by default. Tell them not to:

```python
responses = pandas.read_csv("{resources[0].path}", keep_default_na=False, na_values=[""])
```

```r
responses <- read.csv("{resources[0].path}", na.strings = "", encoding = "UTF-8")
```

This turns a text of digits (a version, a class named `3`) into a number. To get the types of
`codebook.csv`, and texts without the apostrophes that are described below, use

```python
sys.path.insert(0, "code")
from analysis.codebook.codebook import DATA
from analysis.tables.tidy import table_read
responses = table_read("{resources[0].path}", DATA["responses"])
```

```r
source("read.R")
study <- read_export(".")  # all files at once: study$responses, study$participants, ...
```

A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe in front,
so that no spreadsheet runs it as a formula. If apostrophes precede such a character, the text gets
one more. The script removes it again. Numbers are not changed.

## Who can be recognised

Participants have pseudonyms, numbered in the order of consent. No file has ids of a recruitment
site or addresses. `answers` has free text only if it was requested for the export. Somebody who
knows when a person took part can still find that person's rows by the times; the kind of device,
the size of its page and the time zone narrow it down further. If that matters, remove the columns
that end in `_at`, the column `at`, and those from `device_kind` to `time_zone` before you publish.

This export has no licence. Choose one, and put it and the authors into `CITATION.cff`,
`datapackage.json` and `dataset_description.json` before you publish.
"""


def changes(facts: Facts, n_rows: Mapping[str, int]) -> str:
    """Return CHANGES in the form that Psych-DS recommends."""
    rows = ", ".join(f"{n} {name}" for name, n in n_rows.items())
    return f"1.0.0 {facts.exported_at[:10]}\n - Exported from the platform: {rows}.\n"


def citation(facts: Facts) -> str:
    """Return CITATION.cff; JSON texts are YAML texts."""
    lines = [
        "cff-version: 1.2.0",
        "type: dataset",
        f"title: {json.dumps(facts.name, ensure_ascii=False)}",
        "message: Put the authors and a licence here before you publish; then cite as below.",
        "authors:",
        f"  - name: {json.dumps(f'The researchers of {facts.slug}')}",
        f"date-released: {facts.exported_at[:10]}",
        "identifiers:",
        "  - type: other",
        f"    value: sha256:{facts.document_sha256}",
        "    description: Fingerprint of the study document",
        "references:",
        "  - type: conference-paper",
        "    title: Visual correspondence-based explanations improve AI robustness and human-AI "
        "team accuracy",
        "    authors:",
        *PAPER_AUTHORS,
        "    collection-title: Advances in Neural Information Processing Systems",
        "    year: 2022",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
