"""Distributions of times over a bucket: cumulants that add up along the calls, and percentiles of their mixtures.

The first three cumulants of a sum are the sums of the parts'. Three cumulants fix a shifted gamma distribution (Pearson
type III), whose percentiles Wilson and Hilferty's cube root gives. A service mixes its operations, an edge its
channels, a journey its request types; one fit to the mixture's own cumulants would be 20 to 30 % off where a slow part
is mixed into a fast one, so a mixture's percentile is solved for.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.attempts import normal_share
from clusters.simulated.graph import CompiledGraph, Level
from clusters.simulated.latency import Latency
from clusters.simulated.parameters import NETWORK_SECONDS
from clusters.simulated.row_groups import RowGroups
from clusters.simulated.state import StandState
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, ServiceSum

Floats = NDArray[np.float32]

_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_TINY = np.float32(1e-9)
_P95_NORMAL = np.float32(1.6448536)
_NO_REQUESTS = np.float32(1e-6)
_AGAIN_ALIKE = np.float32(0.4)
"""Correlation of the times of two visits to a service within a request. Calibrated on the slow journey of the
reference: waits at a queue that is 80 % used are alike for about a second."""
_STEPS = 2
"""Newton steps on the logarithm of the tail, which is nearly straight: a third one moves it by 0.3 % at most."""


class Times(NamedTuple):
    """Cumulants of the times of some rows, [X, N] each: seconds, seconds squared, seconds cubed."""

    mean: Floats
    second: Floats
    third: Floats


class Shape(NamedTuple):
    """A shifted gamma distribution, [X, N]."""

    mean: Floats
    deviation: Floats
    skew: Floats


def bucket_times(graph: CompiledGraph, state: StandState, latency: Latency, num_ticks: int) -> Times:
    """Cumulants over the bucket: rows are operations, then channels (without giving up)."""
    num_operations = graph.num_operations
    block = np.empty((3, num_operations + graph.num_channels, state.num_stands), dtype=np.float32)
    times = Times(*block)
    _own_times(graph, state, latency, num_ticks, Times(*block[:, :num_operations]))
    calls = _calls_made(graph, state)
    requests = state.channel_sums[ChannelSum.REQUESTS]
    seen = state.channel_sums[ChannelSum.LATENCY] / np.maximum(requests, _NO_REQUESTS)
    is_called = requests > _NO_REQUESTS
    way = state.edge_delay_seconds.take(graph.channel_edge, axis=0)
    way += np.float32(NETWORK_SECONDS)
    for level in reversed(graph.levels_down):
        if level.calls.stop > level.calls.start:
            block[:, level.operations] += _of_calls(graph, level, calls, block)
        here = level.channels
        rows = block[:, num_operations + here.start : num_operations + here.stop]
        rows[...] = block.take(graph.channel_operation[here], axis=1)
        rows[0] += way[here]
        # Giving up, loss and refusals change the time that callers see: the shape is kept.
        factor = np.where(is_called[here], seen[here] / rows[0], _ONE)
        for power in range(3):
            rows[power:] *= factor
    _correlate(graph, times)
    return times


def _correlate(graph: CompiledGraph, times: Times) -> None:
    """A service that a request found busy is still busy when it comes again: the spread of users' times grows by it."""
    entry = graph.num_operations + graph.request_channel
    growth = _ONE + _AGAIN_ALIKE * graph.repeated_visits
    times.second[entry] *= growth
    times.third[entry] *= growth


def _own_times(graph: CompiledGraph, state: StandState, latency: Latency, num_ticks: int, own: Times) -> None:
    """Fill [O, N] with the time at the service itself and the waits that use no CPU.

    Under processor sharing by one server the squared coefficient of variation is (2 + rho) / (2 - rho) (Coffman, Muntz,
    Trotter 1970, "Waiting time distributions for processor-sharing systems"); for m servers the excess over an
    exponential time's 1 is taken by the chance that all are busy (Sakasegawa's exponent), and in an overload, where
    everybody shares the CPU with the same growing crowd, it goes away.
    """
    share = np.float32(1.0 / num_ticks)
    sums = state.service_sums
    rho = sums[ServiceSum.UTILISATION] * share
    exponent = sums[ServiceSum.CPU_SERVERS] * (share + share)
    exponent += np.float32(2.0)
    np.sqrt(exponent, out=exponent)
    exponent -= _ONE
    exponent *= np.log(np.maximum(rho, np.float32(1e-4)))
    excess = np.exp(exponent, out=exponent)
    np.subtract(np.float32(2.0), rho, out=rho)
    excess /= rho
    calm = sums[ServiceSum.CALM] * (share + share)
    excess *= np.minimum(calm, _ONE, out=calm)
    excess += excess
    excess += _ONE
    scv = excess.take(graph.operation_service, axis=0)
    requests = state.operation_sums[OperationSum.REQUESTS]
    mean = np.where(
        requests > _NO_REQUESTS,
        state.operation_sums[OperationSum.OWN] / np.maximum(requests, _NO_REQUESTS),
        latency.own,
    )
    np.add(mean, state.added_seconds, out=own.mean)
    scv *= mean
    np.multiply(scv, mean, out=own.second)
    scv *= np.float32(2.0)
    np.multiply(scv, own.second, out=own.third)


class _Calls(NamedTuple):
    """Calls that an execution makes and waits for, [C, N]: so many independent ones, the last of them perhaps."""

    made: Floats
    spread: Floats
    """Variance of their number: of a Bernoulli number with the chance of the last one."""
    lean: Floats
    """Third cumulant of that number over its variance: 1 - 2 x the chance."""


def _calls_made(graph: CompiledGraph, state: StandState) -> _Calls:
    counts = state.call_count
    made = state.call_rate * graph.call_awaited
    chance = np.floor(counts)
    np.subtract(counts, chance, out=chance)
    spread = _ONE - chance
    spread *= chance
    spread *= made
    spread /= np.maximum(counts, _TINY)
    chance *= np.float32(-2.0)
    chance += _ONE
    return _Calls(made, spread, chance)


def _of_calls(graph: CompiledGraph, level: Level, calls: _Calls, block: Floats) -> Floats:
    """[3, o, N] cumulants of the calls that one level's operations make."""
    rows = level.calls
    called = block.take(graph.num_operations + graph.call_channel[rows], axis=1)
    parts = calls.made[rows] * called
    mean, second, _ = called
    spread = calls.spread[rows] * mean
    parts[1] += spread * mean
    lean = calls.lean[rows] * mean
    lean *= mean
    second *= np.float32(3.0)
    lean += second
    lean *= spread
    parts[2] += lean
    return level.by_operation.sum(parts)


def shape_of(times: Times) -> Shape:
    """The shifted gamma distribution with these cumulants."""
    variance = np.float32(1e-6) * times.mean
    variance *= times.mean
    variance += _TINY * _TINY
    np.maximum(variance, times.second, out=variance)
    deviation = np.sqrt(variance)
    variance *= deviation
    skew = np.divide(times.third, variance, out=variance)
    np.maximum(skew, np.float32(0.01), out=skew)
    return Shape(times.mean, deviation, np.minimum(skew, np.float32(6.0), out=skew))


def p95_of(shape: Shape) -> Floats:
    """[X, N] 95th percentile.

    ((1 + x)^3 - 1) / (skew / 2) with x = y skew / 6 and y = z - skew / 6, multiplied out: y (1 + x + x^2 / 3).
    """
    step = shape.skew * np.float32(-1.0 / 6.0)
    step += _P95_NORMAL
    part = step * shape.skew
    part *= np.float32(1.0 / 6.0)
    growth = part * np.float32(1.0 / 3.0)
    growth += _ONE
    growth *= part
    growth += _ONE
    growth *= step
    growth *= shape.deviation
    growth += shape.mean
    return growth


def share_within(shape: Shape, limit: Floats) -> Floats:
    """[X, N] share of times up to `limit`."""
    return normal_share(_score(shape, limit)[0])


def _score(shape: Shape, limit: Floats) -> tuple[Floats, Floats]:
    """The normal number that `limit` stands for, and the cube root it comes from."""
    distance = (limit - shape.mean) / shape.deviation
    root = np.cbrt(np.maximum(_ONE + np.float32(0.5) * shape.skew * distance, np.float32(1e-6)))
    sixth = shape.skew / np.float32(6.0)
    return (root - _ONE) / sixth + sixth, root


class Mixtures:
    """Which rows a service, an edge, a journey mixes; compiled once per graph.

    A group of one row has that row's percentile.
    """

    def __init__(self, graph: CompiledGraph) -> None:
        groups = graph.parts
        self.num_groups = len(groups)
        self.num_scraped = graph.num_services + len(graph.application.edges)
        """The first so many groups, services and edges, mix rows of their own."""
        self.scraped_group = np.zeros(graph.num_operations + graph.num_channels, dtype=np.int64)
        """[X] which of them a row belongs to."""
        for g, rows in enumerate(groups[: self.num_scraped]):
            self.scraped_group[rows] = g
        self._first_row = np.array([rows[0] if len(rows) else 0 for rows in groups], dtype=np.int64)
        self._empty = np.array([g for g, rows in enumerate(groups) if not len(rows)], dtype=np.int64)
        """The load generator, which nobody calls; any row stands for its first."""
        mixed = [g for g, rows in enumerate(groups) if len(rows) > 1]
        self._mixed = np.array(mixed, dtype=np.int64)
        self._rows = np.concatenate([groups[g] for g in mixed] or [np.zeros(0, dtype=np.int64)]).astype(np.int64)
        self._owner = np.repeat(np.arange(len(mixed)), [len(groups[g]) for g in mixed]).astype(np.int64)
        self._by_group = RowGroups.by_owner(self._owner.tolist(), len(mixed))

    def sums(self, rows: Floats) -> Floats:
        """[G, N] the sum of each group's rows [X, N]."""
        total = rows.take(self._first_row, axis=0)
        total[self._empty] = 0.0
        if len(self._mixed):
            total[self._mixed] = self._by_group.sum(rows.take(self._rows, axis=0))
        return total

    def p95(self, shape: Shape, own: Floats, weight: Floats) -> Floats:
        """[G, N] 95th percentile of each group; NaN where it has no requests.

        Args:
            shape: [X, N] of the rows.
            own: [X, N] their percentiles.
            weight: [X, N] requests.
        """
        result = own.take(self._first_row, axis=0)
        np.copyto(result, np.float32(np.nan), where=weight.take(self._first_row, axis=0) <= _NO_REQUESTS)
        result[self._empty] = np.nan
        if len(self._mixed):
            result[self._mixed] = self._solve(shape, own, weight)
        return result

    def _solve(self, shape: Shape, own: Floats, weight: Floats) -> Floats:
        rows = self._rows
        part = Shape(*(values.take(rows, axis=0) for values in shape))
        weights, percentile = weight.take(rows, axis=0), own.take(rows, axis=0)
        total = self._by_group.sum(weights)
        there = total > _NO_REQUESTS
        weights /= np.maximum(total, _NO_REQUESTS).take(self._owner, axis=0)
        # Between the mean of the percentiles and their greatest: the slow parts make most of the tail.
        guess = np.sqrt(np.maximum(self._by_group.sum(weights * percentile * percentile), _TINY))
        # [2, ...] the tail beyond the guess and its slope, added up by group in one go.
        both = np.empty((2, *weights.shape), dtype=np.float32)
        sixth, half = part.skew * np.float32(1.0 / 6.0), part.skew * np.float32(0.5)
        half /= part.deviation
        steady = _ONE - half * part.mean
        thick = weights * np.float32(0.3989423) / part.deviation
        for _ in range(_STEPS):
            root = half * guess.take(self._owner, axis=0)
            root += steady
            root = np.cbrt(np.maximum(root, np.float32(1e-6), out=root), out=root)
            score = (root - _ONE) / sixth
            score += sixth
            np.multiply(weights, normal_share(-score), out=both[0])
            score *= score
            score *= np.float32(-0.5)
            root *= root
            np.divide(thick * np.exp(score, out=score), root, out=both[1])
            tail, slope = self._by_group.sum(both)
            np.maximum(tail, np.float32(1e-4), out=tail)
            np.minimum(tail, _ONE, out=tail)
            step = np.log(tail * np.float32(20.0))
            step *= tail
            step /= np.maximum(slope, _TINY, out=slope)
            np.maximum(step, np.float32(-0.6) * guess, out=step)
            guess += np.minimum(step, np.float32(1.5) * guess, out=step)
        np.minimum(guess, self._by_group.greatest(np.where(weights > 0.0, percentile, np.float32(0.0))), out=guess)
        return np.where(there, guess, np.float32(np.nan))
