"""Files and pictures that the staff's pages send."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.blind import blind_lift
from tests.analysis.people import make_study, person
from tests.analysis.staff_pages import lifted, rows
from trials.models import Participant, Study

PAGE = "/studio/study/birds/results/"
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
LIFT = f"{PAGE}lift-blind/"
ARMS = ("ResNet-50", "kNN")


@pytest.mark.usefixtures("_all_tables")
@pytest.mark.parametrize("query", ["", "?simulated=1", "?analysed=all"])
def test_nothing_that_a_blinded_study_sends_names_a_condition(staff: Client, query: str) -> None:
    study = make_study()
    for name in ARMS:
        person(study, name, "1", "1", is_simulated=True)
    page = staff.get(f"{PAGE}{query}").text
    sources = set(re.findall(r'(?:src|href)="(/studio/study/birds/results/figure/[^"]*)"', page))
    files = [staff.get(source.replace("&amp;", "&")) for source in sources]
    assert len(files) == 3 * 4  # three pictures to see and in three formats
    sent = page + "".join(str(file.headers) + file.content.decode("latin-1") for file in files)
    assert not [word for word in (*ARMS, "ResNet", "softmax") if word in sent]
    assert "Arm A" in page


@pytest.mark.usefixtures("_all_tables")
def test_pictures_that_tell_of_the_ai_wait_for_the_lift(chief: Client) -> None:
    study = make_study()
    for name in ("team", "accuracy_by_difficulty", "reliance"):
        refusal = chief.get(f"{PAGE}figure/{name}.svg")
        assert refusal.status_code == 403
        assert f'href="{LIFT}"' in refusal.text
    lifted(study)
    assert chief.get(f"{PAGE}figure/team.svg").status_code == 200


@pytest.mark.parametrize("name", ["responses", "accuracy"])
def test_files_that_name_conditions_are_refused_with_the_way_out(chief: Client, name: str) -> None:
    make_study()
    refusal = chief.get(f"{PAGE}{name}.csv")
    assert refusal.status_code == 403
    assert f"The file {name}.csv would show which arm is which condition" in refusal.text
    assert f'href="{LIFT}"' in refusal.text
    assert f"/{name}.csv" not in chief.get(PAGE).text


@pytest.mark.parametrize(
    ("kind", "content_type", "start"),
    [
        ("png", "image/png", b"\x89PNG"),
        ("svg", "image/svg+xml", b"<?xml"),
        ("pdf", "application/pdf", b"%PDF"),
    ],
)
def test_a_picture_is_sent_in_each_format(
    staff: Client, kind: str, content_type: str, start: bytes
) -> None:
    make_study()
    response = staff.get(f"{PAGE}figure/accuracy.{kind}?simulated=1&download")
    assert response["Content-Type"] == content_type
    assert response.content.startswith(start)
    name = f"birds-accuracy-blinded-with-simulated.{kind}"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


def test_a_drawing_may_style_itself_and_do_nothing_else(staff: Client) -> None:
    make_study()
    policy = staff.get(f"{PAGE}figure/accuracy.svg")["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "sandbox" in policy


@pytest.mark.parametrize("name", ["responses", "accuracy", "codebook"])
def test_each_file_is_sent_as_an_attachment(staff: Client, name: str) -> None:
    lifted(make_study())
    response = staff.get(f"{PAGE}{name}.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="birds-{name}.csv"'


def test_during_a_pilot_the_files_hold_the_pilot_as_the_page_does(staff: Client) -> None:
    study = lifted(make_study())
    blind_lift(study=study, user=User.objects.get(username="lea"), stage="pilot")
    person(study, "kNN", "11")
    Participant.objects.update(stage=Participant.Stage.PILOT)
    person(study, "kNN", "1")
    Study.objects.update(status=Study.Status.PILOT)
    response = staff.get(f"{PAGE}responses.csv")
    assert "birds-responses-pilot.csv" in response["Content-Disposition"]
    assert len(rows(response.content)) == 2
    picture = staff.get(f"{PAGE}figure/accuracy.svg?download")
    assert "birds-accuracy-pilot.svg" in picture["Content-Disposition"]
    Study.objects.update(status=Study.Status.OPEN)
    response = staff.get(f"{PAGE}responses.csv")
    assert "birds-responses.csv" in response["Content-Disposition"]
    assert len(rows(response.content)) == 1
