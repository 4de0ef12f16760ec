"""Everything that reward terms are computed from. Legend: N stands, T reward buckets of the step, S services."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.service_levels import ServiceLevels


@dataclass(frozen=True, kw_only=True)
class RewardContext:
    """One control step of N stands."""

    levels: ServiceLevels
    """[N, T, ...]"""
    cost_millicores: NDArray[np.float64]
    """[N, T] CPU reserved; NaN or negative where unknown."""
    baseline_cost_millicores: NDArray[np.float64]
    """[N] as measured over the warm-up."""
    baseline_replicas: int
    """Replicas of the whole untouched stand."""
    num_restarts: NDArray[np.float64]
    """[N] containers that restarted during the step, whatever the cause."""
    num_changes: NDArray[np.int64]
    """[N] operator commands that changed the stand; finding it as wanted is no change."""
    num_replicas_touched: NDArray[np.int64]
    """[N] replicas added, removed or rolled by them."""
    num_unsafe: NDArray[np.int64]
    """[N] actions that were rejected, failed, or disrupted a service again too soon."""
    features_off_share: NDArray[np.float64]
    """[N] share of the application's optional groups that are switched off."""
    escalated: NDArray[np.bool_]
    """[N] whether this step's action handed over to a person."""
    emergency: NDArray[np.bool_]
    """[N] whether this step ended the episode as an emergency."""
    remaining_steps: NDArray[np.int64]
    """[N] control steps that the scenario had left after this one."""
