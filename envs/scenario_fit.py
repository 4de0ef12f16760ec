"""Whether scenarios can be played by a control loop."""

import numpy as np

from clusters.scenario_columns import ScenarioColumns
from envs.kernels.scenario_fit import num_unfit
from envs.time_scales import TimeScales
from ray_configs.errors import UserError


def check_fit(scenarios: ScenarioColumns, application: str, scales: TimeScales) -> None:
    """Refuse what cannot be played: nearly all scenarios are drawn and fit, which is asked for all of them at once.

    Raises:
        UserError: a scenario is for another application, or does not fit the time scales.
    """
    horizons, warmups = scenarios.horizon_seconds, scenarios.warmup_seconds
    are_here = scenarios.applications.tolist().count(application) == len(scenarios)
    times = scales.control_step_seconds, scales.observation_window_seconds
    if are_here and not num_unfit(horizons, warmups, *times):
        return
    is_other = scenarios.applications != application
    is_odd = (horizons % scales.control_step_seconds != 0.0) | (horizons <= 0.0)
    is_short = warmups < scales.observation_window_seconds
    for k in np.flatnonzero(is_other | is_odd | is_short).tolist():
        name = scenarios.names[k]
        if is_other[k]:
            raise UserError(f"scenario {name} is for {scenarios.applications[k]}, not {application}; choose another")
        if is_odd[k]:
            raise UserError(
                f"scenario {name} lasts {horizons[k]} s, which is no multiple of the control step of "
                f"{scales.control_step_seconds} s; draw it with the time scales in use"
            )
        raise UserError(
            f"scenario {name} warms up for {warmups[k]} s, less than the observation window of "
            f"{scales.observation_window_seconds} s; draw it with the time scales in use"
        )
