"""What a caller sees of a call: given up after a timeout, lost, failed, repeated.

Most calls are far from all of it, so only the rest is computed. Times are taken as gamma distributed: a sojourn under
processor sharing is near exponential, and a sum of several is a gamma distribution's shape.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)
_TINY = np.float32(1e-6)
_FAR = np.float32(0.1)
"""A timeout beyond 10 mean times is never met: e^-10 for an exponential time."""
_LEAST_LOG = np.float32(-20.0)


class Calls(NamedTuple):
    """[h, N] calls of some channels."""

    seconds: Floats
    """Mean time of one attempt."""
    attempts: Floats
    """Mean attempts per call."""
    error_ratio: Floats
    """Of one attempt."""
    log_success: Floats
    """Of the call with all its attempts."""


def see_calls(
    mean: Floats,
    scv: Floats,
    error_ratio: Floats,
    accepted: Floats,
    passing: Floats,
    line: Floats,
    loss: Floats,
    timeout: Floats,
    retries: Floats,
) -> Calls:
    """Calls as their callers see them.

    Args:
        mean: [h, N] seconds until the answer, if nobody gives up; becomes the result's `seconds`.
        scv: [h, N] squared coefficient of variation of that time.
        error_ratio: [h, N] answers that are errors.
        accepted: [h, N] attempts that the callee does not refuse; the time of those it refuses is nothing.
        passing: [h, N] the callee's served over its admitted, at most 1. `mean` is what is there per request that comes
            in (Little's law); who joins a growing line will wait until it is served, so much longer.
        line: [h, N] seconds of the time that are as long for everybody: the way, and the wait for a worker, first come
            first served.
        loss: [h, N] attempts that get lost.
        timeout: [h, 1] seconds after which an attempt is given up.
        retries: [h, N] further attempts after a failed one.
    """
    attempts = np.ones_like(mean)
    log_success = np.zeros_like(mean)
    seen_error = error_ratio.copy()
    near = np.flatnonzero((mean > timeout * _FAR) | (error_ratio > _TINY) | (loss > 0.0))
    if len(near):
        limit = np.broadcast_to(timeout, mean.shape).ravel()[near]
        time = mean.ravel()[near]
        entering = np.maximum(accepted.ravel()[near], np.float32(1e-3))
        sojourn = time / (entering * np.maximum(passing.ravel()[near], np.float32(1e-3)))
        in_line = line.ravel()[near] / np.maximum(passing.ravel()[near], np.float32(1e-3))
        uncertain = np.maximum(sojourn - in_line, _ZERO)
        late, capped = give_up(sojourn, scv.ravel()[near] * uncertain * uncertain, limit)
        capped = np.minimum(entering * capped, time)
        lost = loss.ravel()[near]
        capped += lost * (np.where(np.isfinite(limit), limit, time) - capped)
        failed = 1.0 - (1.0 - lost) * (1.0 - late) * (1.0 - error_ratio.ravel()[near])
        failed = np.clip(failed, 0.0, _ONE - np.float32(1e-7))
        chances = retries.ravel()[near] + _ONE
        all_failed = np.exp(chances * np.log(np.maximum(failed, np.float32(1e-30))))
        # Close to 1 the sum of a geometric series is a quotient of two rounding errors.
        unsure = np.minimum(failed, _ONE - np.float32(1e-5))
        expected = (_ONE - np.exp(chances * np.log(np.maximum(unsure, np.float32(1e-30))))) / (_ONE - unsure)
        mean.reshape(-1)[near] = capped
        attempts.reshape(-1)[near] = np.clip(expected, _ONE, chances)
        seen_error.reshape(-1)[near] = failed
        log_success.reshape(-1)[near] = np.maximum(np.log1p(-np.minimum(all_failed, _ONE - _TINY)), _LEAST_LOG)
    return Calls(mean, attempts, seen_error, log_success)


def give_up(mean: Floats, variance: Floats, limit: Floats) -> tuple[Floats, Floats]:
    """P(X > limit) and E[min(X, limit)] of gamma distributed X, [...].

    The latter by partial expectation: E[X; X <= t] is the mean times the distribution function of shape + 1.
    """
    safe = np.maximum(mean, np.float32(1e-9))
    scv = np.clip(variance / (safe * safe), np.float32(1e-3), np.float32(8.0))
    late = _ONE - gamma_share(np.divide(limit, safe), scv)
    is_finite = np.isfinite(limit)
    ratio = np.where(is_finite, np.divide(limit, safe), np.float32(1e9))
    early = gamma_share(np.divide(ratio, _ONE + scv), np.divide(scv, _ONE + scv))
    capped = mean * early + np.where(is_finite, limit, np.float32(0.0)) * late
    return np.where(is_finite, late, np.float32(0.0)), np.where(is_finite, np.minimum(capped, limit), mean)


def gamma_share(ratio: Floats, scv: Floats) -> Floats:
    """P(X <= ratio x mean) of a gamma distributed X with this squared coefficient of variation.

    Wilson and Hilferty (1931, "The distribution of chi-square"): the cube root is nearly normal.
    """
    score: Floats = np.divide(np.cbrt(ratio) - _ONE + scv * np.float32(1.0 / 9.0), np.sqrt(scv) * np.float32(1.0 / 3.0))
    return normal_share(score)


def normal_share(z: Floats) -> Floats:
    """P(Z <= z) of a standard normal Z, within 2e-4.

    Page (1977, "Approximations to the cumulative normal function and its inverse for use on a pocket calculator").
    """
    z = np.clip(z, np.float32(-8.0), np.float32(8.0))
    share: Floats = np.float32(0.5) + np.float32(0.5) * np.tanh(
        np.float32(0.7988) * z * (_ONE + np.float32(0.04417) * z * z)
    )
    return share
