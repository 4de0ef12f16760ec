"""Everything that reward terms are computed from.

Legend: N stands, T reward buckets of the step, S services, P optional groups.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.kernels.levels import ServiceLevels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class RewardContext(NamedTuple):
    """One control step of N stands."""

    levels: ServiceLevels
    """[N, T, ...]"""
    cost_millicores: Floats
    """[N, T] CPU reserved; NaN or negative where unknown."""
    baseline_cost_millicores: Floats
    """[N] as measured over the warm-up."""
    baseline_replicas: int
    """Replicas of the whole untouched stand."""
    num_restarts: NDArray[np.float32]
    """[T, N, S] containers that restarted, whatever the cause; NaN or negative where unknown."""
    num_changes: Ints
    """[N] operator commands that changed the stand; finding it as wanted is no change."""
    num_replicas_touched: Ints
    """[N] replicas added, removed or rolled by them."""
    num_unsafe: Ints
    """[N] actions that were rejected, failed, or disrupted a service again too soon."""
    groups_enabled: Bools
    """[N, P] which of the application's optional groups are switched on."""
    escalated: Bools
    """[N] whether this step's action handed over to a person."""
    emergency: Bools
    """[N] whether this step ended the episode as an emergency."""
    remaining_steps: Ints
    """[N] control steps that the scenario had left after this one."""
