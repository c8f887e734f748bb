"""The blind of a pilot is another one than that of the study itself."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from analysis.blind import arm_labels, blind_lift, lift_of
from analysis.models import BlindLift
from tests.analysis.people import make_study, person
from trials.models import Participant, Study

pytestmark = pytest.mark.django_db
PAGE, LIFT = "/studio/study/birds/results/", "/studio/study/birds/results/lift-blind/"
EXPORTS = "/studio/study/birds/exports/"
PILOT, LIVE = Participant.Stage.PILOT, Participant.Stage.LIVE


def pilot() -> Study:
    """Make a study whose pilot runs."""
    study = make_study()
    person(study, "kNN", "11", "10")
    Participant.objects.update(stage=PILOT)
    Study.objects.update(status=Study.Status.PILOT)
    return study


def test_the_pilot_s_lift_shows_the_pilot_and_leaves_the_study_blinded(chief: Client) -> None:
    study = pilot()
    assert "Blinded to condition, in the pilot." in chief.get(PAGE).text
    chief.post(LIFT, {"stage": "pilot"})
    page = chief.get(PAGE).text
    assert "The blind of the pilot was lifted by sam" in page
    assert '<th scope="row">kNN</th>' in page
    Study.objects.update(status=Study.Status.OPEN)
    page = chief.get(PAGE).text
    assert "Blinded to condition." in page
    assert '<th scope="row">kNN</th>' not in page
    assert (lift_of(study, PILOT) is None, lift_of(study)) == (False, None)


def test_files_wait_for_the_lift_of_the_stage_that_they_hold(staff: Client) -> None:
    blind_lift(study=pilot(), user=User.objects.get(username="sam"), stage=PILOT)
    assert staff.get(f"{PAGE}responses.csv").status_code == 200
    assert staff.get(EXPORTS).status_code == 200
    assert staff.post(EXPORTS, {"stage": "live"}).status_code == 403
    Study.objects.update(status=Study.Status.OPEN)
    assert staff.get(f"{PAGE}responses.csv").status_code == 403
    assert staff.get(f"{PAGE}figure/team.svg").status_code == 403


def test_a_pilot_that_ended_while_the_question_stood_lifts_nothing(chief: Client) -> None:
    pilot()
    assert 'name="stage" value="pilot"' in chief.get(LIFT).text
    Study.objects.update(status=Study.Status.OPEN)
    asked_again = chief.post(LIFT, {"stage": "pilot"})
    assert 'name="stage" value="live"' in asked_again.text
    assert not BlindLift.objects.exists()


def test_letters_of_the_pilot_are_dealt_anew_for_the_study() -> None:
    arms = ["a", "b", "c", "d"]
    studies = [Study(pk=pk, document_sha256="a") for pk in range(20)]
    orders = [(arm_labels(study, arms, PILOT), arm_labels(study, arms)) for study in studies]
    assert sum(list(one) != list(other) for one, other in orders) > 12


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "stages"), [("pilot", ["pilot"]), ("open", ["live", "pilot"])])
def test_an_older_lift_counts_for_what_was_seen_under_it(status: str, stages: list[str]) -> None:
    study, sam = make_study(), User.objects.create(username="sam")
    Study.objects.update(status=status)
    older(is_back=True)
    table = "analysis_blindlift"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (at, study_id, user_id) "  # noqa: S608 - a name of ours
            "VALUES ('2026-03-01 09:00:00', %s, %s)",
            [study.pk, sam.pk],
        )
    older(is_back=False)
    assert sorted(blindlift.stage for blindlift in BlindLift.objects.all()) == stages


def older(*, is_back: bool) -> None:
    """Migrate to before lifts had a stage, and forth again."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    executor.migrate([("analysis", "0002_export")] if is_back else leaves)
