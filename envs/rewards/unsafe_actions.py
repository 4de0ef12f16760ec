"""Actions that a careful operator would not take."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext


@inlined
def unsafe_actions(context: RewardContext, term: Floats) -> None:
    """Minus the number of actions that were rejected, failed, or rolled a service again too soon. At most 0."""
    for n in range(len(term)):
        term[n] -= context.num_unsafe[n]
