"""The price of a person's time."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext


@inlined
def escalation(context: RewardContext, term: Floats) -> None:
    """Minus the steps that were left, where this step handed over. At most 0.

    Escalating ends the episode, so each step not played is charged: worth it only where every other action leaves
    the stand about as badly off as the weight says, step after step.
    """
    for n in range(len(term)):
        term[n] -= context.remaining_steps[n] if context.escalated[n] else 0
