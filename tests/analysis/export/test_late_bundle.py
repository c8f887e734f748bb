"""A study that assigns people after the validation: its pages, flow and files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.export.export_bundle import bundle_write
from analysis.monitor.people import people_found
from analysis.monitor.reader import running_read
from analysis.results.study_tables import study_tables
from analysis.tables import rerun
from tests.factories import enrol
from tests.trials.late import STAGES
from tests.trials.services.test_late_assignment import late_study, onward, passed
from tests.trials.services.test_services import answer
from trials import services
from trials.models import Study
from trials.services.launch import study_check
from trials.studio.preview import previewed, screens_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]
NAMES = ["unaided", "EMD-Corr", "kNN", "not assigned"]


@pytest.fixture
def study() -> Study:
    """A study in which four completed, one failed, one is before and one after the assignment."""
    study = late_study()
    for n in range(4):
        answer(enrol(study, f"person{n}"))
    answer(enrol(study, "failed"), n_wrong=1)
    onward(onward(enrol(study, "before")))
    person = passed(enrol(study, "after"))
    onward(person)
    return study


def whole(flow: pd.DataFrame) -> pd.DataFrame:
    """Return the counts by condition."""
    rows = flow[flow["reason"].fillna("") == ""]
    return rows.pivot(index="count", columns="condition", values="n_participants")[NAMES]


def test_who_is_not_assigned_is_a_group_of_every_count(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    flow = pd.read_csv(tmp_path / "consort.csv")
    counts = whole(flow)
    assert counts.loc["consented"].sum() == 7
    assert counts["not assigned"][["consented", "failed_validation", "left"]].tolist() == [2, 1, 1]
    assert counts.loc["passed_validation"].sum() == 5
    left = flow[(flow["count"] == "left") & (flow["n_participants"] > 0)]
    assert set(left["reason"].dropna()) == {"training", "validation"}
    people = pd.read_csv(next((tmp_path / "data").glob("*-participants*_data.csv")))
    is_out = people[["condition", "classifier", "trial_set"]].isna()
    assert is_out.all(axis=1).sum() == is_out.any(axis=1).sum() == 2
    lost = pd.read_csv(tmp_path / "tables/attrition.csv")
    assert not lost.loc[lost["stage"] == "validation", ["lost_a", "lost_b"]].to_numpy().any()
    assert rerun.main(tmp_path, ["--no-figures"]) == 0
    pd.testing.assert_frame_equal(whole(study_tables(study, False)["consort"]), counts)


def test_the_monitor_counts_them_apart(study: Study, client: Client) -> None:
    running = running_read(study)
    assert running.conditions == NAMES
    consented = next(row for row in running.flow if row.words == "gave consent")
    assert (consented.total, consented.counts[-1]) == (7, 2)
    assert [row.condition for row in running.sets] == NAMES[:-1]
    found = {name: people_found(study, {"condition": name}).count() for name in NAMES}
    assert found == dict(zip(NAMES, consented.counts, strict=True))
    client.force_login(User.objects.create(username="lea", is_staff=True, is_superuser=True))
    page = client.get("/studio/study/trees/monitor/").text
    assert page.count("Stop<") == 3
    assert "not assigned" in client.get("/studio/study/trees/people/").text


def test_a_draft_is_previewed_and_told_what_introduces_no_explanation(study: Study) -> None:
    rita, client = User.objects.create(username="lea", is_staff=True, is_superuser=True), Client()
    client.force_login(rita)
    document = study.document | {"stages": [STAGES[1], STAGES[0], STAGES[2]]}
    draft = services.study_draft(slug="draft", dataset=study.dataset, document=document, user=rita)
    screens = screens_of(previewed(draft.plan)["kNN"])
    keys = [item.key for item in screens if item.group in ("Training", "Validation", "Test")]
    way = "/studio/study/draft/preview/screen/"
    pages = [client.get(way, {"condition": "kNN", "set": "1", "screen": key}) for key in keys]
    assert [page.status_code for page in pages] == [200] * len(keys)
    said = [item.said for item in study_check(draft) if item.name == "Assignment"]
    assert "the screens of unaided" in said[0]
    assert "Put the training there" in said[1]
