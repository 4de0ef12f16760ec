"""One tick of many queues: the formulas that `clusters.simulated.queueing` and `erlang` derive."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import between, exponential, greater, lesser, logarithm, logarithm_of_one_and
from clusters.simulated.parameters import TICK_SECONDS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ZERO, _HALF, _ONE, _TWO = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(2.0)
_TINY = np.float32(1e-6)
_TICK, _PER_TICK = np.float32(TICK_SECONDS), np.float32(1.0 / TICK_SECONDS)
_RELAXING = np.float32(0.5 / TICK_SECONDS)
"""Near rho 1 a tick is too short for the stationary state: the drift counts as at least sqrt(variance x this).
A half of it calibrated against birth-death chains of 1 to 3 servers: means within 8 %, in the median within 2 %."""
_PI = np.float32(np.pi)
_WIDEST = np.float32(1e6)
"""Beyond, nothing of a tick's noise comes near the bound."""
_LEAST_SETTLED = np.float32(1e-3)
"""What a bound settles less of in a tick is not computed."""
_PER_FOUR_PI_SQUARED = np.float32(0.25 / np.pi**2)
_LEAST_LEAN, _MOST_LEAN, _NO_LEAN = np.float32(-80.0), np.float32(40.0), np.float32(0.1)
"""Where its exponential is a number, and where its formulas do not divide zero by zero."""
_LOGISTIC = np.float32(-1.702)
"""A normal number times this is, within 0.01 in probability, the logarithm of odds."""
_MAX_NOISE = np.float32(4.0)
"""Squared coefficient of variation of a tick's mean, at most."""


class Tables(NamedTuple):
    """Erlang's queues as `erlang` tabulates them, flat."""

    shifts: Floats
    slopes: Floats
    """Change of the shift over a step."""
    spreads: Floats
    num_steps: np.float32
    """Steps per unit of utilisation."""
    most_load: np.float32
    """Utilisation beyond which the tables say the same."""


class Queues(NamedTuple):
    """[S, N] each, as `queueing.step_queues` says."""

    backlog: Floats
    arrival_rate: Floats
    service_rate: Floats
    computing: Floats
    server_rows: Ints
    cpu_rows: Ints
    bound: Floats
    room: Floats
    reach: Floats
    drawn: Floats


@compiled
def fill_queue_steps(
    tables: Tables, queues: Queues, move: Floats, dip: Floats, average: Floats, room: Floats, steps: Floats
) -> None:
    """Fill `steps` [4, S, N]: where the Brownian motion ends, mean number, overflow, calm share of the tick.

    Args:
        tables: of `erlang`.
        queues: before the tick.
        move: [S, N] standard normal; so is `average`.
        dip: [S, N] exponential with mean 1.
        average: see `move`.
        room: [2, N] for what is looked up.
        steps: to be filled.
    """
    for s in range(steps.shape[1]):
        _look_up_tables(tables, queues, s, room)
        # Two loops: where nobody's bound is near, what it would settle is half of what there is to compute.
        if _is_bounded(queues, s):
            _fill_row(queues, move, dip, average, room, steps, s, True)
        else:
            _fill_row(queues, move, dip, average, room, steps, s, False)


@inlined
def _fill_row(
    queues: Queues, move: Floats, dip: Floats, average: Floats, room: Floats, steps: Floats, s: int, is_bounded: bool
) -> None:
    """Fill one service's rows of `steps`."""
    for n in range(steps.shape[2]):
        start, arriving, serving = queues.backlog[s, n], queues.arrival_rate[s, n], queues.service_rate[s, n]
        variance, drift = arriving + serving, arriving - serving
        moved = drift * _TICK + np.sqrt(variance * _TICK) * move[s, n]
        free_end = start + moved
        lowest = (start + free_end - np.sqrt(moved * moved + _TWO * variance * _TICK * dip[s, n])) * _HALF
        end = lesser(free_end - lesser(lowest, _ZERO), greater(queues.room[s, n], start))
        overflow = greater(end - queues.bound[s, n], _ZERO)
        end -= overflow
        shift, spread = room[0, n], room[1, n]
        pace = greater(np.sqrt(drift * drift + variance * _RELAXING), (start + end) * _PER_TICK)
        calm = _ONE - (start + end) / (pace * _TICK) if lowest < _ZERO else _ZERO
        above = greater(start - shift, _ZERO), greater(end - shift, _ZERO)
        waiting, scatter = _expected(start, end, above, calm, variance, pace, shift, spread)
        idle = greater(_ONE - arriving / serving, _ZERO)
        idle *= greater(_ONE - (above[0] + above[1]) / (pace * _TICK), _ZERO)
        idle = idle if calm > _ZERO else _ZERO
        if is_bounded:
            reach = queues.reach[s, n] - queues.computing[s, n] + shift  # of the motion: so many can wait
            kept, settled = _settle(reach, arriving, serving, shift, move[s, n])
            new = _ONE - kept
            end, waiting = kept * end + new * settled[0], kept * waiting + new * settled[1]
            scatter, idle = kept * scatter + new * settled[2], kept * idle + new * settled[3]
        computing = queues.computing[s, n] * (_ONE - idle)
        # Where nothing waits, as many compute as came: half of what a stationary queue's scatter is then.
        came = (queues.drawn[s, n] - _ONE) * idle
        scatter = greater(scatter - computing * computing * idle * idle / (arriving * _TICK + _TINY), _ZERO)
        number = computing * (_ONE + came) + waiting
        wobble = logarithm_of_one_and(lesser(scatter / (number * number + _TINY), _MAX_NOISE))
        steps[0, s, n] = end
        steps[1, s, n] = number * exponential(np.sqrt(wobble) * average[s, n] - _HALF * wobble)
        steps[2, s, n] = overflow
        steps[3, s, n] = calm


@inlined
def _is_bounded(queues: Queues, s: int) -> bool:
    """Whether its bound settles the queue of one service in any stand."""
    count = np.int32(0)
    for n in range(queues.reach.shape[1]):
        arriving, serving = queues.arrival_rate[s, n], queues.service_rate[s, n]
        reach = queues.reach[s, n] - queues.computing[s, n]  # the motion is bounded a shift above
        _, _, of_bound, share = _bound(reach, arriving - serving, arriving + serving)
        count += np.int32(of_bound * _TICK * share > _LEAST_SETTLED)
    return bool(count > 0)


@inlined
def _look_up_tables(tables: Tables, queues: Queues, s: int, room: Floats) -> None:
    """Fill `room` with shift and spread of one service's queues."""
    for n in range(room.shape[1]):
        place = lesser(queues.arrival_rate[s, n] / queues.service_rate[s, n], tables.most_load) * tables.num_steps
        step = np.int32(place)
        row = np.uint64(queues.server_rows[s, n] + step)
        room[0, n] = tables.shifts[row] + tables.slopes[row] * (place - np.float32(step))
        room[1, n] = tables.spreads[np.uint64(queues.cpu_rows[s, n] + step)]


@inlined
def _expected(
    start: np.float32,
    end: np.float32,
    above: tuple[np.float32, np.float32],
    calm: np.float32,
    variance: np.float32,
    pace: np.float32,
    shift: np.float32,
    spread: np.float32,
) -> tuple[np.float32, np.float32]:
    """Mean number waiting over the tick, given its ends, and the variance of it.

    The motion goes down to zero at its pace, stays near its stationary state for the calm part of the tick, and goes up
    to its end, which is the same backwards. Where it never touched zero it is the mean of the ends: a calm part of 0.
    """
    level = variance / (_TWO * pace)
    touching = (above[0] * above[0] + above[1] * above[1]) / (_TWO * _TICK * pace)
    touching += level * exponential(-shift / level) * calm
    straight = greater(_HALF * (start + end) - shift, _ZERO)
    # Asymptotic variance of the time average (Whitt 1989, "Planning queueing simulations": 1/2 in natural units).
    restless = np.float32(4.0) * level * level * level / (pace * _TICK) * spread * calm
    down, up = start / pace, end / pace
    ramps = variance * (down * down * down + up * up * up) / (np.float32(12.0) * _TICK * _TICK)
    waiting = touching if calm > _ZERO else straight
    scatter = restless + ramps if calm > _ZERO else variance * (_TICK / np.float32(12.0))
    return waiting, scatter


@inlined
def _settle(
    reach: np.float32, arriving: np.float32, serving: np.float32, shift: np.float32, move: np.float32
) -> tuple[np.float32, tuple[np.float32, np.float32, np.float32, np.float32]]:
    """What a tick keeps of its start where few can be at a queue, and without that: end, waiting, scatter, idle share.

    A Brownian motion between 0 and `reach` settles at the rate v (pi / reach)^2 / 2 + drift^2 / (2 v), in a truncated
    exponential distribution (Harrison 1985, "Brownian Motion and Stochastic Flow Systems"). It is the bound that
    settles it as far as the rate's first term is the greater: the other is that of a queue without a bound.
    """
    drift, variance = arriving - serving, arriving + serving
    width, lean, of_bound, share = _bound(reach, drift, variance)
    of_drift = _HALF * drift * drift / variance
    new = (_ONE - exponential(-of_bound * _TICK)) * share
    kept = _ONE - (new if of_bound * _TICK * share > _LEAST_SETTLED else _ZERO)
    full, odds = exponential(lean), exponential(_LOGISTIC * move)
    end = width * logarithm((odds + full) / (odds + _ONE)) / lean
    spread = width * width * (_ONE / (lean * lean) - full / ((full - _ONE) * (full - _ONE)))
    beyond = lesser(shift / width, _ONE)  # of the width: who waits is so far up
    waiting = width * ((_ONE - beyond) * full - (full - exponential(lean * beyond)) / lean) / (full - _ONE)
    scatter = _TWO * spread / ((of_bound + of_drift) * _TICK)
    return kept, (end, waiting, scatter, greater(-drift / serving, _ZERO))


@inlined
def _bound(
    reach: np.float32, drift: np.float32, variance: np.float32
) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """The bound's width, how much a queue leans on it, the rate at which it settles a queue, and its share in that."""
    width = between(reach, _ONE, _WIDEST)
    lean = between(_TWO * drift * width / variance, _LEAST_LEAN, _MOST_LEAN)
    lean = lean if lean * lean > _NO_LEAN * _NO_LEAN else _NO_LEAN
    ratio = lean * lean * _PER_FOUR_PI_SQUARED
    return width, lean, _HALF * variance * (_PI / width) * (_PI / width), _ONE / (_ONE + ratio * ratio)
