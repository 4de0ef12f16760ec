"""What the noise of users' requests comes to inside: flows are means, and what came in a tick is more or less.

Each request type has a Poisson noise of its own, so a service that few requests reach has more of it than the entry.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import between, greater
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.parameters import TICK_SECONDS

Floats = NDArray[np.float32]

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_TINY = np.float32(1e-6)
_TICK = np.float32(TICK_SECONDS)
_MOST = np.float32(4.0)
"""Standard deviations of noise that a queue sees of users' requests."""


class Drawn(NamedTuple):
    """Requests of a tick as drawn, over those of the flow."""

    operations: Floats
    """[O, N]"""
    channels: Floats
    """[H, N]"""
    services: Floats
    """[S, N]"""
    rows: Floats
    """[R + C, N] of users' requests, and of calls: as those of the operation that makes them."""


@compiled
def fill_drawn(index: Index, flow: Flow, entry: Floats, noise: Floats, drawn: Drawn) -> None:
    """Fill `drawn`, callers first.

    A service with more to do than it can passes on what it finishes, however many come: the more its own noise, which
    makes its queue grow, the less.

    Args:
        index: of the graph.
        flow: of the tick.
        entry: [R, N] users' requests that were let in, over those expected.
        noise: [S, N] standard normal, each queue's own.
        drawn: to be filled.
    """
    num_requests = entry.shape[0]
    for r in range(num_requests):
        for n in range(entry.shape[1]):
            drawn.rows[r, n] = entry[r, n]
    drawn.channels[:, :] = _ZERO
    for s in range(drawn.services.shape[0]):
        drawn.services[s, :] = _ZERO
        for o in range(index.operations_of_service[s], index.operations_of_service[s + 1]):
            _weigh(index, flow, drawn, num_requests, o)
            for n in range(entry.shape[1]):
                drawn.services[s, n] += drawn.operations[o, n] * flow.arrivals[o, n]
            for c in range(index.calls_of_operation[o], index.calls_of_operation[o + 1]):
                for n in range(entry.shape[1]):
                    can = flow.service_rate[s, n]
                    finished = greater(_ONE - noise[s, n] / np.sqrt(can * _TICK), _ZERO)
                    is_full = flow.served[s, n] >= can
                    drawn.rows[num_requests + c, n] = finished if is_full else drawn.operations[o, n]
        for n in range(entry.shape[1]):
            came = flow.admitted[s, n] / greater(flow.admitted_ratio[s, n], _TINY)
            drawn.services[s, n] = drawn.services[s, n] / came if came > _TINY else _ONE
    for h in range(drawn.channels.shape[0]):
        for n in range(entry.shape[1]):
            rate = flow.channel_rate[h, n]
            drawn.channels[h, n] = drawn.channels[h, n] / rate if rate > _TINY else _ONE


@inlined
def _weigh(index: Index, flow: Flow, drawn: Drawn, num_requests: int, o: int) -> None:
    """The mean of what arrives at one operation, weighted by how much it is; its part is added to its channels."""
    drawn.operations[o, :] = _ZERO
    for i in range(index.arrivals_of_operation[o], index.arrivals_of_operation[o + 1]):
        row = index.arrival_row[i]
        h = index.request_channel[row] if row < num_requests else index.call_channel[row - num_requests]
        for n in range(drawn.operations.shape[1]):
            came = flow.attempts[row, n] * drawn.rows[row, n]
            drawn.operations[o, n] += came
            drawn.channels[h, n] += came
    for n in range(drawn.operations.shape[1]):
        rate = flow.arrivals[o, n]
        drawn.operations[o, n] = drawn.operations[o, n] / rate if rate > _TINY else _ONE


@compiled
def share_noise(index: Index, flow: Flow, drawn: Drawn, noise: Floats) -> None:
    """Turn `noise` [S, N], each queue's own, into what it is with the noise of the users' requests.

    Arrivals are their share arrivals / (arrivals + services) of a queue's noise. What users' noise leaves of a
    Poisson's variance is the queue's own: of the calls that a request makes only now and then.
    """
    for s in range(noise.shape[0]):
        own = greater(_ONE - index.dispersion[s], _ZERO)
        scale = _ONE / np.sqrt(greater(index.dispersion[s], _ONE))
        for n in range(noise.shape[1]):
            admitted = flow.admitted[s, n]
            of_users = between((drawn.services[s, n] - _ONE) * np.sqrt(admitted * _TICK) * scale, -_MOST, _MOST)
            share = admitted / (admitted + flow.service_rate[s, n])
            noise[s, n] = np.sqrt(share) * of_users + np.sqrt(_ONE - share + share * own) * noise[s, n]
