"""Drawn scenarios: as columns and as objects they are the same."""

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.fault_events import fault_events
from clusters.fault_rows import command_of, plain
from clusters.scenario_columns import columns_of
from envs.scenarios.generator import scenarios_of_seeds
from envs.scenarios.menus import MENUS
from envs.time_scales import TimeScales

SCALES = TimeScales()


@pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS)
@pytest.mark.parametrize("name", ["small-core", "async-store"])
def test_what_is_played_of_drawn_columns_is_what_their_scenarios_say(menu, name):
    """Fills and evaluations pass objects on, environments columns: both must be the same incident."""
    drawn = scenarios_of_seeds(name, range(300), SCALES, menu)
    scenarios = list(drawn)
    given = columns_of(scenarios)
    for field in ("names", "applications", "candidates", "num_rates", "rate_step_seconds", "mixes", "think_seconds"):
        np.testing.assert_array_equal(getattr(drawn, field), getattr(given, field), field)
    for field in ("warmup_seconds", "horizon_seconds", "num_events"):
        np.testing.assert_array_equal(getattr(drawn, field), getattr(given, field), field)
    for k, scenario in enumerate(scenarios):
        num_rates = len(scenario.workload.rates_rps)
        np.testing.assert_array_equal(drawn.rates_rps[k, :num_rates], given.rates_rps[k, :num_rates])
        ids = drawn.fault_ids[k]
        played = [
            (row.seconds, ids[row.fault], command_of(row, load_application(name), ids[row.fault]), row.is_clearance)
            for row in plain(drawn.events[k, : drawn.num_events[k]])
        ]
        assert played == [tuple(event) for event in fault_events(scenario.faults)]
