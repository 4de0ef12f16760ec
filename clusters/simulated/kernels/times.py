"""Cumulants of times over a bucket, from the callees up to the users."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import exponential, greater, lesser, logarithm
from clusters.simulated.kernels.index import Index
from clusters.simulated.parameters import NETWORK_SECONDS
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, ServiceSum

Floats = NDArray[np.float32]

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_THREE = np.float32(3.0)
_PER_SERVER = np.float32(1.25)
_TINY = np.float32(1e-9)
_NO_REQUESTS = np.float32(1e-6)
_LEAST_LOAD = np.float32(1e-4)
_NETWORK_SECONDS = np.float32(NETWORK_SECONDS)
_REQUESTS, _OWN = int(OperationSum.REQUESTS), int(OperationSum.OWN)
_UTILISATION, _CALM, _CPU_SERVERS = int(ServiceSum.UTILISATION), int(ServiceSum.CALM), int(ServiceSum.CPU_SERVERS)
_ATTEMPTS, _LATENCY = int(ChannelSum.REQUESTS), int(ChannelSum.LATENCY)


class Played(NamedTuple):
    """What of a bucket its times follow from; sums as in `sums`."""

    operation_sums: Floats
    service_sums: Floats
    channel_sums: Floats
    own: Floats
    """[O, N] seconds at the service itself, of the last tick: what counts where nobody came."""
    added_seconds: Floats
    """[O, N]"""
    call_rate: Floats
    """[C, N]"""
    call_count: Floats
    """[C, N]"""
    edge_delay_seconds: Floats
    """[E, N]"""


@compiled
def fill_times(index: Index, played: Played, share: np.float32, scv: Floats, times: Floats) -> None:
    """Fill `times` [3, O + H, N]: mean, second and third cumulant of operations, then of channels (without giving up).

    Args:
        index: of the graph.
        played: in the bucket.
        share: one over the bucket's ticks.
        scv: [S, N] room for what is computed in between.
        times: to be filled.
    """
    _spread_of_services(played.service_sums, share, scv)
    for operation in range(len(index.operation_service) - 1, -1, -1):
        _own_times(index, played, scv, operation, times)
        for call in range(index.calls_of_operation[operation], index.calls_of_operation[operation + 1]):
            _add_call(index, played, operation, call, times)
        for channel in range(index.channels_of_operation[operation], index.channels_of_operation[operation + 1]):
            _see_channel(index, played, operation, channel, times)


@inlined
def _spread_of_services(sums: Floats, share: np.float32, scv: Floats) -> None:
    """Fill [S, N] squared coefficients of variation of the time at each service.

    Under processor sharing by one server it is (2 + rho) / (2 - rho) (Coffman, Muntz, Trotter 1970, "Waiting time
    distributions for processor-sharing systems"). The excess over an exponential time's 1 is for m servers the one with
    rho to the power of (5 m - 1) / 4: fitted to the Markov chain of one request and those that share with it, within
    0.04 for 2 to 4 servers and rho of 0.3 to 0.85. In an overload, where everybody shares the CPU with the same growing
    crowd, the excess goes away.
    """
    for s in range(scv.shape[0]):
        for n in range(scv.shape[1]):
            rho = sums[_UTILISATION, s, n] * share
            exponent = _PER_SERVER * sums[_CPU_SERVERS, s, n] * share + (_ONE - _PER_SERVER)
            shared = exponential(exponent * logarithm(greater(rho, _LEAST_LOAD)))
            calm = lesser(sums[_CALM, s, n] * share * _TWO, _ONE)
            scv[s, n] = _ONE + _TWO * calm * shared / (_TWO - rho)


@inlined
def _own_times(index: Index, played: Played, scv: Floats, operation: int, times: Floats) -> None:
    """Begin an operation's cumulants with the time at the service itself and the waits that use no CPU."""
    service = index.operation_service[operation]
    for n in range(times.shape[2]):
        requests = played.operation_sums[_REQUESTS, operation, n]
        mean = played.operation_sums[_OWN, operation, n] / greater(requests, _NO_REQUESTS)
        mean = mean if requests > _NO_REQUESTS else played.own[operation, n]
        second = scv[service, n] * mean * mean
        times[0, operation, n] = mean + played.added_seconds[operation, n]
        times[1, operation, n] = second
        times[2, operation, n] = _TWO * scv[service, n] * mean * second


@inlined
def _add_call(index: Index, played: Played, operation: int, call: int, times: Floats) -> None:
    """Add the calls that an execution makes and waits for: so many independent ones, the last of them perhaps.

    Their number varies as a Bernoulli number with the chance of the last one; `lean` is its third cumulant over its
    variance.
    """
    row = len(index.operation_service) + index.call_channel[call]
    awaited = index.call_awaited[call]
    for n in range(times.shape[2]):
        count, made = played.call_count[call, n], played.call_rate[call, n] * awaited
        chance = count - np.floor(count)
        spread = (_ONE - chance) * chance * made / greater(count, _TINY)
        lean = _ONE - _TWO * chance
        mean, second, third = times[0, row, n], times[1, row, n], times[2, row, n]
        spread *= mean
        times[0, operation, n] += made * mean
        times[1, operation, n] += made * second + spread * mean
        times[2, operation, n] += made * third + (lean * mean * mean + _THREE * second) * spread


@inlined
def _see_channel(index: Index, played: Played, operation: int, channel: int, times: Floats) -> None:
    """Fill a channel's cumulants: the callee's and the way.

    Giving up, loss and refusals change the time that callers see: the shape is kept.
    """
    row, edge = len(index.operation_service) + channel, index.channel_edge[channel]
    spread = index.channel_spread[channel]
    for n in range(times.shape[2]):
        requests = played.channel_sums[_ATTEMPTS, channel, n]
        seen = played.channel_sums[_LATENCY, channel, n] / greater(requests, _NO_REQUESTS)
        mean = times[0, operation, n] + (played.edge_delay_seconds[edge, n] + _NETWORK_SECONDS)
        factor = seen / mean if requests > _NO_REQUESTS else _ONE
        times[0, row, n] = mean * factor
        times[1, row, n] = times[1, operation, n] * (factor * factor) * spread
        times[2, row, n] = times[2, operation, n] * (factor * factor * factor) * spread
