"""Compiled functions of one number: exact enough, and the same bits alone and in a vector."""

from collections.abc import Callable

import numba
import numpy as np
import pytest
from scipy.special import ndtr

from clusters.simulated.kernels import arithmetic

NUM_DRAWS = 4099
RNG = np.random.default_rng(0)
WIDE = np.exp(RNG.uniform(-40.0, 40.0, NUM_DRAWS))
Function = Callable[[np.ndarray], np.ndarray]


def mapped(function: Callable[[np.float32], np.float32], values: np.ndarray) -> np.ndarray:
    @numba.njit(error_model="numpy")
    def loop(given: np.ndarray, result: np.ndarray) -> None:
        for i in range(len(given)):
            result[i] = function(given[i])

    result = np.empty_like(values)
    loop(values, result)
    alone = np.empty(1, np.float32)
    for i in range(0, len(values), 97):
        loop(values[i : i + 1], alone)
        assert alone[0] == result[i]
    return result


@pytest.mark.parametrize(
    ("function", "truth", "values", "tolerance"),
    [
        (arithmetic.exponential, np.exp, RNG.uniform(-86.0, 87.0, NUM_DRAWS), 2e-7),
        (arithmetic.logarithm, np.log, WIDE, 2e-7),
        (arithmetic.logarithm, np.log, RNG.uniform(0.9, 1.1, NUM_DRAWS), 2e-7),
        (arithmetic.logarithm_of_one_and, np.log1p, np.exp(RNG.uniform(-40.0, 10.0, NUM_DRAWS)), 4e-7),
        (arithmetic.logarithm_of_one_and, np.log1p, -RNG.uniform(0.0, 0.999, NUM_DRAWS), 4e-7),
        (arithmetic.cube_root, np.cbrt, WIDE, 4e-7),
    ],
)
def test_it_is_the_true_value_to_the_last_bits(
    function: Callable[[np.float32], np.float32], truth: Function, values: np.ndarray, tolerance: float
) -> None:
    given = values.astype(np.float32)
    expected = truth(given.astype(np.float64))
    np.testing.assert_allclose(mapped(function, given), expected, rtol=tolerance)


def test_the_normal_share_is_within_its_sources_bound() -> None:
    z = RNG.uniform(-6.0, 6.0, NUM_DRAWS).astype(np.float32)
    np.testing.assert_allclose(mapped(arithmetic.normal_share, z), ndtr(z), atol=2e-4)


def test_beyond_the_range_of_single_precision_it_stays_finite() -> None:
    edges = np.array([-1e9, -200.0, 200.0, 1e9], np.float32)
    found = mapped(arithmetic.exponential, edges)
    assert np.isfinite(found).all() and (found[:2] < 1e-30).all() and (found[2:] > 1e30).all()
