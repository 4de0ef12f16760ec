"""From cumulants to percentiles: of shifted gamma distributions, and of their mixtures.

Wilson and Hilferty's cube root is nearly normal. With y = z - skew / 6 and x = y skew / 6 the percentile at the normal
number z is mean + deviation y (1 + x + x^2 / 3).
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import (
    between,
    cube_root,
    exponential,
    greater,
    lesser,
    logarithm,
    normal_share,
)
from clusters.simulated.kernels.index import Groups

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)
_NAN = np.float32(np.nan)
_HALF = np.float32(0.5)
_THIRD = np.float32(1.0 / 3.0)
_SIXTH = np.float32(1.0 / 6.0)
_TINY = np.float32(1e-9)
_LEAST_ROOT = np.float32(1e-6)
_P95_NORMAL = np.float32(1.6448536)
_NORMAL_PEAK = np.float32(0.3989423)
_NO_REQUESTS = np.float32(1e-6)
_LEAST_TAIL = np.float32(1e-4)
_TAIL_OF_P95 = np.float32(1.0 / 0.05)
_LEAST_SKEW, _MOST_SKEW = np.float32(0.01), np.float32(6.0)
_LEAST_SCV, _MOST_SCV = np.float32(0.01), np.float32(8.0)
_NEWTON_STEPS = 2
"""On the logarithm of the tail, which is nearly straight: a third one moves it by 0.3 % at most."""


@compiled
def fill_shapes(times: Floats, timeout: Floats, scv: Floats, shapes: Floats) -> None:
    """Fit shifted gamma distributions to cumulants.

    Args:
        times: [3, X, N] mean, second and third cumulant; operations first, then channels.
        timeout: [H] seconds at which callers give up.
        scv: [O, N] filled with squared coefficients of variation of operations' times.
        shapes: [3, X, N] filled with deviations, skews and 95th percentiles.
    """
    num_operations = scv.shape[0]
    for x in range(times.shape[1]):
        limit = timeout[x - num_operations] if x >= num_operations else np.float32(np.inf)
        for n in range(times.shape[2]):
            mean, second = times[0, x, n], times[1, x, n]
            variance = greater(second, mean * mean * np.float32(1e-6) + np.float32(1e-18))
            deviation = np.sqrt(variance)
            skew = between(times[2, x, n] / (variance * deviation), _LEAST_SKEW, _MOST_SKEW)
            step = _P95_NORMAL - skew * _SIXTH
            part = step * skew * _SIXTH
            shapes[0, x, n] = deviation
            shapes[1, x, n] = skew
            shapes[2, x, n] = lesser(mean + deviation * step * (_ONE + part + part * part * _THIRD), limit)
    for o in range(num_operations):
        for n in range(times.shape[2]):
            square = greater(times[0, o, n] * times[0, o, n], np.float32(1e-12))
            scv[o, n] = between(times[1, o, n] / square, _LEAST_SCV, _MOST_SCV)


@compiled
def mix_percentiles(
    groups: Groups,
    times: Floats,
    shapes: Floats,
    executions: Floats,
    attempts: Floats,
    room: Floats,
    beyond: Floats,
    percentiles: Floats,
) -> None:
    """Fill [G, N] 95th percentiles of mixtures, in milliseconds; NaN where nothing came.

    Args:
        groups: which rows each mixes.
        times: [3, X, N] as in `fill_shapes`.
        shapes: [3, X, N] from there.
        executions: [O, N] requests of the rows that are operations.
        attempts: [H, N] of those that are channels.
        room: [3, N] for what is computed in between.
        beyond: [2, N] the same.
        percentiles: to be filled.
    """
    milliseconds = np.float32(1e3)
    for g in range(percentiles.shape[0]):
        first, last = groups.first[g], groups.first[g + 1]
        if last == first:
            percentiles[g, :] = _NAN
        elif last == first + 1:
            row = groups.rows[first]
            requests = executions[row] if row < len(executions) else attempts[row - len(executions)]
            for n in range(percentiles.shape[1]):
                percentiles[g, n] = shapes[2, row, n] * milliseconds if requests[n] > _NO_REQUESTS else _NAN
        else:
            _begin(groups.rows[first:last], shapes, executions, attempts, room)
            for _ in range(_NEWTON_STEPS):
                _look_beyond(groups.rows[first:last], times, shapes, executions, attempts, room, beyond)
                _approach(room, beyond)
            for n in range(percentiles.shape[1]):
                guess = lesser(room[1, n], room[2, n]) * milliseconds
                percentiles[g, n] = guess if room[0, n] > _NO_REQUESTS else _NAN


@inlined
def _begin(rows: Ints, shapes: Floats, executions: Floats, attempts: Floats, room: Floats) -> None:
    """Fill `room`: total weight, a first guess, and the greatest percentile of a row that requests came to.

    The guess is between the mean of the percentiles and their greatest: the slow parts make most of the tail.
    """
    room[:, :] = _ZERO
    for row in rows:
        weight = executions[row] if row < len(executions) else attempts[row - len(executions)]
        for n in range(room.shape[1]):
            percentile, requests = shapes[2, row, n], weight[n]
            room[0, n] += requests
            room[1, n] += requests * percentile * percentile
            room[2, n] = greater(room[2, n], percentile if requests > _ZERO else _ZERO)
    for n in range(room.shape[1]):
        room[1, n] = np.sqrt(greater(room[1, n] / greater(room[0, n], _NO_REQUESTS), _TINY))


@inlined
def _look_beyond(
    rows: Ints, times: Floats, shapes: Floats, executions: Floats, attempts: Floats, room: Floats, beyond: Floats
) -> None:
    """Fill `beyond`: the share of requests that take longer than the guess, and how it falls there."""
    beyond[:, :] = _ZERO
    for row in rows:
        weight = executions[row] if row < len(executions) else attempts[row - len(executions)]
        for n in range(room.shape[1]):
            deviation, skew = shapes[0, row, n], shapes[1, row, n]
            part = weight[n] / greater(room[0, n], _NO_REQUESTS)
            score, root = _normal_number(times[0, row, n], deviation, skew, room[1, n])
            beyond[0, n] += part * normal_share(-score)
            beyond[1, n] += part * _NORMAL_PEAK / deviation * exponential(score * score * -_HALF) / (root * root)


@inlined
def _approach(room: Floats, beyond: Floats) -> None:
    """One step of Newton's towards the guess beyond which 5 % of the requests are."""
    for n in range(room.shape[1]):
        tail = between(beyond[0, n], _LEAST_TAIL, _ONE)
        step = logarithm(tail * _TAIL_OF_P95) * tail / greater(beyond[1, n], _TINY)
        room[1, n] += between(step, np.float32(-0.6) * room[1, n], np.float32(1.5) * room[1, n])


@inlined
def _normal_number(
    mean: np.float32, deviation: np.float32, skew: np.float32, limit: np.float32
) -> tuple[np.float32, np.float32]:
    """The normal number that a time stands for, and the cube root it comes from."""
    root = cube_root(greater(_ONE + _HALF * skew * ((limit - mean) / deviation), _LEAST_ROOT))
    sixth = skew * _SIXTH
    return (root - _ONE) / sixth + sixth, root


@compiled
def fill_share_within(times: Floats, shapes: Floats, rows: Ints, limit: Floats, share: Floats) -> None:
    """Fill [x, N] with the share of the times of `rows` [x] that are up to `limit` [x, N] seconds."""
    for x in range(len(rows)):
        row = rows[x]
        for n in range(share.shape[1]):
            score, _ = _normal_number(times[0, row, n], shapes[0, row, n], shapes[1, row, n], limit[x, n])
            share[x, n] = normal_share(score)
