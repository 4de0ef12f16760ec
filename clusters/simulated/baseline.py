"""The state that a reset brings stands to: baseline, drawn parameters, the scenario's workload at its start."""

from collections.abc import Sequence

import numpy as np

from clusters.scenario_columns import ScenarioColumns
from clusters.simulated.empty_state import empty_state
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.randomness import PARAMETER_STREAM, seed_words, uniforms
from clusters.simulated.state import StandState
from clusters.stand import StandError


def fresh_state(graph: CompiledGraph, scenarios: ScenarioColumns, seeds: Sequence[int]) -> StandState:
    """One column per scenario, before its warm-up.

    Raises:
        StandError: a scenario is for another application, or its workload cannot be played.
    """
    _check_scenarios(graph, scenarios)
    state = empty_state(graph, len(scenarios))
    state.seed[...] = seed_words(seeds)
    streams = PARAMETER_STREAM + np.arange(2 * graph.num_operations)
    cpu, wait = np.split(uniforms(state.seed, state.tick, streams), 2)
    state.base_demand_ms[...] = graph.cpu_low[:, None] + (graph.cpu_high - graph.cpu_low)[:, None] * cpu
    state.demand_ms[...] = state.base_demand_ms
    seconds = graph.wait_low[:, None] + (graph.wait_high - graph.wait_low)[:, None] * wait
    state.base_added_seconds[...] = state.added_seconds[...] = seconds
    state.rates_rps = np.ascontiguousarray(scenarios.rates_rps.T)
    state.think_seconds[...] = scenarios.think_seconds
    state.rate_count[...] = scenarios.num_rates
    state.rate_step_seconds[...] = scenarios.rate_step_seconds
    state.mix[...] = scenarios.mixes.T
    return state


def _check_scenarios(graph: CompiledGraph, scenarios: ScenarioColumns) -> None:
    application, names = graph.application, scenarios.names
    for k in np.flatnonzero(scenarios.applications != application.name).tolist():
        raise StandError(
            f"scenario {names[k]!r} is for application {scenarios.applications[k]!r}, but this stand runs "
            f"{application.name!r}; reset a stand of that application"
        )
    num_types, mixes = len(application.request_types), scenarios.mixes
    is_mix = np.isclose(mixes.sum(axis=1), 1.0, rtol=1e-5) & (mixes >= 0.0).all(axis=1)
    for k in np.flatnonzero(~is_mix if mixes.shape[1] == num_types else np.ones(len(mixes))).tolist():
        mix = tuple(mixes[k, ~np.isnan(mixes[k])].tolist())
        raise StandError(
            f"scenario {names[k]!r} has the mix {mix}; give {num_types} shares, none negative, that sum to 1"
        )
    is_step = np.arange(scenarios.rates_rps.shape[1]) < scenarios.num_rates[:, None]
    is_rate = np.isfinite(scenarios.rates_rps) & (scenarios.rates_rps >= 0.0)
    is_load = (is_rate | ~is_step).all(axis=1) & (scenarios.num_rates > 0) & (scenarios.rate_step_seconds > 0.0)
    for k in np.flatnonzero(~is_load).tolist():
        raise StandError(
            f"scenario {names[k]!r} has an empty workload or a negative rate in it; give rates of 0 or more"
        )
