"""How far latency lies beyond its objective."""

import numpy as np

from clusters.compiled import inlined
from clusters.simulated.kernels.arithmetic import logarithm
from envs.rewards.reward_context import Floats, RewardContext

WORST_DOUBLINGS = 3.0
"""At eight times the objective a user has given up: worse does not count more."""
_WORST_RATIO = 2.0**WORST_DOUBLINGS
_PER_DOUBLING = float(np.log(2.0))


@inlined
def latency_excess(context: RewardContext, term: Floats) -> None:
    """Minus the doublings of p95 over the objective, over the worst that counts; by load. From -1 to 0."""
    ratios, weights = context.levels.latency_ratio, context.levels.weights
    num_buckets = ratios.shape[0]
    for t in range(num_buckets):
        for j in range(ratios.shape[1]):
            for n in range(len(term)):
                ratio = ratios[t, j, n] if ratios[t, j, n] > 1.0 else 1.0  # an unknown one is 1
                ratio = ratio if ratio < _WORST_RATIO else _WORST_RATIO
                # To seven places; a library's logarithm might give one stand other bits than a thousand.
                doublings = np.float64(logarithm(np.float32(ratio))) / _PER_DOUBLING
                term[n] -= (doublings if doublings < WORST_DOUBLINGS else WORST_DOUBLINGS) * weights[t, j, n]
    for n in range(len(term)):
        term[n] /= WORST_DOUBLINGS * num_buckets
