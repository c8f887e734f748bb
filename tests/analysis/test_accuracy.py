"""Accuracy counted by hand. No database."""

import numpy as np
import pytest
from pandas import DataFrame
from scipy import stats

from analysis.accuracy import accuracy_table, participant_accuracy


def answers(
    who: str, right: str, wrong: str, condition: str = "kNN", status: str = "completed"
) -> list[dict[str, object]]:
    """Return the responses of one person: 1 for each correct one, by whether the AI is right."""
    marks = [(mark, True) for mark in right] + [(mark, False) for mark in wrong]
    return [
        {
            "participant_id": who,
            "condition": condition,
            "participant_status": status,
            "is_simulated": who.startswith("r"),
            "is_correct": mark == "1",
            "is_ai_correct": is_ai_correct,
        }
        for mark, is_ai_correct in marks
    ]


def test_a_person_has_one_row_in_percent() -> None:
    (row,) = participant_accuracy(DataFrame(answers("p0001", "1111", "1000"))).to_dict("records")
    assert row == {
        "participant_id": "p0001",
        "condition": "kNN",
        "participant_status": "completed",
        "is_simulated": False,
        "n_trials": 8,
        "accuracy": 62.5,
        "accuracy_ai_correct": 100.0,
        "accuracy_ai_wrong": 25.0,
    }


def test_people_keep_the_order_of_the_frame() -> None:
    frame = DataFrame(answers("p0002", "1", "") + answers("p0001", "1", ""))
    assert list(participant_accuracy(frame)["participant_id"]) == ["p0002", "p0001"]


def test_a_condition_is_the_mean_over_people_and_not_over_answers() -> None:
    frame = DataFrame(answers("p0001", "11", "11") + answers("p0002", "0", "0"))
    row = accuracy_table(frame, ["kNN"]).iloc[0]
    assert (row["n_participants"], row["n_trials"]) == (2, 6)
    assert row["accuracy_mean"] == 50  # pooled, it would be 66.7
    assert row["accuracy_sd"] == pytest.approx(70.71, abs=0.01)


def test_who_never_saw_a_wrong_ai_is_left_out_of_that_mean_alone() -> None:
    frame = DataFrame(answers("p0001", "11", "") + answers("p0002", "11", "10"))
    row = accuracy_table(frame, ["kNN"]).iloc[0]
    assert (row["n_participants"], row["accuracy_ai_wrong_mean"]) == (2, 50)


@pytest.mark.parametrize("status", ["active", "failed_validation"])
def test_only_people_who_completed_count(status: str) -> None:
    frame = DataFrame(answers("p0001", "1", "1") + answers("p0002", "0", "0", status=status))
    row = accuracy_table(frame, ["kNN"]).iloc[0]
    assert (row["n_participants"], row["accuracy_mean"]) == (1, 100)


def test_robots_in_the_frame_are_counted_by_name() -> None:
    frame = DataFrame(answers("p0001", "1", "1") + answers("r0001", "0", "0"))
    row = accuracy_table(frame, ["kNN"]).iloc[0]
    assert (row["n_participants"], row["n_simulated"]) == (2, 1)


def test_conditions_come_in_the_given_order_and_empty_ones_stay() -> None:
    table = accuracy_table(DataFrame(answers("p0001", "1", "0")), ["EMD-Corr", "kNN"])
    assert list(table["condition"]) == ["EMD-Corr", "kNN"]
    empty = table.iloc[0].drop("condition")
    assert list(empty[["n_participants", "n_simulated", "n_trials"]]) == [0, 0, 0]
    assert empty.drop(["n_participants", "n_simulated", "n_trials"]).isna().all()


def test_a_condition_that_would_vanish_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"has conditions kNN; expected only ResNet-50"):
        accuracy_table(DataFrame(answers("p0001", "1", "0")), ["ResNet-50"])


def test_the_interval_is_the_percentile_bootstrap_over_people() -> None:
    marks = ["1111", "1110", "1100", "1000", "0000", "1101", "1111", "0100"]
    frame = DataFrame([row for n, mark in enumerate(marks) for row in answers(f"p{n}", mark, "1")])
    row = accuracy_table(frame, ["kNN"]).iloc[0]
    people = participant_accuracy(frame)["accuracy"].to_numpy()
    theirs = stats.bootstrap((people,), np.mean, method="percentile", rng=1).confidence_interval
    ours = (row["accuracy_low"], row["accuracy_high"])
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1.5)


def test_someone_in_two_conditions_is_refused() -> None:
    frame = DataFrame(answers("p0001", "1", "") + answers("p0001", "1", "", condition="CHM-NN"))
    with pytest.raises(ValueError, match=r"1 participants have answers in more than one condition"):
        accuracy_table(frame, ["kNN", "CHM-NN"])
