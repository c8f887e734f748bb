"""A study whose AI decides the sure photos: played by robots, analysed and shown."""

from __future__ import annotations

import random

import pytest
from pandas import DataFrame

from analysis.codebook.codebook import DATA
from analysis.results.sheets import OBSERVED, panels_of
from analysis.rows.frame import StudyRows
from analysis.rows.overview import declared_of
from analysis.stats.analysis_plan import Declared
from analysis.tables.observed_team_table import defers
from analysis.tables.tables import OF_TEAMS, PARTS, tables_of
from analysis.tables.tidy import frame_of
from tests.analysis.simulated import row_of, simulate
from tests.trials.unsure import CONDITIONS, make_unsure
from trials.models import Response, Study
from trials.simulation.robots import Robot, play

SLOW = [name for name in (*PARTS, *OF_TEAMS) if name not in {"measures", "accuracy_by", "team"}]


def frames(study: Study) -> list[DataFrame]:
    rows = StudyRows(study, include_simulated=True)
    streams = (rows.responses(), rows.participants(has_flags=False), rows.items())
    kinds = ("responses", "participants", "items")
    return [frame_of(DATA[kind], each) for kind, each in zip(kinds, streams, strict=True)]


def test_a_study_without_deferral_has_no_such_table() -> None:
    assert not defers(simulate().items)


@pytest.mark.django_db
def test_the_team_that_worked_joins_the_ais_photos_and_peoples_answers() -> None:
    study = make_unsure(conditions=CONDITIONS[2:])
    for number in range(8):
        play(study, Robot(accept_right=0.6, accept_wrong=0.1 * number), random.Random(number))
    responses, people, items = frames(study)
    by_ai = items[items["is_deferred"] == False]  # noqa: E712 - a nullable column
    assert (items["ai_confidence"] >= 0.6).sum() == len(by_ai) == 36
    found = tables_of(
        responses, people, items, Declared.from_json(declared_of(study)), without=SLOW
    )
    row = row_of(found["team_observed"], condition="Unsure", analysed="kept")
    answers = Response.objects.final()
    mine = answers.filter(trial__condition__name="Unsure", trial__phase="test")
    human = mine.correct().count() / mine.count()
    expected = (by_ai["is_ai_correct"].sum() + (80 - 36) * human) / 80
    assert row["team"] == pytest.approx(100 * expected)
    assert row["team_low"] < row["team"] < row["team_high"]
    assert OBSERVED in {panel.title for panel in panels_of(found)}
