"""The stationary queue of m servers, tabulated: what a reflected Brownian motion must be mapped to to have its mean.

The number of requests of a queue is a birth-death process. Far from zero it moves as a Brownian motion Y with drift
(arrival rate - service rate) and variance (arrival rate + service rate) that is reflected at zero; Y's stationary
distribution is exponential with mean y = (1 + rho) / (2 (1 - rho)) (Harrison 1985, "Brownian motion and stochastic flow
systems"). The number waiting is taken as max(0, Y - shift): the shift is chosen so that its mean is Erlang's exact one,
shift = y ln(y / waiting), and hardly depends on rho near 1, so that it also holds in overload.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.kernels.queues import Tables

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_RHO_STEPS = 128
_MAX_RHO = 0.992
"""Beyond, the shift is taken as here."""
_SERVERS = np.array(
    [*np.arange(1.0, 4.0, 0.25), *np.arange(4.0, 8.0, 0.5), *np.arange(8.0, 24.0, 1.0), *np.geomspace(24.0, 4096.0, 40)]
)


ROW_LENGTH = _RHO_STEPS + 1
"""Of the tables."""


def server_rows(num_servers: Floats) -> Ints:
    """Where queues of so many servers stand in the table (the nearest number there is)."""
    return np.searchsorted(server_middles(), num_servers).astype(np.int64) * ROW_LENGTH


@cache
def server_middles() -> NDArray[np.float64]:
    """Half way between the numbers of servers that are tabulated."""
    middles: NDArray[np.float64] = 0.5 * (_SERVERS[1:] + _SERVERS[:-1])
    return middles


@cache
def tables() -> Tables:
    """For so many servers and loads; what lies between two loads is linear."""
    rho = np.minimum(np.arange(_RHO_STEPS + 2) / _RHO_STEPS, _MAX_RHO)
    shifts = np.empty((len(_SERVERS), len(rho)))
    spreads = np.empty_like(shifts)
    for i, servers in enumerate(_SERVERS):
        for j, load in enumerate(rho):
            shifts[i, j], spreads[i, j] = _entry(float(max(load, 1.0 / _RHO_STEPS)), float(servers))
    slopes = np.diff(shifts, axis=1)
    return Tables(
        shifts=shifts[:, :-1].astype(np.float32).ravel(),
        slopes=slopes.astype(np.float32).ravel(),
        spreads=spreads[:, :-1].astype(np.float32).ravel(),
        num_steps=np.float32(_RHO_STEPS),
        most_load=np.float32(_MAX_RHO),
    )


def _entry(rho: float, servers: float) -> tuple[float, float]:
    """Shift, and spread: variance of the time average of the number in the system over the Brownian motion's.

    By summing the birth-death chain: service at rate min(n, m), arrivals at rate rho m.
    """
    size = int(servers + 6.0 * np.sqrt(servers) + 30.0 / (1.0 - rho) + 10.0)
    rate = rho * servers
    number = np.arange(size)
    log_odds = np.concatenate([[0.0], np.cumsum(np.log(rate) - np.log(np.minimum(number[1:], servers)))])
    share = np.exp(log_odds - log_odds.max())
    share /= share.sum()
    waiting = float((share * np.maximum(number - servers, 0.0)).sum())
    level = (1.0 + rho) / (2.0 * (1.0 - rho))
    shift = level * np.log(level / max(waiting, 1e-12))
    # Whitt (1992, "Asymptotic formulas for Markov processes with applications to simulation"): birth-death processes.
    mean = float((share * number).sum())
    below = np.cumsum((number - mean) * share)[:-1]
    known = share[:-1] > 1e-15
    variance = 2.0 * float((below[known] ** 2 / (rate * share[:-1][known])).sum()) * servers
    brownian = (1.0 + rho) ** 3 / (2.0 * (1.0 - rho) ** 4)
    return min(shift, 60.0), variance / brownian
