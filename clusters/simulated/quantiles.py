"""95th percentiles of mixtures: a service serves several operations, a journey several request types.

One lognormal with the mixture's moments is 20 to 30 % off where a slow part is mixed into a fast one (checkout into
browsing); the mixture of the parts' own lognormals is as good as they are.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.queueing import P95_NORMAL, LogNormal, fit_lognormal
from clusters.simulated.state import StandState, ordered_sum
from clusters.simulated.sums import ChannelSum, OperationSum, RequestSum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NO_REQUESTS = 1e-6
_BISECTIONS = 8
"""Halvings of the logarithm: with parts a factor of 10 apart the answer is within 0.5 %."""


def latency_parts(state: StandState, columns: Ints) -> Floats:
    """[3, O + H + R, N] requests, latency and its square of all operations, then channels, then request types."""
    operations = state.operation_sums[:, :, columns]
    channels = state.channel_sums[:, :, columns]
    requests = state.request_sums[:, :, columns]
    return np.concatenate(
        [
            operations[[OperationSum.REQUESTS, OperationSum.LATENCY, OperationSum.LATENCY_SQUARED]],
            channels[[ChannelSum.REQUESTS, ChannelSum.LATENCY, ChannelSum.LATENCY_SQUARED]],
            requests[[RequestSum.ADMITTED, RequestSum.LATENCY, RequestSum.LATENCY_SQUARED]],
        ],
        axis=1,
    )


def part_groups(graph: CompiledGraph) -> tuple[Ints, ...]:
    """[S + E + J] which parts make up each service, edge and journey, in the application's order."""
    application = graph.application
    first_channel, first_request = graph.num_operations, graph.num_operations + graph.num_channels
    services = [np.flatnonzero(graph.operation_service == s) for s in graph.public_services]
    edges = [first_channel + np.flatnonzero(graph.channel_edge == e) for e in range(len(application.edges))]
    journeys = [first_request + np.flatnonzero(graph.request_journey == j) for j in range(len(application.journeys))]
    return (*services, *edges, *journeys)


def mixture_p95(parts: Floats, groups: Sequence[Ints]) -> Floats:
    """95th percentile of each group's mixture of lognormals.

    Args:
        parts: [3, P, ...] sums of requests, latencies and squared latencies of each part.
        groups: [G] the parts that each group mixes.

    Returns:
        [G, ...] in the latencies' unit; NaN where a group has no requests.
    """
    weight = parts[0]
    some = weight > _NO_REQUESTS
    safe = np.where(some, weight, 1.0)
    mean = np.where(some, parts[1] / safe, 1.0)
    fitted = fit_lognormal(mean, np.where(some, parts[2] / safe, 1.0) - mean * mean)
    own = fitted.mu + P95_NORMAL * fitted.sigma
    result = np.full((len(groups), *weight.shape[1:]), np.nan)
    for g, members in enumerate(groups):
        if len(members):
            present = some[members]
            low = np.where(present, own[members], np.inf).min(axis=0)
            high = np.where(present, own[members], -np.inf).max(axis=0)
            any_present = present.any(axis=0)
            if len(members) > 1:
                shape = LogNormal(fitted.mu[members], fitted.sigma[members])
                low = _bisect(np.where(present, weight[members], 0.0), shape, low, high)
            result[g] = np.where(any_present, np.exp(np.where(any_present, low, 0.0)), np.nan)
    return result


def _bisect(weight: Floats, shape: LogNormal, low: Floats, high: Floats) -> Floats:
    """[...] logarithm of the mixture's p95, which lies between its parts' least and greatest."""
    target = 0.95 * ordered_sum(weight)
    low, high = np.minimum(low, 700.0), np.maximum(high, -700.0)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        too_low = ordered_sum(weight * ndtr((middle - shape.mu) / shape.sigma)) < target
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return 0.5 * (low + high)
