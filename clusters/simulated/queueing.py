"""Formulas for waiting and for the distribution of a sojourn."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from clusters.simulated.parameters import MAX_STATIONARY_UTILISATION

Floats = NDArray[np.float64]

P95_NORMAL: float = 1.6448536269514722
"""95th percentile of the standard normal distribution."""
_TINY = 1e-12
_FAR = 4.0


class Waiting(NamedTuple):
    """First two moments of a waiting time, seconds and seconds squared."""

    mean: Floats
    variance: Floats


class Attempt(NamedTuple):
    """What a caller sees of one attempt that it gives up after a timeout."""

    timeout_ratio: Floats
    mean: Floats
    """Seconds, capped at the timeout."""
    second_moment: Floats


def stationary_waiting(utilisation: Floats, num_servers: Floats, service_seconds: Floats, scv: float) -> Waiting:
    """Waiting before one of m servers in a stable queue with Poisson arrivals.

    Sakasegawa (1977, "An approximation formula Lq ~ alpha rho^beta / (1 - rho)"), scaled by the arrival and service
    variability as Allen and Cunneen do; given that a request waits at all, its wait is taken as exponential.

    Args:
        utilisation: [...] load per server; clipped below 1, where the backlog takes over.
        num_servers: [...] m, at least 1.
        service_seconds: [...] mean service time.
        scv: squared coefficient of variation of the service time.
    """
    rho = np.clip(utilisation, _TINY, MAX_STATIONARY_UTILISATION)
    wait_ratio = np.exp((np.sqrt(2.0 * (num_servers + 1.0)) - 1.0) * np.log(rho))
    mean = (0.5 * (1.0 + scv)) * service_seconds * wait_ratio / (num_servers * (1.0 - rho))
    return Waiting(mean, mean * mean * (2.0 / np.maximum(wait_ratio, 1e-9) - 1.0))


class LogNormal(NamedTuple):
    """Parameters of a lognormal distribution."""

    mu: Floats
    sigma: Floats


def fit_lognormal(mean: Floats, variance: Floats) -> LogNormal:
    """The lognormal with this mean and variance (both in the same unit; the mean positive)."""
    safe = np.maximum(mean, _TINY)
    spread = np.log1p(np.maximum(variance, 1e-6 * safe * safe) / (safe * safe))
    return LogNormal(np.log(safe) - 0.5 * spread, np.sqrt(spread))


def share_within(fitted: LogNormal, limit: Floats | float) -> Floats:
    """P(X <= limit)."""
    share: Floats = ndtr((np.log(limit) - fitted.mu) / fitted.sigma)
    return share


def attempt(fitted: LogNormal, mean: Floats, variance: Floats, timeout: Floats) -> Attempt:
    """Moments of min(X, timeout) for lognormal X, by its partial expectations.

    Where the timeout is so far out that it takes less than 1e-4 of the second moment (most calls, most of the time),
    it is left out, because the normal distribution's tails are the dearest part of a tick.
    """
    z = (np.log(timeout) - fitted.mu) / fitted.sigma
    late, capped_mean, second = np.zeros_like(mean), mean.copy(), variance + mean * mean
    near = np.nonzero(z - 2.0 * fitted.sigma < _FAR)
    z, sigma, limit = z[near], fitted.sigma[near], np.broadcast_to(timeout, mean.shape)[near]
    late[near] = late_near = ndtr(-z)
    capped_mean[near] = mean[near] * ndtr(z - sigma) + limit * late_near
    second[near] = second[near] * ndtr(z - 2.0 * sigma) + limit * limit * late_near
    return Attempt(late, capped_mean, second)
