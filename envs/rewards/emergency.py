"""The end of an episode whose stand has been down for long."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext


@inlined
def emergency(context: RewardContext, term: Floats) -> None:
    """Minus the steps that were left, where this step ended in an emergency. At most 0.

    Its weight is the worst that users' terms can add up to: breaking the stand does not shorten the punishment.
    """
    for n in range(len(term)):
        term[n] -= context.remaining_steps[n] if context.emergency[n] else 0
