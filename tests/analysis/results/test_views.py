"""The staff's pages."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from analysis.codebook.anchors import CHECKS
from analysis.figures.figure_texts import NAMES
from tests.analysis.people import make_study, person
from tests.analysis.staff_pages import cells_of, lifted, rows
from trials.models import Response

PAGE = "/studio/study/birds/results/"
pytestmark = pytest.mark.django_db
LIFT = f"{PAGE}lift-blind/"


def test_the_home_page_lists_every_study_with_its_link(staff: Client) -> None:
    make_study()
    make_study("dogs")
    page = staff.get("/studio/").content.decode()
    assert page.index("dogs") < page.index("birds")
    assert f'href="{PAGE}"' in page


def test_an_empty_site_says_so(staff: Client) -> None:
    assert "No study yet" in staff.get("/studio/").content.decode()


def test_the_numbers_of_the_page_are_those_of_the_file(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "11", "10")
    person(study, "kNN", "10", "0")
    person(study, "kNN", "00", "11")  # two people have no interval
    page = staff.get(PAGE).text
    *_, line = rows(staff.get(f"{PAGE}accuracy.csv").content)
    assert (line["condition"], line["analysed"]) == ("kNN", "kept")
    mean, sd = (f"{float(line[name]):.1f}" for name in ("accuracy_mean", "accuracy_sd"))
    cells = cells_of(page, "Accuracy", "kNN")
    assert cells[:4] == [line["n_participants"], line["n_trials"], mean, sd]
    low, high = (f"{float(line[f'accuracy_{end}']):.1f}" for end in ("low", "high"))
    assert cells[4] == f"{low} to {high}"  # three people: the table has their number
    by_ai = cells_of(page, "Accuracy where the AI is right and where it is wrong", "kNN")
    assert by_ai[1].startswith(f"{float(line['accuracy_ai_correct_mean']):.1f} (")
    assert by_ai[2].startswith(f"{float(line['accuracy_ai_wrong_mean']):.1f} (")


def test_one_person_s_time_away_leaves_nobody_s_time_out(staff: Client) -> None:
    study = lifted(make_study())
    away, _ = (person(study, "kNN", "11", rt_ms=ms) for ms in (2000, 4000))
    person(study, "ResNet-50", "11", rt_ms=3000)
    Response.objects.filter(trial__participant=away).update(away_ms=500)
    page = staff.get(PAGE).text
    assert cells_of(page, "Time to answer", "kNN")[:3] == ["2", "3.0", "3.0"]
    assert cells_of(page, "Time to answer", "ResNet-50")[:3] == ["1", "3.0", "3.0"]
    assert "with the time away from the page, which is known for 1 of 3 only" in page


def test_beside_the_comparisons_are_the_questions_before_writing(staff: Client) -> None:
    study = make_study()
    person(study, "kNN", "11", "10")
    words = f'href="/studio/formulas/#{CHECKS}">seven questions'
    assert words not in staff.get(PAGE).text  # blinded: nothing is compared
    lifted(study)
    assert words in staff.get(PAGE).text
    section = staff.get("/studio/formulas/").text.split(f'id="{CHECKS}"')[1].split("</ol>")[0]
    assert section.count("<li>") == 7


def test_a_bundle_has_simulated_people_if_the_page_has_them(staff: Client) -> None:
    lifted(make_study())
    box = '<input type="checkbox" name="simulated" value="1"'
    assert f"{box}>" in staff.get(PAGE).text
    assert f"{box} checked>" in staff.get(f"{PAGE}?simulated=1").text


def test_every_part_of_a_running_study_is_headed_interim(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "11", "10")
    study.conditions.update(quota=9)
    page = staff.get(PAGE).text
    n_panels = page.count('<div class="panel')
    words = f"Interim (1 of {9 * study.conditions.count()})"
    assert n_panels > 2
    assert page.count(f"<strong>{words}</strong>") == n_panels + 1
    type(study).objects.update(status="closed")
    assert "Interim (" not in staff.get(PAGE).text


def test_a_condition_without_people_shows_dashes(staff: Client) -> None:
    make_study()
    page = staff.get(PAGE).text
    assert "–" in page
    assert "nan" not in page.lower().split("<main")[1]


def test_the_page_shows_how_far_people_came_and_where_they_enter(staff: Client) -> None:
    study = lifted(make_study())
    for status in ("completed", "active", "active", "failed_validation", "returned"):
        person(study, "kNN", status=status)
    page = staff.get(PAGE).text
    assert cells_of(page, "People", "kNN")[:5] == ["1", "2", "1", "1", "5"]
    assert "http://testserver/s/birds/" in page
    assert "Participants of each condition" in page
    assert study.document_sha256 in page


def test_a_blinded_page_counts_people_of_all_arms_together(staff: Client) -> None:
    study = make_study()
    for arm, n in (("kNN", 3), ("ResNet-50", 1)):
        for _ in range(n):
            person(study, arm, "10", "10")
    page = staff.get(PAGE).text
    assert cells_of(page, "People", "All arms")[:5] == ["4", "0", "0", "0", "4"]
    assert "n = " not in page
    assert "Arm A" not in page.split("<h3>People</h3>")[1]


def test_simulated_people_are_left_out_until_asked_for(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "1", "1", is_simulated=True)
    page = staff.get(PAGE).text
    assert "1 simulated participant is left out." in page
    assert "100.0" not in page
    assert rows(staff.get(f"{PAGE}responses.csv").content) == []


def test_included_simulated_people_come_with_a_banner_and_a_file_name(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "1", "1", is_simulated=True)
    page = staff.get(f"{PAGE}?simulated=1").text
    assert "Simulated people are included." in page
    assert "100.0" in page
    assert f'href="{PAGE}responses.csv?simulated=1"' in page
    file = staff.get(f"{PAGE}responses.csv?simulated=1")
    assert len(rows(file.content)) == 2
    assert 'filename="birds-responses-with-simulated.csv"' in file["Content-Disposition"]


def test_the_page_says_as_of_when(staff: Client) -> None:
    make_study()
    page = staff.get(PAGE).text
    assert re.search(r"as of <time [^>]*>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</time>", page)


@pytest.mark.usefixtures("_all_tables")
def test_the_page_shows_every_picture_with_its_numbers_in_words(staff: Client) -> None:
    lifted(make_study())
    page = staff.get(PAGE).text
    pictures = rf'<img src="{PAGE}figure/(\w+)\.svg\?at=0" alt="([^"]*)" loading="lazy"'
    alts = dict(re.findall(pictures, page))
    assert sorted(alts) == sorted(NAMES)
    assert "kNN (n = 41): 61.0 (58.5 to 63.5)" in alts["accuracy"]


@pytest.mark.usefixtures("_all_tables")
def test_numbers_before_exclusions_are_a_link_away(staff: Client) -> None:
    lifted(make_study())
    page = staff.get(PAGE).text
    assert "<strong>after</strong> exclusions (the declared rules)" in page
    assert cells_of(page, "Accuracy", "kNN")[2] == "61.0"
    page = staff.get(f"{PAGE}?analysed=all").text
    assert cells_of(page, "Accuracy", "kNN")[2] == "59.0"
    assert "/figure/accuracy.svg?analysed=all&amp;at=0" in page
    file = staff.get(f"{PAGE}figure/accuracy.pdf?analysed=all&download")
    assert 'filename="birds-accuracy-before-exclusions.pdf"' in file["Content-Disposition"]


def test_people_left_out_by_hand_are_not_called_declared(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "1", "1")
    person(study, "kNN", "1", "1")
    study.participants.filter(number=1).update(exclusion="fell asleep")
    page = staff.get(PAGE).text
    assert "exclusions (1 person left out by a researcher, by hand)" in page
    assert "declared rules" not in page
    assert cells_of(page, "Exclusions", "kNN")[:4] == ["by hand", "2", "1", "1"]
    file = rows(staff.get(f"{PAGE}accuracy.csv").content)
    assert [row["n_participants"] for row in file if row["condition"] == "kNN"] == ["2", "2", "1"]


def test_only_who_may_see_people_is_shown_the_way_to_them(staff: Client) -> None:
    make_study()
    there = "/studio/study/birds/monitor/"
    assert there not in staff.get(PAGE).text
    User.objects.update(is_superuser=True)
    assert there in staff.get(PAGE).text


@pytest.mark.parametrize(
    "page",
    [
        "/studio/study/cats/results/",
        "/studio/study/cats/results/responses.csv",
        "/studio/study/cats/results/lift-blind/",
        "/studio/study/cats/results/figure/accuracy.svg",
        f"{PAGE}secrets.csv",
        f"{PAGE}figure/secrets.svg",
        f"{PAGE}figure/accuracy.gif",
    ],
)
def test_an_unknown_study_or_file_is_not_found(staff: Client, page: str) -> None:
    lifted(make_study())
    assert staff.get(page).status_code == 404


@pytest.mark.parametrize("n_people", [0, 1, 4])
@pytest.mark.parametrize(("page", "n_queries"), [("/studio/", 4), (PAGE, 21)])
def test_a_page_takes_the_same_queries_for_any_number_of_people(
    staff: Client,
    page: str,
    n_queries: int,
    n_people: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    study = make_study()
    for _ in range(n_people):
        person(study, "kNN", "1", "0")
    with django_assert_num_queries(n_queries):
        staff.get(page)


@pytest.mark.parametrize(
    "page",
    [
        "/login/",
        "/studio/",
        f"{PAGE}?simulated=1",
        LIFT,
        f"{PAGE}responses.csv",
    ],
)
def test_no_page_has_inline_script_or_style(staff: Client, page: str) -> None:
    person(make_study(), "kNN", "1", "0", is_simulated=True)
    html = staff.get(page).content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)


def test_the_pages_start_without_matplotlib_or_torch() -> None:
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'study_site.settings';"
        "django.setup(); import study_site.urls; print({'matplotlib', 'torch'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
