"""The results of a running study, and the tables of its page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from pandas import DataFrame

from analysis.blind import arm_labels, blind_lift, blinded
from analysis.results import live
from analysis.results.cells import Sheet, number, p_value
from analysis.results.downloads import results_read
from analysis.results.live import Asked, live_results
from analysis.results.sheets import panels_of
from analysis.results.study_tables import study_tables
from tests.analysis.people import make_study, person
from tests.analysis.result_tables import NAN, empty, make_tables
from trials.models import Study


@pytest.fixture
def study(db: None) -> Study:
    """Make a study with three people, one of them a robot."""
    study = make_study()
    person(study, "kNN", "11", "10")
    person(study, "ResNet-50", "10", "00")
    person(study, "kNN", "11", "11", is_simulated=True)
    return study


@pytest.fixture
def times_computed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that grows by each computation of the tables: with simulated people or not."""
    asked: list[bool] = []
    compute: Callable[..., dict[str, DataFrame]] = study_tables

    def counted(study: Study, what: bool, *rest: object) -> dict[str, DataFrame]:
        asked.append(what)
        return compute(study, what, *rest)

    monkeypatch.setattr(live, "study_tables", counted)
    return asked


def lift(study: Study) -> None:
    blind_lift(study=study, user=User.objects.create(username="sam"))


def accuracies(tables: dict[str, DataFrame]) -> dict[str, float]:
    """Return the mean accuracy of each arm that has anyone."""
    rows = tables["measures"].query("measure == 'accuracy' and weight == 'participants'")
    means = rows.query("analysed == 'all'").set_index("condition")["estimate"].dropna()
    return {str(name): float(mean) for name, mean in means.items()}


def test_arms_are_letters_until_the_lift_and_conditions_after(study: Study) -> None:
    labels = arm_labels(study, ["kNN", "ResNet-50"])
    before = live_results(study)
    assert accuracies(before.tables) == {labels["kNN"]: 75, labels["ResNet-50"]: 25}
    assert [(item.condition, item.n_completed) for item in before.progress] == [("All arms", 2)]
    lift(study)
    assert [item.n_completed for item in live_results(study).progress] == [1, 1]
    assert accuracies(live_results(study).tables) == {"ResNet-50": 25, "kNN": 75}


def test_closing_a_study_does_not_lift_its_blind(study: Study) -> None:
    for status in Study.Status.values:
        study.status = status
        study.save()
        assert live_results(study).is_blinded


def test_the_numbers_are_those_of_the_exported_table(study: Study) -> None:
    lift(study)
    table = results_read(study).accuracy.query("analysed == 'all'")
    means = table.set_index("condition")["accuracy_mean"].to_dict()
    assert accuracies(live_results(study).tables) == means


def test_simulated_people_are_left_out_until_asked_for(study: Study) -> None:
    lift(study)
    assert accuracies(live_results(study).tables)["kNN"] == 75
    included = live_results(study, Asked(include_simulated=True))
    assert accuracies(included.tables)["kNN"] == 87.5
    assert "Simulated participants are included." in included.note


def test_a_second_look_computes_nothing(study: Study, times_computed: list[bool]) -> None:
    first, second = live_results(study), live_results(study)
    assert times_computed == [False]
    assert first.as_of == second.as_of


def test_a_new_answer_is_seen_at_once(study: Study, times_computed: list[bool]) -> None:
    before = live_results(study)
    person(study, "kNN", "1")
    after = live_results(study)
    assert (before.n_responses, after.n_responses) == (8, 9)
    assert len(times_computed) == 2


def test_the_answers_of_a_page_are_those_of_people_who_completed(study: Study) -> None:
    person(study, "kNN", "111", status="active")
    person(study, "kNN", "11", status="timed_out")
    results = live_results(study)
    assert (results.n_completed, results.n_answers, results.n_responses) == (2, 8, 13)


def test_a_page_s_pictures_show_the_page_s_state(study: Study, times_computed: list[bool]) -> None:
    page = live_results(study)
    person(study, "kNN", "1")
    picture = live_results(study, Asked(at=page.n_responses))
    assert picture.as_of == page.as_of
    assert len(times_computed) == 1


def test_a_state_that_is_forgotten_is_replaced_by_today_s(study: Study) -> None:
    assert live_results(study, Asked(at=3)).n_responses == 8


def test_what_is_made_of_the_tables_differs_by_all_that_it_shows(study: Study) -> None:
    asked = [Asked(), Asked(include_simulated=True), Asked(analysed="all")]
    keys = [live_results(study, item).key for item in asked]
    lift(study)
    keys += [live_results(study, item).key for item in asked]
    assert len(set(keys)) == 6


def sheet(title: str, tables: dict[str, DataFrame], analysed: str = "kept") -> Sheet:
    """Return the one table of the page with this title."""
    (found,) = [item.sheet for item in panels_of(tables, analysed) if item.title == title]
    return found


def test_a_table_has_each_condition_and_everyone() -> None:
    rows = sheet("Accuracy", make_tables(["a", "b"])).rows
    assert rows[0] == ["a", "40", "1200", "60.0", "7.5", "57.5 to 62.5"]
    assert rows[2] == ["All arms", "81", "2400", "60.5", "–", "–"]


def test_a_blinded_table_has_each_arm_without_its_number_of_people() -> None:
    blind = blinded(make_tables(["a", "b"], rule="accuracy<=50"), {"b": "Arm A", "a": "Arm B"})
    for panel in panels_of(blind):
        has_counts = "Participants" in panel.sheet.columns
        assert has_counts == (panel.title == "Exclusions")
        assert "(n = " not in panel.text
    accuracy = sheet("Accuracy", blind)
    assert accuracy.columns == ["Condition", "Mean", "SD", "95 % interval"]
    assert [row[:2] for row in accuracy.rows] == [["Arm A", "61.0"], ["Arm B", "60.0"]]
    assert sheet("Exclusions", blind).rows == [
        ["All arms", "accuracy of at most 50 %", "83", "2", "81"]
    ]


def test_each_table_says_whether_exclusions_are_made() -> None:
    tables = make_tables(["a", "b"], rule="accuracy<=50")
    for title in ("Accuracy", "Reliance on the AI", "Human-AI team", "Time to answer", "Tests"):
        assert "after exclusions (accuracy of at most 50 %)" in sheet(title, tables).caption
        assert "before exclusions (accuracy of at most 50 %)" in sheet(title, tables, "all").caption
        assert "no exclusion rule" in sheet(title, make_tables(["a", "b"])).caption
    assert sheet("Accuracy", tables, "all").rows[0][3] == "58.0"
    assert sheet("Exclusions", tables).rows[0] == ["a", "accuracy of at most 50 %", "41", "1", "40"]


def test_reliance_comes_with_how_often_people_accept_and_tell_apart() -> None:
    table = sheet("Reliance on the AI", make_tables(["a"]))
    assert table.columns[-3:] == ["Accepted", "d′", "c"]
    assert table.rows[0][2:] == [
        "50.0 (47.5 to 52.5)",
        "10.0 (7.5 to 12.5)",
        "70.0",
        "1.00",
        "−0.50",
    ]


def test_tests_come_with_p_and_its_correction() -> None:
    table = sheet("Tests", make_tables(["a", "b"]))
    assert table.caption.startswith("Differences in accuracy between conditions")
    (row,) = table.rows
    assert row[0] == "a − b"
    assert row[2:] == [
        "40 and 41", "−4.2", "−8.0 to −0.5", "0.027", "0.410", "512.5", "< 0.001", "0.012", "−0.31"
    ]  # fmt: skip


def test_where_arms_judge_different_photos_mann_whitney_s_p_says_so() -> None:
    tables = make_tables(["a", "b"])
    table = sheet("Tests", tables)
    assert "Mann–Whitney treats the photos as fixed: where they are different" in table.caption
    assert (table.columns[1], table.rows[0][1]) == ("Photos", "different")
    tables["tests"]["shares_photos"] = True
    table = sheet("Tests", tables)
    assert "as fixed" not in table.caption
    assert table.rows[0][1] == "shared"


def test_tests_are_interim_until_the_study_is_closed(study: Study) -> None:
    lift(study)
    for status in Study.Status.values:
        study.status = status
        study.save()
        assert live_results(study).is_interim == (status != "closed")
    captions = [
        [item.sheet.caption for item in panels_of(make_tables(["a", "b"]), is_interim=is_interim)]
        for is_interim in (True, False)
    ]
    words = ["Interim: not for deciding when to stop." in caption for caption in captions[0]]
    assert words == [caption.startswith("Differences") for caption in captions[0]]
    assert not any("Interim" in caption for caption in captions[1])


def test_a_running_study_says_how_many_of_how_many_people_its_numbers_rest_on(
    study: Study,
) -> None:
    lift(study)
    assert live_results(study).interim == "Interim: no target number"
    study.conditions.update(quota=20)
    found = live_results(study)
    assert found.interim == f"Interim (2 of {20 * study.conditions.count()})"
    assert found.note == f"{found.interim}."
    study.status = Study.Status.CLOSED
    assert (live_results(study).interim, live_results(study).note) == ("", "")


def test_the_team_s_table_tells_whether_it_beats_both() -> None:
    table = sheet("Human-AI team", make_tables(["a", "b", "c", "d"]))
    assert table.rows[0][1:4] == ["0.45", "90.0", "91.0"]
    few = "too few trials below the threshold (120 of 4 people)"
    place = table.columns.index("Beats both")
    assert [row[place] for row in table.rows] == ["no", "no", few, "yes"]


def test_the_team_s_table_compares_on_the_natural_mixture() -> None:
    table = sheet("Human-AI team", make_tables(["a"]))
    assert table.columns[5:10] == [
        "AI alone", "AI always accepted", "People", "Team", "Team − best of the others"
    ]  # fmt: skip
    assert table.rows[0][5:10] == ["81.5", "81.0", "60.5", "80.5", "−1.0 (−1.8 to −0.2)"]
    assert table.rows[0][-2:] == ["85.0 (84.0 to 86.0)", "80.0 (78.0 to 82.0)"]  # the figure's


def test_where_there_is_no_team_there_is_no_verdict() -> None:
    tables = make_tables(["a", "b"])
    tables["team"].loc[0, ["complementarity", "verdict"]] = [NAN, None]
    assert [row[-3] for row in sheet("Human-AI team", tables).rows] == ["–", "no"]


def test_the_team_is_shown_for_other_rates_of_right_answers() -> None:
    table = sheet("Human-AI team by how often the AI is right", make_tables(["a", "b"]))
    assert table.columns == ["Condition", "50 %", "100 %"]
    assert table.rows[1] == ["b", *["0.0 (−1.0 to 1.0)"] * 2]


def test_times_are_shown_with_their_median_and_what_they_leave_out() -> None:
    tables = make_tables(["a", "b"])
    table = sheet("Time to answer", tables)
    assert (table.columns[-4], table.columns[-3]) == ("Median", "Mean")
    assert [row[-4:-2] for row in table.rows] == [["8.0", "9.0"], ["8.5", "9.5"], ["–", "9.3"]]
    assert table.caption.startswith("Median time per answer (s), mean over the participants")
    assert "each person's median, without the time away from the page" in table.caption
    tables["times"] = tables["times"].query("measure == 'rt_ms'")
    table = sheet("Time to answer", tables)
    assert table.rows[0][-4:-2] == ["12.0", "13.0"]
    assert "away" not in table.caption


def test_many_series_are_shown_without_their_intervals() -> None:
    table = sheet("Accuracy by place in the test", make_tables(["a"]))
    assert table.columns == ["Condition", "Participants", *(str(n) for n in range(1, 13))]
    assert table.rows[0][2:4] == ["56.0", "57.0"]


def test_every_row_is_as_long_as_its_head() -> None:
    for panel in panels_of(empty(make_tables(["a", "b"], rule="accuracy<=50"), "b")):
        assert {len(row) for row in panel.sheet.rows} == {len(panel.sheet.columns)}
        assert "nan" not in str(panel.sheet.rows)


def test_of_nothing_known_a_dash_is_shown() -> None:
    assert [number(value) for value in (NAN, None, 0.0, -1.25)] == ["–", "–", "0.0", "−1.2"]
    assert [p_value(p) for p in (NAN, 0.0009, 0.001)] == ["–", "< 0.001", "0.001"]
