"""What a caller sees of calls: given up after a timeout, lost, failed, repeated.

Times are taken as gamma distributed: a sojourn under processor sharing is near exponential, and a sum of several is a
gamma distribution's shape. Most calls are far from all of it, so the rest is put together first, and computed alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import inlined
from clusters.simulated.kernels.arithmetic import (
    between,
    cube_root,
    exponential,
    greater,
    lesser,
    logarithm,
    logarithm_of_one_and,
    normal_share,
)

Floats = NDArray[np.float32]
Ints32 = NDArray[np.int32]

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_TINY = np.float32(1e-6)
_FAR = np.float32(0.1)
"""A timeout beyond 10 mean times is never met: e^-10 for an exponential time."""
_LEAST_SHARE = np.float32(1e-3)
_LEAST_LOG = np.float32(-20.0)
_NINTH, _THIRD = np.float32(1.0 / 9.0), np.float32(1.0 / 3.0)
_NEVER = np.float32(1e9)
"""Limit over mean time where there is no limit."""

NUM_INPUTS = 8


class Calls(NamedTuple):
    """[N] calls of one channel."""

    seconds: Floats
    """Mean time of one attempt: first until the answer, if nobody gives up; then as its caller sees it."""
    attempts: Floats
    """Mean attempts per call."""
    error_ratio: Floats
    """Of one attempt: first answers that are errors; then as its caller sees it."""
    log_success: Floats
    """Of the call with all its attempts."""


@inlined
def find_near(calls: Calls, timeout: np.float32, lost: Floats, near: Ints32) -> int:
    """Count the calls that may be given up, lost or failed; what callers see of all others is filled in.

    Args:
        calls: `seconds` and `error_ratio` are the callee's, and stay so; the rest is filled as for calls that succeed.
        timeout: seconds after which an attempt is given up; infinite: never.
        lost: [N] share of attempts.
        near: [2, N]. Row 0 is filled with which calls these are, and row 1 with their places, one after the other.
    """
    far = timeout * _FAR
    total = np.int32(0)
    for n in range(len(lost)):
        calls.attempts[n] = _ONE
        calls.log_success[n] = _ZERO
        is_near = (calls.seconds[n] > far) | (calls.error_ratio[n] > _TINY) | (lost[n] > _ZERO)
        near[0, n] = np.int32(is_near)
        total += np.int32(is_near)
    if total == 0:
        return 0
    count = 0
    for n in range(len(lost)):
        near[1, count] = n
        count += near[0, n]
    return count


@inlined
def see_near(calls: Calls, timeout: np.float32, count: int, places: Ints32, inputs: Floats, outputs: Floats) -> None:
    """Bring the calls that `find_near` found into the form in which their callers see them.

    Args:
        calls: to be changed at these places: `seconds` and `error_ratio` are the callee's.
        timeout: seconds after which an attempt is given up; infinite: never.
        count: how many they are.
        places: [N] theirs, one after the other.
        inputs: [NUM_INPUTS, N], theirs one after the other. Row 0: squared coefficient of variation of the time. 1:
            attempts that the callee does not refuse; the time of those it refuses is nothing. 2: the callee's served
            over its admitted, at most 1; `seconds` is what is there per request that comes in (Little's law), and who
            joins a growing line will wait until it is served, so much longer. 3: seconds of the time that are as long
            for everybody: the way, and the wait for a worker, first come first served. 4: attempts that get lost. 5:
            further attempts after a failed one. The others are filled.
        outputs: [4, N] room for what is computed.
    """
    for i in range(count):
        n = places[i]
        inputs[6, i] = calls.seconds[n]
        inputs[7, i] = calls.error_ratio[n]
    for i in range(count):
        _see(inputs, timeout, outputs, i)
    for i in range(count):
        n = places[i]
        calls.seconds[n] = outputs[0, i]
        calls.attempts[n] = outputs[1, i]
        calls.error_ratio[n] = outputs[2, i]
        calls.log_success[n] = outputs[3, i]


@inlined
def _see(rows: Floats, timeout: np.float32, outputs: Floats, i: int) -> None:
    """Seconds, attempts, error ratio and log of success, from the rows that `see_near` says.

    What is written stands apart from what is read: in place it was no vectors, and five times as slow.
    """
    scv, accepted, passing, lost = rows[0, i], rows[1, i], greater(rows[2, i], _LEAST_SHARE), rows[4, i]
    chances, time, error_ratio = rows[5, i] + _ONE, rows[6, i], rows[7, i]
    entering = greater(accepted, _LEAST_SHARE)
    sojourn = time / (entering * passing)
    uncertain = greater(sojourn - rows[3, i] / passing, _ZERO)
    late, capped = give_up(sojourn, scv * uncertain * uncertain, timeout)
    capped = lesser(entering * capped, time)
    is_finite = timeout < np.inf
    capped += lost * ((timeout if is_finite else time) - capped)
    failed = between(_ONE - (_ONE - lost) * (_ONE - late) * (_ONE - error_ratio), _ZERO, _ONE - np.float32(1e-7))
    all_failed = exponential(chances * logarithm(greater(failed, np.float32(1e-30))))
    # Close to 1 the sum of a geometric series is a quotient of two rounding errors.
    unsure = lesser(failed, _ONE - np.float32(1e-5))
    expected = (_ONE - exponential(chances * logarithm(greater(unsure, np.float32(1e-30))))) / (_ONE - unsure)
    outputs[0, i] = capped
    outputs[1, i] = between(expected, _ONE, chances)
    outputs[2, i] = failed
    outputs[3, i] = greater(logarithm_of_one_and(-lesser(all_failed, _ONE - _TINY)), _LEAST_LOG)


@inlined
def give_up(mean: np.float32, variance: np.float32, limit: np.float32) -> tuple[np.float32, np.float32]:
    """P(X > limit) and E[min(X, limit)] of a gamma distributed X; an infinite limit is never met.

    The latter by partial expectation: E[X; X <= t] is the mean times the distribution function of shape + 1.
    """
    safe = greater(mean, np.float32(1e-9))
    scv = between(variance / (safe * safe), np.float32(1e-3), np.float32(8.0))
    is_finite = limit < np.inf
    ratio = limit / safe if is_finite else _NEVER
    late = _ONE - gamma_share(ratio, scv)
    early = gamma_share(ratio / (_ONE + scv), scv / (_ONE + scv))
    capped = lesser(mean * early + (limit * late if is_finite else _ZERO), limit)
    return (late if is_finite else _ZERO), (capped if is_finite else mean)


@inlined
def gamma_share(ratio: np.float32, scv: np.float32) -> np.float32:
    """P(X <= ratio x mean) of a gamma distributed X with this squared coefficient of variation.

    Wilson and Hilferty (1931, "The distribution of chi-square"): the cube root is nearly normal.
    """
    return normal_share((cube_root(ratio) - _ONE + scv * _NINTH) / (np.sqrt(scv) * _THIRD))
