"""Whether scenarios can be played by a control loop."""

from clusters.scenario_columns import ScenarioColumns
from envs.kernels.scenario_fit import find_unfit
from envs.time_scales import TimeScales
from ray_configs.errors import UserError


def check_fit(scenarios: ScenarioColumns, application: str, scales: TimeScales) -> None:
    """Refuse what cannot be played.

    Raises:
        UserError: a scenario is for another application, or does not fit the time scales.
    """
    horizons, warmups = scenarios.horizon_seconds, scenarios.warmup_seconds
    applications = scenarios.applications.tolist()
    if applications.count(application) < len(applications):
        other = next(k for k, name in enumerate(applications) if name != application)
        raise UserError(
            f"scenario {scenarios.names[other]} is for {applications[other]}, not {application}; choose another"
        )
    odd, short = find_unfit(horizons, warmups, scales.control_step_seconds, scales.observation_window_seconds)
    if odd < len(horizons):
        raise UserError(
            f"scenario {scenarios.names[odd]} lasts {horizons[odd]} s, which is no multiple of the control step of "
            f"{scales.control_step_seconds} s; draw it with the time scales in use"
        )
    if short < len(warmups):
        raise UserError(
            f"scenario {scenarios.names[short]} warms up for {warmups[short]} s, less than the observation window of "
            f"{scales.observation_window_seconds} s; draw it with the time scales in use"
        )
