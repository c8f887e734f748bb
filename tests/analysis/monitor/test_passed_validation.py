"""Who passed the validation, in an export: as on the page of the running study."""

from __future__ import annotations

import random
from typing import Any

import pytest

from analysis.codebook.codebook import ITEMS, PARTICIPANTS, RESPONSES
from analysis.monitor.reader import running_read
from analysis.rows.frame import StudyRows
from analysis.rows.overview import declared_of
from analysis.tables.recompute import Frames, tables_from
from analysis.tables.tidy import frame_of
from tests.analysis.six_arms import walk
from tests.factories import enrol, make_document, make_plan, make_study
from trials import services
from trials.models import Study
from trials.study.plan import StudyPlan

pytestmark = pytest.mark.django_db


def frames(study: Study) -> Frames:
    rows = StudyRows(study)
    return Frames(
        frame_of(RESPONSES, rows.responses()),
        frame_of(PARTICIPANTS, rows.participants()),
        frame_of(ITEMS, rows.items()),
    )


def passed(study: Study) -> Any:
    """Return how many passed by the export's flow; None if it has no such row."""
    flow = tables_from(frames(study), declared_of(study))["consort"]
    rows = flow[flow["count"] == "passed_validation"]
    return rows["n_participants"].sum() if len(rows) else None


def test_who_withdrew_in_the_test_is_still_known_to_have_passed() -> None:
    study = make_study(plan=make_plan(pass_mark=1))
    alice = enrol(study, "alice")
    walk(alice, random.Random(1), leaves=True)
    assert passed(study) == 1
    services.participant_withdraw(participant=alice)
    assert (passed(study), running_read(study).gate.n_passed) == (1, 1)


def test_a_study_without_a_validation_has_nobody_who_passed_one() -> None:
    document = make_document()
    document["stages"] = [item for item in document["stages"] if item["kind"] != "validation"]
    study = make_study(plan=StudyPlan.from_json(document))
    walk(enrol(study, "alice"), random.Random(1), leaves=True)
    assert frames(study).participants["is_validation_passed"].isna().all()
    assert passed(study) is None
