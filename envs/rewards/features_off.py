"""Features that users miss because optional groups of services are switched off."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext


@inlined
def features_off(context: RewardContext, term: Floats) -> None:
    """Minus the share of the optional groups that are off. From -1 to 0.

    Requests succeed without them, so that no other term sees what is missing.
    """
    for n in range(len(term)):
        term[n] -= context.features_off_share[n]
