"""Users who did not get a good answer."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext
from envs.rewards.step_mean import subtract_step_mean


@inlined
def slo_violation(context: RewardContext, term: Floats) -> None:
    """Minus the share of offered requests that were not good. From -1 to 0.

    Offered is what users wanted to send: what was shed, or held back because they were asked to, counts as not good.
    """
    subtract_step_mean(context.levels.bad_share, term)
