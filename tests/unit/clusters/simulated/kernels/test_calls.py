"""What callers see, against gamma distributed times that were drawn."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from clusters.simulated.kernels.calls import NUM_INPUTS, Calls, find_near, gamma_share, give_up, see_near

Floats = NDArray[np.float32]


def seen(
    seconds: list[float], *, error_ratio: float | list[float] = 0.0, accepted: float = 1.0, passing: float = 1.0,
    line: float = 0.0, lost: float | list[float] = 0.0, timeout: float = 1.0, retries: float = 0.0,
) -> Calls:  # fmt: skip
    """Calls of one channel in stands that differ by what is a list."""
    shape = len(seconds)
    calls = Calls(*(np.empty(shape, np.float32) for _ in range(4)))
    calls.seconds[:], calls.error_ratio[:] = seconds, error_ratio
    inputs = np.zeros((NUM_INPUTS, shape), np.float32)
    for row, value in enumerate((1.0, accepted, passing, line, lost, retries)):
        inputs[row] = value
    outputs, near = np.empty((4, shape), np.float32), np.empty((2, shape), np.int32)
    count = find_near(calls, np.float32(timeout), inputs[4].copy(), near)
    places = near[1]
    inputs[:, :count] = inputs[:, places[:count]]
    see_near(calls, np.float32(timeout), count, places, inputs, outputs)
    return calls


@pytest.mark.parametrize("scv", [0.2, 0.5, 1.0, 2.0])
def test_giving_up_cuts_a_gamma_distributed_time(scv: float) -> None:
    times = stats.gamma(1.0 / scv, scale=scv)
    for limit in (0.3, 1.0, 2.0, 5.0):
        assert gamma_share(np.float32(limit), np.float32(scv)) == pytest.approx(times.cdf(limit), abs=0.02)
        late, capped = give_up(np.float32(1.0), np.float32(scv), np.float32(limit))
        assert late == pytest.approx(times.sf(limit), abs=0.02)
        assert capped == pytest.approx(times.expect(lambda x, limit=limit: min(x, limit), ub=200.0), rel=0.04)


def test_most_calls_are_plain_and_the_rest_fails_is_repeated_and_lost() -> None:
    calls = seen([0.01, 0.01, 0.01], error_ratio=[0.0, 0.5, 0.0], lost=[0.0, 0.0, 1.0], retries=2.0)
    np.testing.assert_allclose(calls.attempts, [1.0, 1.75, 3.0], rtol=1e-4)
    np.testing.assert_allclose(calls.error_ratio, [0.0, 0.5, 1.0], atol=1e-5)
    np.testing.assert_allclose(np.exp(calls.log_success), [1.0, 0.875, 0.0], atol=1e-4)
    np.testing.assert_allclose(calls.seconds, [0.01, 0.01, 1.0], rtol=1e-3)


def test_in_a_full_line_every_attempt_is_refused_or_given_up() -> None:
    """Half of them are refused at once; the others wait 8 s in line, and their callers wait 5 s for them."""
    calls = seen([4.0], error_ratio=0.5, accepted=0.5, line=8.0, timeout=5.0, retries=4.0)
    np.testing.assert_allclose(calls.attempts, 5.0, rtol=1e-2)
    np.testing.assert_allclose(calls.error_ratio, 1.0, atol=1e-2)
    np.testing.assert_allclose(calls.seconds, 2.5, rtol=1e-2)


def test_who_joins_a_growing_line_waits_longer_than_those_in_it_per_arrival() -> None:
    """Twice as many come as are served: 3 s of arrivals in line are 6 s to wait."""
    calls = seen([3.0], passing=0.5, line=3.0, timeout=5.0)
    np.testing.assert_allclose(calls.error_ratio, 1.0, atol=1e-2)


def test_a_message_is_never_given_up() -> None:
    assert give_up(np.float32(50.0), np.float32(1.0), np.float32(np.inf)) == (0.0, 50.0)


def test_a_stand_is_seen_alike_alone_and_among_others() -> None:
    rng = np.random.default_rng(0)
    seconds, errors = rng.exponential(0.2, 101).tolist(), (rng.random(101) * (rng.random(101) < 0.2)).tolist()
    together = seen(seconds, error_ratio=errors, retries=1.0)
    for n in range(0, 101, 7):
        alone = seen([seconds[n]], error_ratio=[errors[n]], retries=1.0)
        assert [values[0] for values in alone] == [values[n] for values in together]
