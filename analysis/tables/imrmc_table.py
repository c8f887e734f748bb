"""Answers in the layout that iMRMC reads. Pure pandas.

iMRMC (Gallas and others, https://github.com/DIDSR/iMRMC) compares modalities in data of many
readers and many cases. Its R function ``doIMRMC`` takes rows of ``readerID``, ``caseID``,
``modalityID`` and ``score``; each case has one additional row with its truth.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from analysis.codebook.column import Column, Columns
from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.calibration import signed_rating
from analysis.stats.inference import Ints
from analysis.stats.task_answers import agrees, is_choice

TRUTH = "truth"
IMRMC: Columns = (
    Column(
        "readerID", "string", "",
        "participant_id of the person who answered; truth: the row has the correct answer. Only "
        "kept participants are included.",
    ),
    Column(
        "caseID", "string", "",
        "The case that was judged: classifier, colon, item_id. One photo with two AIs is two "
        "cases, because one AI may be right on it and the other wrong.",
    ),
    Column(
        "modalityID", "string", "",
        "condition of the answer; truth: the row has the correct answer. A condition named truth "
        "is written 'truth (condition)'.",
    ),
    Column(
        "score", "integer", "",
        "1: accepted (or chose the AI's class), 0: did not. If people said Yes or No with a "
        "confidence, the score is the confidence of a Yes, and minus the confidence of a No. In a "
        "row of the truth 1: the AI is right (signal present), 0: the AI is wrong (signal absent).",
    ),
)  # fmt: skip


def imrmc_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return a row of truth per case, sorted by case, then a row per answer of the sample.

    Texts are categories, so that a million rows take some ten megabytes.
    """
    answers = sample.answers
    classifiers = {each.name: each.classifier for each in declared.conditions}
    condition, item = (answers[name].astype("str") for name in ("condition", "item_id"))
    is_right = answers["is_ai_correct"].astype(bool)
    scores = DataFrame(
        {
            "readerID": answers["participant_id"].astype("str").astype("category"),
            "caseID": (condition.map(classifiers).astype("str") + ":" + item).astype("category"),
            "modalityID": condition.mask(condition == TRUTH, f"{TRUTH} (condition)").astype(
                "category"
            ),
            "score": _scores(answers),
        }
    )
    cases = scores.assign(score=is_right.astype("int64")).drop_duplicates("caseID")
    truth = cases.astype({"caseID": "str"}).sort_values("caseID")
    truth["caseID"] = truth["caseID"].astype(scores["caseID"].dtype)
    for name in ("readerID", "modalityID"):
        known = scores[name].cat.categories
        scores[name] = scores[name].cat.set_categories([TRUTH, *known.drop(TRUTH, errors="ignore")])
        truth[name] = Series(TRUTH, index=truth.index).astype(scores[name].dtype)
    return pd.concat([truth, scores], ignore_index=True)


def _scores(answers: DataFrame) -> Ints:
    """Return the rating of each answer if all have one, else 1 for accepted and 0 for rejected."""
    is_accepted = agrees(answers)
    if "confidence" in answers and not is_choice(answers) and answers["confidence"].notna().all():
        return signed_rating(is_accepted, answers["confidence"].to_numpy(dtype=float)).astype(int)
    return is_accepted.astype(np.int64)
