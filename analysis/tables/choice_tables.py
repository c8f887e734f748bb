"""Tables of a choice among classes: accuracy by class, confusions, the combination with the AI."""

from __future__ import annotations

import numpy as np
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample
from analysis.stats.choice import confusion, precision, recall
from analysis.stats.combination import Combined, Independent, combined
from analysis.stats.inference import Ints
from analysis.stats.mrmc import difference_of, estimate_of, undefined
from analysis.tables.task_data import OCCASIONS, Said, final_of, first_of, said_in
from analysis.tables.task_tables import counts_of, interval_cells

AFTER_AI = "people chose after seeing the AI: their choices are not independent of it"
BEST_OFFERED = (
    "the classes offered follow from the AI's scores: people's choices are not independent of it"
)
NO_AI_CONFIDENCE = "the AI states no confidence"
N_BINS = 10
_CHOICES = {"first": "first_choice", "final": "choice"}


def classes_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a condition, occasion and class: recall and precision."""
    rows = []
    for condition, occasion, said in _chosen_in(sample, declared):
        chosen = said.chosen(_CHOICES[occasion])
        n_trials, n_choices = (
            counts_of(each, chosen.n_classes) for each in (chosen.truth, chosen.choice)
        )
        for code, name in enumerate(said.rows["true_label"].cat.categories):
            found = {"recall": recall(chosen, code), "precision": precision(chosen, code)}
            row: dict[str, object] = {"condition": condition, "occasion": occasion, "class": name}
            row |= {"n_trials": n_trials[code], "n_choices": n_choices[code]}
            for measure, terms in found.items():
                estimate = estimate_of(terms)
                row |= interval_cells(measure, estimate)
                row[f"{measure}_note"] = estimate.note or None
            rows.append(row)
    return DataFrame(rows)


def confusion_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a condition, occasion and pair of classes that occurs."""
    rows = []
    for condition, occasion, said in _chosen_in(sample, declared):
        cells = confusion(said.chosen(_CHOICES[occasion]))
        totals = cells.sum(axis=1)
        names = said.rows["true_label"].cat.categories
        for truth, choice in zip(*np.nonzero(cells), strict=True):
            n = int(cells[truth, choice])
            row = {"condition": condition, "occasion": occasion, "true_label": names[truth]}
            share = 100 * n / int(totals[truth])
            rows.append(row | {"choice": names[choice], "n_answers": n, "share": share})
    return DataFrame(rows)


def _chosen_in(sample: Sample, declared: Declared) -> list[tuple[str, str, Said]]:
    found = []
    for condition in declared.names:
        for occasion in OCCASIONS:
            said = said_in(sample, condition, occasion)
            if said is not None and said.person.size and _CHOICES[occasion] in sample.answers:
                found.append((condition, occasion, said))
    return found


def combination_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a condition: people, the AI, and both combined by Bayes' rule."""
    rows = []
    for condition in declared.conditions:
        found = _combined(sample, declared, condition)
        people, ai, both = (estimate_of(each) for each in (found.person, found.ai, found.both))
        row: dict[str, object] = {"condition": condition.name}
        row |= {
            "n_participants": both.n_people, "n_trials": both.n_trials, "n_images": both.n_photos,
        }  # fmt: skip
        for name, estimate in (("people", people), ("ai", ai), ("combined", both)):
            row |= interval_cells(name, estimate)
        row |= interval_cells("over_people", difference_of(found.both, found.person))
        row |= interval_cells("over_ai", difference_of(found.both, found.ai))
        rows.append(row | {"note": both.note or None})
    return DataFrame(rows)


def _combined(sample: Sample, declared: Declared, condition: DeclaredCondition) -> Combined:
    """Return the combination of the answers that people gave without the AI."""
    if declared.offers_best:
        return Combined(*[undefined(BEST_OFFERED)] * 3)
    said, occasion = first_of(sample, condition.name), "first"
    if said is None and not condition.is_unaided:
        return Combined(*[undefined(AFTER_AI)] * 3)
    if said is None:
        said, occasion = final_of(sample, condition.name), "final"
    confidence = said.rows["ai_confidence"].to_numpy(dtype=float)
    if np.isnan(confidence).any():
        return Combined(*[undefined(NO_AI_CONFIDENCE)] * 3)
    chosen = said.chosen(_CHOICES[occasion])
    return combined(
        Independent(
            said.person, said.photo, said.kind, chosen.truth, chosen.choice,
            _levels(said, declared), said.rows["ai_label"].cat.codes.to_numpy().astype(np.int64),
            confidence, chosen.n_classes,
        )
    )  # fmt: skip


def _levels(said: Said, declared: Declared) -> Ints:
    """Return codes of confidence: levels, or bins of 10 points; one code more for none."""
    known = ~np.isnan(said.confidence)
    values = np.where(known, said.confidence, 0)
    if declared.confidence == "percent":
        values = np.minimum(np.floor(values / N_BINS), N_BINS - 1)
    values = np.where(known, values, values.max(initial=0) + 1)
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
