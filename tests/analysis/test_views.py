"""The staff's pages."""

import csv
import io
import re
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from analysis import live
from analysis.blind import BlindLift, arm_labels, blind_lift
from analysis.figure_texts import NAMES
from tests.analysis.people import make_study, person
from tests.analysis.result_tables import make_tables
from trials.models import Study

pytestmark = pytest.mark.django_db
PAGES = [
    "/staff/",
    "/staff/birds/",
    "/staff/birds/codebook.csv",
    "/staff/birds/figure/accuracy.svg",
]
LIFT = "/staff/birds/lift-blind/"
ARMS = ("ResNet-50", "kNN")


@pytest.fixture
def staff(client: Client) -> Client:
    """A browser signed in as staff."""
    client.force_login(User.objects.create(username="sam", is_staff=True))
    return client


def lifted(study: Study) -> Study:
    """Lift the blind of a study."""
    blind_lift(study=study, user=User.objects.create(username="lea", is_staff=True))
    return study


def rows(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a downloaded file."""
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.mark.parametrize("page", [*PAGES, LIFT])
def test_a_stranger_is_sent_to_the_login(client: Client, page: str) -> None:
    make_study()
    response = client.get(page)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={page}")


@pytest.mark.parametrize("page", [*PAGES, LIFT])
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


def cells_of(page: str, title: str, name: str) -> list[str]:
    """Return the cells of one row of a table of the page."""
    section = page.split(f"<h2>{title}</h2>")[1]
    return re.findall(r"<td>([^<]*)</td>", section.split(f'<th scope="row">{name}</th>')[1])


def test_the_numbers_of_the_page_are_those_of_the_file(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "11", "10")
    person(study, "kNN", "10", "0")
    page = staff.get("/staff/birds/").text
    line = rows(staff.get("/staff/birds/accuracy.csv").content)[1]
    mean, sd = (f"{float(line[name]):.1f}" for name in ("accuracy_mean", "accuracy_sd"))
    cells = cells_of(page, "Accuracy", "kNN")
    assert cells[:4] == [line["n_participants"], line["n_trials"], mean, sd]
    by_ai = cells_of(page, "Accuracy where the AI is right and where it is wrong", "kNN")
    assert by_ai[1].startswith(f"{float(line['accuracy_ai_correct_mean']):.1f} (")
    assert by_ai[2].startswith(f"{float(line['accuracy_ai_wrong_mean']):.1f} (")


def test_a_condition_without_people_shows_dashes(staff: Client) -> None:
    make_study()
    page = staff.get("/staff/birds/").text
    assert "–" in page
    assert "nan" not in page.lower().split("<main")[1]


def test_the_page_shows_how_far_people_came_and_where_they_enter(staff: Client) -> None:
    study = lifted(make_study())
    for status in ("completed", "active", "active", "failed_validation"):
        person(study, "kNN", status=status)
    page = staff.get("/staff/birds/").text
    assert cells_of(page, "People", "kNN")[:4] == ["1", "2", "1", "4"]
    assert "http://testserver/s/birds/" in page
    assert study.document_sha256 in page


def test_simulated_people_are_left_out_until_asked_for(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "1", "1", is_simulated=True)
    page = staff.get("/staff/birds/").text
    assert "1 simulated participant is left out." in page
    assert "100.0" not in page
    assert rows(staff.get("/staff/birds/responses.csv").content) == []


def test_included_simulated_people_come_with_a_banner_and_a_file_name(staff: Client) -> None:
    study = lifted(make_study())
    person(study, "kNN", "1", "1", is_simulated=True)
    page = staff.get("/staff/birds/?simulated=1").text
    assert "Simulated people are included." in page
    assert "100.0" in page
    assert 'href="/staff/birds/responses.csv?simulated=1"' in page
    file = staff.get("/staff/birds/responses.csv?simulated=1")
    assert len(rows(file.content)) == 2
    assert 'filename="birds-responses-with-simulated.csv"' in file["Content-Disposition"]


def test_the_page_says_as_of_when(staff: Client) -> None:
    make_study()
    page = staff.get("/staff/birds/").text
    assert re.search(r"as of <time [^>]*>\d\d:\d\d:\d\d UTC</time>", page)


@pytest.fixture
def _all_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every study all tables, with a declared exclusion."""
    tables = make_tables(ARMS, rule="accuracy<=50")
    monkeypatch.setattr(live, "study_tables", lambda *_: tables)


@pytest.mark.usefixtures("_all_tables")
@pytest.mark.parametrize("query", ["", "?simulated=1", "?analysed=all"])
def test_nothing_that_a_blinded_study_sends_names_a_condition(staff: Client, query: str) -> None:
    study = make_study()
    person(study, "kNN", "1", "1", is_simulated=True)
    page = staff.get(f"/staff/birds/{query}").text
    sources = set(re.findall(r'(?:src|href)="(/staff/birds/figure/[^"]*)"', page))
    files = [staff.get(source.replace("&amp;", "&")) for source in sources]
    assert len(files) == 5 * 4  # five pictures to see and in three formats
    sent = page + "".join(str(file.headers) + file.content.decode("latin-1") for file in files)
    assert not [word for word in (*ARMS, "ResNet", "softmax") if word in sent]
    assert "Arm A" in page


@pytest.mark.usefixtures("_all_tables")
def test_pictures_that_tell_of_the_ai_wait_for_the_lift(staff: Client) -> None:
    study = make_study()
    for name in ("team", "accuracy_by_difficulty"):
        refusal = staff.get(f"/staff/birds/figure/{name}.svg")
        assert refusal.status_code == 403
        assert f'href="{LIFT}"' in refusal.text
    lifted(study)
    assert staff.get("/staff/birds/figure/team.svg").status_code == 200


@pytest.mark.parametrize("name", ["responses", "accuracy"])
def test_files_that_name_conditions_are_refused_with_the_way_out(staff: Client, name: str) -> None:
    make_study()
    refusal = staff.get(f"/staff/birds/{name}.csv")
    assert refusal.status_code == 403
    assert f"The file {name}.csv would show which arm is which condition" in refusal.text
    assert f'href="{LIFT}"' in refusal.text
    assert f"/{name}.csv" not in staff.get("/staff/birds/").text


def test_asking_to_lift_the_blind_changes_nothing(staff: Client) -> None:
    make_study()
    page = staff.get(LIFT).text
    assert "It is recorded that <strong>sam</strong> lifted the blind" in page
    assert "It cannot be undone" in page
    assert not BlindLift.objects.exists()


def test_a_lift_shows_the_conditions_and_who_lifted(staff: Client) -> None:
    study = make_study()
    person(study, "kNN", "1", "1")
    assert cells_of(staff.get("/staff/birds/").text, "Accuracy", arm_labels(study, ARMS)["kNN"])
    assert staff.post(LIFT)["Location"] == "/staff/birds/"
    page = staff.get("/staff/birds/").text
    assert cells_of(page, "Accuracy", "kNN")[0] == "1"
    assert "The blind was lifted by sam" in page
    assert "Arm A" not in page


def test_a_second_lift_changes_nothing(staff: Client) -> None:
    lifted(make_study())
    assert staff.get(LIFT)["Location"] == "/staff/birds/"
    staff.post(LIFT)
    assert BlindLift.objects.get().user.username == "lea"


def test_a_lift_needs_a_form_of_this_site() -> None:
    make_study()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create(username="sam", is_staff=True))
    assert strict.post(LIFT).status_code == 403
    assert not BlindLift.objects.exists()


@pytest.mark.usefixtures("_all_tables")
def test_the_page_shows_every_picture_with_its_numbers_in_words(staff: Client) -> None:
    lifted(make_study())
    page = staff.get("/staff/birds/").text
    pictures = r'<img src="/staff/birds/figure/(\w+)\.svg\?at=0" alt="([^"]*)"'
    alts = dict(re.findall(pictures, page))
    assert list(alts) == list(NAMES)
    assert "kNN (n = 41): 61.0 (58.5 to 63.5)" in alts["accuracy"]


@pytest.mark.usefixtures("_all_tables")
def test_numbers_before_exclusions_are_a_link_away(staff: Client) -> None:
    lifted(make_study())
    assert cells_of(staff.get("/staff/birds/").text, "Accuracy", "kNN")[2] == "61.0"
    page = staff.get("/staff/birds/?analysed=all").text
    assert cells_of(page, "Accuracy", "kNN")[2] == "59.0"
    assert "/figure/accuracy.svg?analysed=all&amp;at=0" in page
    file = staff.get("/staff/birds/figure/accuracy.pdf?analysed=all&download")
    assert 'filename="birds-accuracy-before-exclusions.pdf"' in file["Content-Disposition"]


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
    response = staff.get(f"/staff/birds/figure/accuracy.{kind}?simulated=1&download")
    assert response["Content-Type"] == content_type
    assert response.content.startswith(start)
    name = f"birds-accuracy-blinded-with-simulated.{kind}"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


def test_a_drawing_may_style_itself_and_do_nothing_else(staff: Client) -> None:
    make_study()
    policy = staff.get("/staff/birds/figure/accuracy.svg")["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "sandbox" in policy


@pytest.mark.parametrize("name", ["responses", "accuracy", "codebook"])
def test_each_file_is_sent_as_an_attachment(staff: Client, name: str) -> None:
    lifted(make_study())
    response = staff.get(f"/staff/birds/{name}.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="birds-{name}.csv"'


@pytest.mark.parametrize(
    "page",
    [
        "/staff/cats/",
        "/staff/cats/responses.csv",
        "/staff/cats/lift-blind/",
        "/staff/cats/figure/accuracy.svg",
        "/staff/birds/secrets.csv",
        "/staff/birds/figure/secrets.svg",
        "/staff/birds/figure/accuracy.gif",
    ],
)
def test_an_unknown_study_or_file_is_not_found(staff: Client, page: str) -> None:
    lifted(make_study())
    assert staff.get(page).status_code == 404


@pytest.mark.parametrize("n_people", [0, 1, 4])
@pytest.mark.parametrize(("page", "n_queries"), [("/staff/", 3), ("/staff/birds/", 13)])
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
    "page", ["/login/", "/staff/", "/staff/birds/?simulated=1", LIFT, "/staff/birds/responses.csv"]
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
