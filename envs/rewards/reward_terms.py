"""All terms, compiled as one: each alone costs more to be called than what it computes."""

from typing import NamedTuple

from clusters.compiled import compiled
from envs.rewards.emergency import emergency
from envs.rewards.error_rate import error_rate
from envs.rewards.escalation import escalation
from envs.rewards.features_off import features_off
from envs.rewards.instability import instability
from envs.rewards.latency_excess import latency_excess
from envs.rewards.recovery_time import recovery_time
from envs.rewards.resource_cost import resource_cost
from envs.rewards.reward_context import Bools, Floats, RewardContext
from envs.rewards.slo_violation import slo_violation
from envs.rewards.unsafe_actions import unsafe_actions


class Terms(NamedTuple):
    """[N] of each, or one weight of each."""

    slo_violation: Floats
    latency_excess: Floats
    error_rate: Floats
    recovery_time: Floats
    resource_cost: Floats
    features_off: Floats
    instability: Floats
    unsafe_actions: Floats
    escalation: Floats
    emergency: Floats


@compiled
def fill_terms(context: RewardContext, terms: Terms) -> None:
    """Subtract from each term [N], which is 0, what the step says; what comes of it is at most 0."""
    slo_violation(context, terms.slo_violation)
    latency_excess(context, terms.latency_excess)
    error_rate(context, terms.error_rate)
    recovery_time(context, terms.recovery_time)
    resource_cost(context, terms.resource_cost)
    features_off(context, terms.features_off)
    instability(context, terms.instability)
    unsafe_actions(context, terms.unsafe_actions)
    escalation(context, terms.escalation)
    emergency(context, terms.emergency)


@compiled
def weigh(values: Floats, weights: Floats, counted: Bools, rewards: Floats) -> None:
    """Weigh the terms [terms, N] in place, and add them to the rewards [N], one after the other.

    Args:
        values: [terms, N]
        weights: [terms]
        counted: [N] where it is false, everything is 0.
        rewards: [N]
    """
    for k in range(values.shape[0]):
        for n in range(values.shape[1]):
            values[k, n] = values[k, n] * weights[k] if counted[n] else 0.0
            rewards[n] += values[k, n]
