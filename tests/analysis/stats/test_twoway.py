"""The two-way bootstrap, against a loop over repeated answers and known variances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame

from analysis.stats.confidence import Bools
from analysis.stats.measures import participant_measures
from analysis.stats.twoway import Crossed, twoway_draws, weighted_mean

N_PEOPLE, N_IMAGES = 30, 40
WEIGHTS = st.lists(st.integers(0, 3), min_size=4, max_size=4)


def crossed(is_correct: Bools, is_ai_correct: Bools | None = None) -> Crossed:
    """Return answers of everybody (rows) to every image (columns)."""
    people, images = np.indices(is_correct.shape)
    right = np.zeros(is_correct.shape[1], bool) if is_ai_correct is None else is_ai_correct
    kinds = np.broadcast_to(right, is_correct.shape)
    return Crossed(people.ravel(), images.ravel(), kinds.ravel(), is_correct.ravel())


def repeated(answers: Crossed, images: list[int]) -> DataFrame:
    """Return the answers with each repeated as often as its image is drawn."""
    rows = np.repeat(np.arange(answers.image.size), np.take(images, answers.image))
    columns = {name: getattr(answers, name)[rows] for name in ("is_ai_correct", "is_correct")}
    return DataFrame({"participant_id": answers.person[rows], "condition": "A", **columns})


@settings(max_examples=60)
@given(st.integers(0, 2**16 - 1), WEIGHTS, WEIGHTS)
def test_a_draw_is_that_of_a_loop_over_repeated_answers(
    marks: int, people: list[int], images: list[int]
) -> None:
    sheet = np.array([marks >> n & 1 for n in range(16)], dtype=bool).reshape(4, 4)
    answers = crossed(sheet, np.array([True, True, False, False]))
    (ours,) = weighted_mean(answers, np.array([people]), np.array([images]), "balanced_accuracy")
    if not (sum(people) and sum(images[:2]) and sum(images[2:])):
        assert np.isnan(ours)
        return
    each = participant_measures(repeated(answers, images)).set_index("participant_id")
    values = each["balanced_accuracy"].reindex(range(4)).to_numpy()
    assert ours == pytest.approx(np.average(values, weights=people))


def test_the_mixture_of_right_and_wrong_answers_is_not_drawn() -> None:
    sheet = np.array([[True, True, False, False]] * 2)  # correct where the AI is right, alone
    answers = crossed(sheet, np.array([True, True, False, False]))
    images = np.array([[3, 0, 0, 1], [1, 1, 1, 1]])
    assert weighted_mean(answers, np.ones((2, 2)), images, "accuracy").tolist() == [50, 50]


def test_with_weights_of_one_the_mean_is_that_of_the_participants() -> None:
    rng = np.random.default_rng(0)
    answers = crossed(rng.random((6, 10)) < 0.7, np.arange(10) < 5)
    each = participant_measures(repeated(answers, [1] * 10))
    for measure in ("accuracy", "over_reliance", "d_prime"):
        (ours,) = weighted_mean(answers, np.ones((1, 6)), np.ones((1, 10)), measure)
        assert ours == pytest.approx(each[measure].mean())


def variance(is_correct: Bools) -> float:
    (draws,) = twoway_draws({"A": crossed(is_correct)}, "accuracy", seed=3).values()
    return float((draws / 100).var())


def test_people_alone_vary_by_their_number() -> None:
    people = np.arange(N_PEOPLE) % 2 == 0
    sheet = np.repeat(people[:, None], N_IMAGES, axis=1)
    assert variance(sheet) == pytest.approx(0.25 / N_PEOPLE, rel=0.1)


def test_images_alone_vary_by_their_number() -> None:
    sheet = np.repeat((np.arange(N_IMAGES) % 2 == 0)[None, :], N_PEOPLE, axis=0)
    assert variance(sheet) == pytest.approx(0.25 / N_IMAGES, rel=0.1)


def test_the_noise_of_single_answers_is_counted_three_times() -> None:
    sheet = np.random.default_rng(5).random((N_PEOPLE, N_IMAGES)) < 0.5
    assert variance(sheet) == pytest.approx(3 * 0.25 / sheet.size, rel=0.2)


def test_twins_share_the_luck_of_their_images() -> None:
    sheet = np.repeat((np.arange(N_IMAGES) % 2 == 0)[None, :], N_PEOPLE, axis=0)
    draws = twoway_draws({"A": crossed(sheet), "B": crossed(sheet)}, "accuracy")
    assert (draws["A"] - draws["B"]).std() == pytest.approx(0, abs=1e-9)
    assert draws["A"].std() > 5


def test_conditions_draw_people_of_their_own() -> None:
    sheet = np.repeat((np.arange(N_PEOPLE) % 2 == 0)[:, None], N_IMAGES, axis=1)
    draws = twoway_draws({"A": crossed(sheet), "B": crossed(sheet)}, "accuracy")
    assert abs(np.corrcoef(draws["A"], draws["B"])[0, 1]) < 0.1


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"A": crossed(np.random.default_rng(1).random((5, 7)) < 0.6)}
    whole = twoway_draws(answers, "accuracy", n_resamples=20)
    monkeypatch.setattr("analysis.stats.twoway._BLOCK", 21)
    assert (twoway_draws(answers, "accuracy", n_resamples=20)["A"] == whole["A"]).all()


def test_a_condition_without_answers_has_no_draws() -> None:
    nobody = crossed(np.zeros((0, 0), dtype=bool))
    one = crossed(np.ones((1, 1), dtype=bool))
    draws = twoway_draws({"A": nobody, "B": one}, "accuracy", n_resamples=3)
    assert np.isnan(draws["A"]).all()
    assert draws["B"].tolist() == [100, 100, 100]
    assert np.isnan(twoway_draws({"A": nobody}, "accuracy", n_resamples=2)["A"]).all()
