"""A control loop over simulated stands: the usual way to get one."""

import math

from clusters.applications import load_application
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.telemetry.scraping import Scraping
from envs.control_loop import ControlLoop, EpisodeRules
from envs.observation import MISSING
from envs.rewards.reward_function import RewardFunction, RewardWeights
from envs.time_scales import TimeScales

SPARE_WINDOWS = 2.0
"""Room for views, in lengths of the history: the last history is moved to its start each time that it is used up."""


def simulated_stands(
    application: str,
    num_stands: int,
    scales: TimeScales,
    *,
    as_views: bool = False,
    scraping: Scraping | None = None,
) -> SimulatedStands:
    """Simulated stands that remember enough for every window that a loop of these time scales asks for.

    Args:
        application: name of what runs on each.
        num_stands: N.
        scales: of the loop.
        as_views: their telemetry has MISSING for what is missing, and memory to spare, so that an observation is a view
            of it; and for warm-ups that are played ahead.
        scraping: how telemetry is collected; None: as it is.

    Raises:
        UserError: there is no such application.
    """
    return SimulatedStands(
        load_application(application),
        num_stands,
        bucket_seconds=scales.observation_bucket_seconds,
        history_seconds=scales.warmup_seconds,
        spare_seconds=SPARE_WINDOWS * scales.warmup_seconds if as_views else 0.0,
        missing=MISSING if as_views else math.nan,
        scraping=scraping,
    )


def simulated_loop(
    application: str,
    num_stands: int,
    *,
    time_scales: TimeScales | None = None,
    reward_weights: RewardWeights | None = None,
    rules: EpisodeRules | None = None,
    as_views: bool = False,
    scraping: Scraping | None = None,
) -> ControlLoop:
    """A loop over `num_stands` simulated stands of an application; None means the defaults.

    With `as_views` observations are views of the stands' own memory, valid until the next step. With `scraping` rewards
    and ends are judged by what was scraped, as on a live stand.

    Raises:
        UserError: there is no such application.
    """
    scales = time_scales or TimeScales()
    stands = simulated_stands(application, num_stands, scales, as_views=as_views, scraping=scraping)
    return ControlLoop(stands, time_scales=scales, reward=RewardFunction(reward_weights), rules=rules or EpisodeRules())
