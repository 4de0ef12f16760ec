"""Features that users miss because optional groups of services are switched off."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext


@inlined
def features_off(context: RewardContext, term: Floats) -> None:
    """Minus the share of the optional groups that are off. From -1 to 0.

    Requests succeed without them, so that no other term sees what is missing.
    """
    enabled = context.groups_enabled
    for n in range(len(term)):
        num_off = 0
        for p in range(enabled.shape[1]):
            num_off += not enabled[n, p]
        term[n] -= num_off / max(enabled.shape[1], 1)
