"""Which scenario a reset plays, and what `info` says of it: shared by the single and the vector environment."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clusters.scenario import Scenario, Split
from envs.scenarios.generator import scenarios_of_seeds
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.scenarios.named import named_scenario
from envs.scenarios.splits import SEED_RANGES
from envs.time_scales import TimeScales
from ray_configs.errors import UserError

TRAIN_SEEDS = SEED_RANGES[Split.TRAIN]
MAX_STAND_SEED = 2**31
_HALF_BITS = 32


Episode = tuple[Scenario, int]
"""The scenario and the stand's seed."""


def choose_episodes(
    application: str,
    options: Mapping[str, Any] | None,
    time_scales: TimeScales,
    rngs: Sequence[np.random.Generator],
    menu: ScenarioMenu = CORE,
) -> list[Episode]:
    """The next episode of each generator; without options a training scenario of the menu is drawn.

    Raises:
        UserError: `options["scenario"]` is neither a scenario nor the name of one, or there is another option.
    """
    scenario_seeds, stand_seeds = [], []
    for rng in rngs:
        word = rng.bit_generator.random_raw()  # a bounded integer each would take ten times as long
        scenario_seeds.append(TRAIN_SEEDS[(word >> _HALF_BITS) * len(TRAIN_SEEDS) >> _HALF_BITS])
        stand_seeds.append(word % MAX_STAND_SEED)
    wanted = wanted_scenario(options, time_scales)
    if wanted is not None:
        return [(wanted, stand_seed) for stand_seed in stand_seeds]
    drawn = scenarios_of_seeds(application, scenario_seeds, time_scales, menu)
    return list(zip(drawn, stand_seeds, strict=True))


def wanted_scenario(options: Mapping[str, Any] | None, time_scales: TimeScales) -> Scenario | None:
    """The scenario that a reset's options name; None: one is to be drawn.

    Raises:
        UserError: `options["scenario"]` is neither a scenario nor the name of one, or there is another option.
    """
    if not options:
        return None
    unknown = sorted(set(options) - {"scenario"})
    if unknown:
        raise UserError(f"reset has no option {unknown[0]!r}; the only one is 'scenario'")
    wanted = options.get("scenario")
    match wanted:
        case None:
            return None
        case str():
            return named_scenario(wanted, time_scales)
        case Scenario():
            return wanted
    raise UserError(f"option 'scenario' is a {type(wanted).__name__}; give a Scenario or the name of one")


def reset_info(scenario: Scenario) -> dict[str, Any]:
    """What a policy may know of its episode. A drawn name holds a seed, never what is broken."""
    return {"time_seconds": 0.0, "scenario": scenario.name, "candidates": scenario.candidates}
