"""Which scenario a reset plays, and what `info` says of it: shared by the single and the vector environment."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario, Split
from clusters.scenario_columns import ScenarioColumns, columns_of
from envs.scenarios.generator import scenarios_of_seeds
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.scenarios.named import named_scenario
from envs.scenarios.splits import SEED_RANGES
from envs.time_scales import TimeScales
from ray_configs.errors import UserError

TRAIN_SEEDS = SEED_RANGES[Split.TRAIN]
MAX_STAND_SEED = 2**31
_HALF_BITS = 32

Episodes = tuple[ScenarioColumns, NDArray[np.int64]]
"""K scenarios, and the stands' seeds [K]."""


def choose_episodes(
    application: str,
    options: Mapping[str, Any] | None,
    time_scales: TimeScales,
    rngs: Sequence[np.random.Generator],
    menu: ScenarioMenu = CORE,
) -> Episodes:
    """The next episode of each generator; without options a training scenario of the menu is drawn.

    Raises:
        UserError: `options["scenario"]` is neither a scenario nor the name of one, or there is another option.
    """
    # A bounded integer of each generator would take ten times as long as a word.
    words = np.array([rng.bit_generator.random_raw() for rng in rngs], dtype=np.uint64)
    stand_seeds = (words % np.uint64(MAX_STAND_SEED)).astype(np.int64)
    wanted = wanted_scenario(options, time_scales)
    if wanted is not None:
        return columns_of([wanted] * len(rngs)), stand_seeds
    positions = (words >> np.uint64(_HALF_BITS)) * np.uint64(len(TRAIN_SEEDS)) >> np.uint64(_HALF_BITS)
    scenario_seeds = [TRAIN_SEEDS[position] for position in positions.tolist()]
    return scenarios_of_seeds(application, scenario_seeds, time_scales, menu), stand_seeds


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
