"""What callers see, against gamma distributed times that were drawn."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from clusters.simulated.attempts import gamma_share, give_up, normal_share, see_calls

Floats = NDArray[np.float32]


def column(*values: float) -> Floats:
    """[h, 1]"""
    return np.array(values, dtype=np.float32)[:, None]


def test_the_normal_distribution_is_close() -> None:
    z = np.linspace(-6.0, 6.0, 500, dtype=np.float32)
    np.testing.assert_allclose(normal_share(z), stats.norm.cdf(z), atol=2e-4)


@pytest.mark.parametrize("scv", [0.2, 0.5, 1.0, 2.0])
def test_giving_up_cuts_a_gamma_distributed_time(scv: float) -> None:
    limits = np.array([0.3, 1.0, 2.0, 5.0], dtype=np.float32)
    times = stats.gamma(1.0 / scv, scale=scv)
    np.testing.assert_allclose(gamma_share(limits, np.float32(scv)), times.cdf(limits), atol=0.02)
    late, capped = give_up(np.ones(4, np.float32), np.full(4, scv, np.float32), limits)
    np.testing.assert_allclose(late, times.sf(limits), atol=0.02)
    wanted = [times.expect(lambda x, limit=limit: min(x, limit), ub=200.0) for limit in limits]
    np.testing.assert_allclose(capped, wanted, rtol=0.04)


def test_most_calls_are_plain_and_the_rest_fails_is_repeated_and_lost() -> None:
    zero = column(0.0, 0.0, 0.0)
    seen = see_calls(
        column(0.01, 0.01, 0.01), column(1.0, 1.0, 1.0), column(0.0, 0.5, 0.0), zero + np.float32(1.0),
        zero + np.float32(1.0), zero, column(0.0, 0.0, 1.0), column(1.0, 1.0, 1.0), zero + np.float32(2.0),
    )  # fmt: skip
    np.testing.assert_allclose(seen.attempts, column(1.0, 1.75, 3.0), rtol=1e-4)
    np.testing.assert_allclose(seen.error_ratio, column(0.0, 0.5, 1.0), atol=1e-5)
    np.testing.assert_allclose(np.exp(seen.log_success), column(1.0, 0.875, 0.0), atol=1e-4)
    np.testing.assert_allclose(seen.seconds, column(0.01, 0.01, 1.0), rtol=1e-3)


def test_in_a_full_line_every_attempt_is_refused_or_given_up() -> None:
    """Half of them are refused at once; the others wait 8 s in line, and their callers wait 5 s for them."""
    half = column(0.5, 0.5, 0.5)
    seen = see_calls(
        column(4.0, 4.0, 4.0), column(1.0, 1.0, 1.0), half, half, column(1.0, 1.0, 1.0), column(8.0, 8.0, 8.0),
        column(0.0, 0.0, 0.0), column(5.0, 5.0, 5.0), column(4.0, 4.0, 4.0),
    )  # fmt: skip
    np.testing.assert_allclose(seen.attempts, 5.0, rtol=1e-2)
    np.testing.assert_allclose(seen.error_ratio, 1.0, atol=1e-2)
    np.testing.assert_allclose(seen.seconds, 2.5, rtol=1e-2)


def test_who_joins_a_growing_line_waits_longer_than_those_in_it_per_arrival() -> None:
    """Twice as many come as are served: 3 s of arrivals in line are 6 s to wait."""
    ones = column(1.0, 1.0, 1.0)
    times = column(3.0, 3.0, 3.0)
    seen = see_calls(
        times, ones, 0.0 * ones, ones, np.float32(0.5) * ones, times, 0.0 * ones, column(5.0, 5.0, 5.0), 0.0 * ones
    )
    np.testing.assert_allclose(seen.error_ratio, 1.0, atol=1e-2)


def test_a_message_is_never_given_up() -> None:
    late, capped = give_up(np.full(1, 50.0, np.float32), np.full(1, 1.0, np.float32), np.full(1, np.inf, np.float32))
    assert (float(late[0]), float(capped[0])) == (0.0, 50.0)
