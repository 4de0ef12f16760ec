"""The distribution that telemetry allows for: the lognormal with the recorded mean and 95th percentile.

Where no lognormal has both (its p95 is at most 3.87 times its mean), it is the one that comes nearest.
"""

from math import erfc, exp, log, sqrt

P95_NORMAL = 1.6448536269514722
"""95th percentile of the standard normal distribution."""
_LEAST_SIGMA = 1e-3


def sigma_of(mean: float, p95: float) -> float:
    """Standard deviation of the logarithm: p95 = mean * exp(z * sigma - sigma^2 / 2), solved for its smaller root."""
    ratio = log(max(p95 / mean, 1.0))
    return max(P95_NORMAL - sqrt(max(P95_NORMAL**2 - 2.0 * ratio, 0.0)), _LEAST_SIGMA)


def variance_of(mean: float, p95: float) -> float:
    """In the square of the mean's unit; 0 where nothing was measured."""
    return mean * mean * (exp(sigma_of(mean, p95) ** 2) - 1.0) if mean > 0.0 else 0.0


def share_above(limit: float, mean: float, p95: float) -> float:
    """P(X > limit); 0 where nothing was measured."""
    if not mean > 0.0:
        return 0.0
    sigma = sigma_of(mean, p95)
    return 0.5 * erfc((log(limit / mean) + 0.5 * sigma * sigma) / (sqrt(2.0) * sigma))
