"""The state that a reset brings stands to: baseline, drawn parameters, the scenario's workload at its start."""

import math
from collections.abc import Sequence

import numpy as np

from clusters.scenario import Scenario
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.randomness import PARAMETER_STREAM, seed_words, uniforms
from clusters.simulated.state import StandState, empty_state
from clusters.stand import StandError


def fresh_state(graph: CompiledGraph, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> StandState:
    """One column per scenario, before its warm-up.

    Raises:
        StandError: a scenario is for another application, or its workload cannot be played.
    """
    for scenario in scenarios:
        _check_scenario(graph, scenario)
    state = empty_state(graph, len(scenarios))
    state.seed[...] = seed_words(seeds)
    streams = PARAMETER_STREAM + np.arange(2 * graph.num_operations)
    cpu, wait = np.split(uniforms(state.seed, state.tick, streams), 2)
    state.base_demand_ms[...] = graph.cpu_low[:, None] + (graph.cpu_high - graph.cpu_low)[:, None] * cpu
    state.demand_ms[...] = state.base_demand_ms
    seconds = graph.wait_low[:, None] + (graph.wait_high - graph.wait_low)[:, None] * wait
    state.base_added_seconds[...] = state.added_seconds[...] = seconds
    traces = [scenario.workload for scenario in scenarios]
    state.rates_rps = np.zeros((max(len(trace.rates_rps) for trace in traces), len(traces)), dtype=np.float32)
    for n, trace in enumerate(traces):
        state.rates_rps[: len(trace.rates_rps), n] = trace.rates_rps
        state.think_seconds[n] = np.nan if trace.think_seconds is None else trace.think_seconds
    state.rate_count[...] = [len(trace.rates_rps) for trace in traces]
    state.rate_step_seconds[...] = [trace.step_seconds for trace in traces]
    state.mix[...] = np.array([trace.mix for trace in traces]).T
    return state


def _check_scenario(graph: CompiledGraph, scenario: Scenario) -> None:
    application, trace = graph.application, scenario.workload
    where = f"scenario {scenario.name!r}"
    if scenario.application != application.name:
        raise StandError(
            f"{where} is for application {scenario.application!r}, but this stand runs {application.name!r}; "
            "reset a stand of that application"
        )
    num_types = len(application.request_types)
    if len(trace.mix) != num_types or not math.isclose(sum(trace.mix), 1.0, rel_tol=1e-5) or min(trace.mix) < 0:
        raise StandError(f"{where} has the mix {trace.mix}; give {num_types} shares, none negative, that sum to 1")
    rates = trace.rates_rps
    if not rates or not math.isfinite(sum(rates)) or min(rates) < 0 or not trace.step_seconds > 0:
        raise StandError(f"{where} has an empty workload or a negative rate in it; give rates of 0 or more")
