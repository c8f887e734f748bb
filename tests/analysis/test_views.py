"""The staff's pages."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.analysis.people import make_study, person

pytestmark = pytest.mark.django_db
PAGES = ["/staff/", "/staff/birds/", "/staff/birds/responses.csv"]


@pytest.fixture
def staff(client: Client) -> Client:
    """A browser signed in as staff."""
    client.force_login(User.objects.create(username="sam", is_staff=True))
    return client


def rows(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a downloaded file."""
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_login(client: Client, page: str) -> None:
    make_study()
    response = client.get(page)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={page}")


@pytest.mark.parametrize("page", PAGES)
def test_an_account_that_is_not_staff_is_refused(client: Client, page: str) -> None:
    make_study()
    client.force_login(User.objects.create(username="pat"))
    response = client.get(page, follow=True)
    assert "who may not see this page" in response.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_pages_cannot_be_posted_to_nor_kept_by_a_proxy(staff: Client, page: str) -> None:
    make_study()
    assert staff.post(page).status_code == 405
    assert "no-store" in staff.get(page)["Cache-Control"]


@pytest.fixture
def _quick_passwords(settings: Settings) -> None:
    """Hash passwords in no time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.usefixtures("_quick_passwords")
def test_staff_sign_in_and_out(client: Client) -> None:
    User.objects.create_user("sam", password="correct horse", is_staff=True)
    fields = {"username": "sam", "password": "correct horse", "next": "/staff/"}
    assert client.get("/login/").status_code == 200
    assert client.post("/login/", fields)["Location"] == "/staff/"
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/staff/").status_code == 302


@pytest.mark.usefixtures("_quick_passwords")
def test_the_login_says_why_an_account_that_is_not_staff_cannot_enter(client: Client) -> None:
    User.objects.create_user("pat", password="correct horse")
    response = client.post("/login/", {"username": "pat", "password": "correct horse"})
    assert "for a staff account" in response.content.decode()


def test_the_home_page_lists_every_study_with_its_link(staff: Client) -> None:
    make_study()
    make_study("dogs")
    page = staff.get("/staff/").content.decode()
    assert page.index("dogs") < page.index("birds")
    assert 'href="/s/birds/"' in page
    assert 'href="/staff/birds/"' in page


def test_an_empty_site_says_so(staff: Client) -> None:
    assert "No study yet" in staff.get("/staff/").content.decode()


def test_the_numbers_of_the_page_are_those_of_the_file(staff: Client) -> None:
    study = make_study()
    person(study, "kNN", "11", "10")
    person(study, "kNN", "10", "0")
    page = staff.get("/staff/birds/").content.decode()
    line = rows(staff.get("/staff/birds/accuracy.csv").content)[1]
    cells = re.findall(r"<td>([^<]*)</td>", page.split('<th scope="row">kNN</th>')[1])
    mean, sd, low, high, right, wrong = (
        f"{float(value):.1f}" for name, value in line.items() if name.startswith("accuracy")
    )
    assert cells[:2] == [line["n_participants"], line["n_trials"]]
    assert cells[2:5] == [mean, sd, f"{low} to {high}"]
    assert cells[5:7] == [right, wrong]
    assert f'cx="{float(line["accuracy_mean"]):.3f}"' in page
    assert f'x1="{float(line["accuracy_low"]):.3f}"' in page


def test_a_condition_without_people_shows_dashes_and_no_bar(staff: Client) -> None:
    make_study()
    page = staff.get("/staff/birds/").content.decode()
    assert "–" in page
    assert "interval__mean" not in page
    assert "nan" not in page.lower().split("<main")[1]


def test_the_page_shows_how_far_people_came_and_where_they_enter(staff: Client) -> None:
    study = make_study()
    for status in ("completed", "active", "active", "failed_validation"):
        person(study, "kNN", status=status)
    page = staff.get("/staff/birds/").content.decode()
    people = page.split("<h2>People</h2>")[1].split('<th scope="row">kNN</th>')[1]
    assert re.findall(r"<td>(\d+)</td>", people) == ["1", "2", "1", "4"]
    assert "http://testserver/s/birds/" in page
    assert study.document_sha256 in page


def test_simulated_people_are_left_out_until_asked_for(staff: Client) -> None:
    study = make_study()
    person(study, "kNN", "1", "1", is_simulated=True)
    page = staff.get("/staff/birds/").content.decode()
    assert "1 simulated participant is left out." in page
    assert "100.0" not in page
    assert rows(staff.get("/staff/birds/responses.csv").content) == []


def test_included_simulated_people_come_with_a_banner_and_a_file_name(staff: Client) -> None:
    study = make_study()
    person(study, "kNN", "1", "1", is_simulated=True)
    page = staff.get("/staff/birds/?simulated=1").content.decode()
    assert "Simulated people are included." in page
    assert "100.0" in page
    assert 'href="/staff/birds/responses.csv?simulated=1"' in page
    file = staff.get("/staff/birds/responses.csv?simulated=1")
    assert len(rows(file.content)) == 2
    assert 'filename="birds-responses-with-simulated.csv"' in file["Content-Disposition"]


@pytest.mark.parametrize("name", ["responses", "accuracy", "codebook"])
def test_each_file_is_sent_as_an_attachment(staff: Client, name: str) -> None:
    make_study()
    response = staff.get(f"/staff/birds/{name}.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="birds-{name}.csv"'


@pytest.mark.parametrize(
    "page", ["/staff/cats/", "/staff/cats/responses.csv", "/staff/birds/secrets.csv"]
)
def test_an_unknown_study_or_file_is_not_found(staff: Client, page: str) -> None:
    make_study()
    assert staff.get(page).status_code == 404


@pytest.mark.parametrize("n_people", [0, 1, 4])
@pytest.mark.parametrize(("page", "n_queries"), [("/staff/", 3), ("/staff/birds/", 5)])
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


@pytest.mark.parametrize("page", ["/login/", "/staff/", "/staff/birds/?simulated=1"])
def test_no_page_has_inline_script_or_style(staff: Client, page: str) -> None:
    person(make_study(), "kNN", "1", "0", is_simulated=True)
    html = staff.get(page).content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)
