"""Scenarios and readings for tests that run simulated stands."""

import numpy as np
from numpy.typing import NDArray

from clusters.applications import load_application
from clusters.scenario import Scenario, Split, WorkloadTrace
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    Signal,
    TelemetryWindow,
    signal_index,
)
from clusters.topology import Application

APPLICATION = load_application("small-core")
NOMINAL_RPS = APPLICATION.nominal_rate_rps

Floats = NDArray[np.float32]


def scenario(
    rate_rps: float | tuple[float, ...] = NOMINAL_RPS,
    *,
    warmup_seconds: float = 60.0,
    application: Application = APPLICATION,
) -> Scenario:
    """A healthy scenario at a steady rate (or one rate per minute), with the application's own mix."""
    weights = np.array([request.weight for request in application.request_types])
    rates = rate_rps if isinstance(rate_rps, tuple) else (rate_rps,)
    return Scenario(
        name="test",
        family="none/steady/mild",
        split=Split.TRAIN,
        application=application.name,
        seed=0,
        workload=WorkloadTrace(
            profile="steady", step_seconds=60.0, rates_rps=rates, mix=tuple((weights / weights.sum()).tolist())
        ),
        faults=(),
        candidates=("do_nothing",),
        decision_seconds=0.0,
        warmup_seconds=warmup_seconds,
        horizon_seconds=600.0,
    )


def running(
    num_stands: int,
    *,
    seeds: tuple[int, ...] | None = None,
    rate_rps: float = NOMINAL_RPS,
    warmup_seconds: float = 60.0,
    application: Application = APPLICATION,
) -> SimulatedStands:
    """A batch after its warm-up; stand n has seed n unless told otherwise."""
    stands = SimulatedStands(application, num_stands)
    healthy = scenario(rate_rps, warmup_seconds=warmup_seconds, application=application)
    stands.reset(range(num_stands), [healthy] * num_stands, seeds or range(num_stands))
    return stands


def node(window: TelemetryWindow, service: str, signal: str, application: Application = APPLICATION) -> Floats:
    """[..., T] one signal of one service."""
    return window.nodes[..., application.service_names.index(service), _at(NODE_SIGNALS, signal)]


def edge(
    window: TelemetryWindow, source: str, target: str, signal: str, application: Application = APPLICATION
) -> Floats:
    """[..., T] one signal of one edge."""
    pairs = [(e.source, e.target) for e in application.edges]
    return window.edges[..., pairs.index((source, target)), _at(EDGE_SIGNALS, signal)]


def journey(window: TelemetryWindow, name: str, signal: str, application: Application = APPLICATION) -> Floats:
    """[..., T] one signal of one journey."""
    return window.journeys[..., application.journey_names.index(name), _at(JOURNEY_SIGNALS, signal)]


def stand(window: TelemetryWindow, signal: str) -> Floats:
    """[..., T] one signal of the stand."""
    return window.stand[..., _at(STAND_SIGNALS, signal)]


def _at(signals: tuple[Signal, ...], name: str) -> int:
    return signal_index(signals, name)
