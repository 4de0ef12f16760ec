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
def judge(
    context: RewardContext, terms: Terms, values: Floats, weights: Floats, counted: Bools, rewards: Floats
) -> None:
    """Compute all terms and what they come to.

    Args:
        context: of the step.
        terms: each [N], filled with what the step says, at most 0, by its weight.
        values: [terms, N] the same memory.
        weights: [terms]
        counted: [N] where it is false, everything is 0.
        rewards: [N] filled with the sum of the terms, one after the other.
    """
    for k in range(values.shape[0]):
        for n in range(values.shape[1]):
            values[k, n] = 0.0
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
    for n in range(len(rewards)):
        rewards[n] = 0.0
    for k in range(values.shape[0]):
        for n in range(values.shape[1]):
            values[k, n] = values[k, n] * weights[k] if counted[n] else 0.0
            rewards[n] += values[k, n]
