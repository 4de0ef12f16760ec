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
    for n in range(len(term)):
        total = 0.0
        for t in range(ratios.shape[1]):
            for j in range(ratios.shape[2]):
                if ratios[n, t, j] > 1.0:  # an unknown one is not
                    ratio = ratios[n, t, j] if ratios[n, t, j] < _WORST_RATIO else _WORST_RATIO
                    # To seven places; a library's logarithm might give one stand other bits than a thousand.
                    doublings = np.float64(logarithm(np.float32(ratio))) / _PER_DOUBLING
                    total += (doublings if doublings < WORST_DOUBLINGS else WORST_DOUBLINGS) * weights[n, t, j]
        term[n] -= total / (WORST_DOUBLINGS * ratios.shape[1])
