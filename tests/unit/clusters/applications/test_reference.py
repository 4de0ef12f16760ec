"""The applications played request by request: healthy at the nominal rate, and in a storm that outlives its trigger."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from clusters.applications import APPLICATIONS, load_application
from clusters.reference.parameters import Change, Parameters, read_parameters
from clusters.reference.run import ReferenceRun, simulate
from clusters.scenario_columns import columns_of
from clusters.simulated.baseline import fresh_state
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.rules.effects import apply_effects
from clusters.topology import Application
from tests.stands import scenario

BUCKET_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Storm:
    """A flag, and what pushes its callee over its capacity for a minute."""

    application: str
    flag: str
    load: float = 1.0
    """Times the nominal rate."""
    stressed: str = ""
    """A service that loses four fifths of its CPU."""


STORMS = (
    Storm(application="small-core", flag="frontendRetries", stressed="checkout"),
    Storm(application="medium-store", flag="frontendRetries", stressed="checkout"),
    Storm(application="medium-store", flag="proxyRetries", load=2.5),
)


def parameters(application: Application, *, bad_flag: str = "") -> Parameters:
    """Of a stand with one draw of its costs."""
    graph = CompiledGraph(application)
    state = fresh_state(graph, columns_of([scenario(application=application)]), [0])
    state.flag_is_bad[:, 0] = [flag.name == bad_flag for flag in application.flags]
    apply_effects(graph, state, 0)
    return read_parameters(graph, state)


def play(application: Application, start: Parameters, *changes: Change, seconds: float) -> ReferenceRun:
    """A run at the nominal rate."""
    load = scenario(application.nominal_rate_rps, application=application).workload
    return simulate(application, start, load, seconds, BUCKET_SECONDS, 0, changes)


def good_ratio(run: ReferenceRun) -> NDArray[np.float64]:
    """[B, R]"""
    return run.good / np.maximum(run.answered, 1.0)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_request_type_is_healthy_at_the_nominal_rate(name: str) -> None:
    application = load_application(name)
    run = play(application, parameters(application), seconds=180.0)
    assert (run.good.sum(axis=0) / run.answered.sum(axis=0) > 0.97).all()
    assert run.refused.sum() == 0


@pytest.mark.parametrize("storm", STORMS, ids=lambda storm: f"{storm.application}-{storm.flag}")
def test_a_storm_of_retries_outlives_its_trigger(storm: Storm) -> None:
    application = load_application(storm.application)
    ends = {}
    for bad_flag in ("", storm.flag):
        calm = parameters(application, bad_flag=bad_flag)
        trigger = replace(calm, multiplier=storm.load)
        if storm.stressed:
            s = CompiledGraph(application).service_index[storm.stressed]
            trigger = replace(trigger, speed=np.where(np.arange(len(calm.speed)) == s, 0.2 * calm.speed, calm.speed))
        run = play(
            application,
            calm,
            Change(at_seconds=60.0, parameters=trigger),
            Change(at_seconds=120.0, parameters=calm),
            seconds=420.0,
        )
        orders = [r for r, request in enumerate(application.request_types) if request.journey == "checkout"]
        good = good_ratio(run)[:, orders].mean(axis=1)
        assert good[:2].min() > 0.9 and good[3] < 0.5
        ends[bad_flag] = good[-4:].mean()
    assert ends[""] > 0.9
    assert ends[storm.flag] < 0.1
