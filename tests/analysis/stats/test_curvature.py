"""The covariance at a maximum, against closed forms."""

from __future__ import annotations

import numpy as np

from analysis.stats.curvature import Floats, covariance_at

PRECISION = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])


def gaussian(point: Floats) -> tuple[float, Floats]:
    return float(point @ PRECISION @ point / 2), PRECISION @ point


def test_the_covariance_of_a_gaussian_is_the_inverse_of_its_precision() -> None:
    found, message = covariance_at(gaussian, np.zeros(3), np.ones(3), np.ones(3, dtype=bool))
    np.testing.assert_allclose(found, np.linalg.inv(PRECISION), rtol=1e-10)
    assert message == ""


def test_a_coordinate_at_its_limit_is_left_out() -> None:
    free = np.array([True, False, True])
    found, _ = covariance_at(gaussian, np.zeros(3), np.ones(3), free, unknown=0.0)
    expected = np.linalg.inv(PRECISION[np.ix_(free, free)])
    np.testing.assert_allclose(found[np.ix_(free, free)], expected, rtol=1e-10)
    assert not found[1].any()
    assert not found[:, 1].any()


def test_a_saddle_is_no_maximum() -> None:
    def saddle(point: Floats) -> tuple[float, Floats]:
        return float(point[0] ** 2 - point[1] ** 2), np.array([2.0, -2.0]) * point

    found, message = covariance_at(saddle, np.zeros(2), np.ones(2), np.ones(2, dtype=bool))
    assert np.isnan(found).all()
    assert "not curved downwards" in message
