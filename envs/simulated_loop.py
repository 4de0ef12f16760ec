"""A control loop over simulated stands: the usual way to get one."""

import math

from clusters.applications import load_application
from clusters.simulated.stands import SimulatedStands
from envs.control_loop import ControlLoop, EpisodeRules
from envs.rewards.reward_function import RewardFunction, RewardWeights
from envs.time_scales import TimeScales


def simulated_stands(
    application: str, num_stands: int, scales: TimeScales, *, missing: float = math.nan
) -> SimulatedStands:
    """Simulated stands that remember enough for every window that a loop of these time scales asks for.

    Args:
        application: name of what runs on each.
        num_stands: N.
        scales: of the loop.
        missing: what stands for a missing value in their telemetry.

    Raises:
        UserError: there is no such application.
    """
    return SimulatedStands(
        load_application(application),
        num_stands,
        bucket_seconds=scales.observation_bucket_seconds,
        history_seconds=scales.warmup_seconds,
        spare_seconds=scales.warmup_seconds,
        missing=missing,
    )


def simulated_loop(
    application: str,
    num_stands: int,
    *,
    time_scales: TimeScales | None = None,
    reward_weights: RewardWeights | None = None,
    rules: EpisodeRules | None = None,
    missing: float = math.nan,
) -> ControlLoop:
    """A loop over `num_stands` simulated stands of an application; None means the defaults.

    With `missing=observation.MISSING` observations are views of the stands' own memory, valid until the next step.

    Raises:
        UserError: there is no such application.
    """
    scales = time_scales or TimeScales()
    stands = simulated_stands(application, num_stands, scales, missing=missing)
    return ControlLoop(stands, time_scales=scales, reward=RewardFunction(reward_weights), rules=rules or EpisodeRules())
