"""Time until every objective is met again."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext
from envs.rewards.step_mean import subtract_step_mean


@inlined
def recovery_time(context: RewardContext, term: Floats) -> None:
    """Minus the share of the step in which any objective was missed. From -1 to 0."""
    subtract_step_mean(context.levels.violated, term)
