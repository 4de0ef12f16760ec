"""Requests that failed."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext
from envs.rewards.step_mean import subtract_step_mean_by_load


@inlined
def error_rate(context: RewardContext, term: Floats) -> None:
    """Minus the share of offered requests that failed, shed ones included. From -1 to 0."""
    subtract_step_mean_by_load(context.levels.error_ratio, context.levels.weights, term)
