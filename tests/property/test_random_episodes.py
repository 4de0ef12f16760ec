"""Whatever is done to stands, their numbers stay numbers: 10,000 episodes of random commands of every kind."""

from typing import get_type_hints

import numpy as np
import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.documents import VERBS
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.state import StandState
from clusters.streams import StreamsSpec
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
from tests.property.random_commands import DRAWS, random_command
from tests.stands import scenario

NUM_EPISODES, BATCH = 10_000, 1_250
WARMUP_SECONDS, EPISODE_SECONDS, STEP_SECONDS = 20.0, 120.0, 30.0
COMMANDS_PER_STEP = 1.5
NUM_TELLING = 3
"""Stands of a batch that are asked for their logs, traces and events: telling takes longer than simulating."""
ALL_STREAMS = StreamsSpec(k8s_events=True, logs=True, spans=True, coroot_findings=True)
LEAST_RATE_RPS = 1e-3
"""One request in a hundred buckets: below that a ratio of requests may be unknown."""

ALWAYS_KNOWN = (
    "cpu_usage_millicores",
    "cpu_limit_millicores",
    "memory_bytes",
    "memory_limit_bytes",
    "restarts",
    "queue_depth",
    "replicas_ready",
    "replicas_desired",
    "request_rate_rps",
)
MAY_BE_NAN = ("rate_limit_rps", "think_seconds", "scaler_target")
MAY_BE_INFINITE = ("effects_due", "kill_period", "kill_next")


def test_every_verb_is_drawn() -> None:
    assert set(DRAWS) == set(VERBS)


@pytest.mark.parametrize("batch", range(NUM_EPISODES // BATCH))
def test_numbers_stay_numbers(batch: int) -> None:
    names = sorted(APPLICATIONS)
    application = load_application(names[batch % len(names)])
    rng = np.random.default_rng(batch)
    stands = SimulatedStands(application, BATCH, history_seconds=WARMUP_SECONDS + EPISODE_SECONDS)
    rates = application.nominal_rate_rps * np.array([0.0, 0.05, 0.5, 1.0, 1.5, 4.0])
    scenarios = [
        scenario(float(rate), application=application, warmup_seconds=WARMUP_SECONDS)
        for rate in rng.choice(rates, BATCH, p=[0.02, 0.08, 0.2, 0.4, 0.2, 0.1])
    ]
    stands.reset(range(BATCH), scenarios, rng.integers(0, 2**31, BATCH).tolist())
    for _ in range(round(EPISODE_SECONDS / STEP_SECONDS)):
        for stand, count in enumerate(rng.poisson(COMMANDS_PER_STEP, BATCH).tolist()):
            for _ in range(count):
                stands.apply(stand, random_command(rng, application))
        stands.advance(STEP_SECONDS)
    window = stands.observe(WARMUP_SECONDS + EPISODE_SECONDS, 10.0)
    check_window(window, application)
    for stand in rng.choice(BATCH, NUM_TELLING, replace=False).tolist():
        check_streams(stands, stand, window.times_ns[stand])
    check_state(stands.snapshot().state)


def check_window(window: TelemetryWindow, application: Application) -> None:
    for values, signals in (
        (window.nodes, NODE_SIGNALS),
        (window.edges, EDGE_SIGNALS),
        (window.journeys, JOURNEY_SIGNALS),
        (window.stand, STAND_SIGNALS),
    ):
        assert not np.isinf(values).any()
        for column, signal in enumerate(signals):
            lowest = np.nanmin(values[..., column], initial=0.0)
            assert lowest >= 0, f"{signal.name} is {lowest}"
    for name in ALWAYS_KNOWN:
        _require_known(window.nodes, NODE_SIGNALS, name, np.True_)
    for values, signals, rate in (
        (window.nodes, NODE_SIGNALS, "request_rate_rps"),
        (window.edges, EDGE_SIGNALS, "request_rate_rps"),
        (window.journeys, JOURNEY_SIGNALS, "offered_rate_rps"),
    ):
        has_requests = values[..., signal_index(signals, rate)] > LEAST_RATE_RPS
        errors = _require_known(values, signals, "error_ratio", has_requests)
        assert np.nanmax(errors, initial=0.0) <= 1.0 + 1e-6
    journeys = window.journeys
    offered = _require_known(journeys, JOURNEY_SIGNALS, "offered_rate_rps", np.True_)
    good = _require_known(journeys, JOURNEY_SIGNALS, "good_ratio", offered > LEAST_RATE_RPS)
    errors = journeys[..., signal_index(JOURNEY_SIGNALS, "error_ratio")]
    assert np.nanmax(good + errors, initial=0.0) <= 1.0 + 1e-5, "a request is good or failed, not both"
    _require_known(window.stand, STAND_SIGNALS, "offered_rate_rps", np.True_)
    _require_known(window.stand, STAND_SIGNALS, "resource_cost_millicores", np.True_)
    ready = window.nodes[..., signal_index(NODE_SIGNALS, "replicas_ready")]
    most = np.array([max(service.max_replicas, service.replicas) for service in application.services])
    assert (ready <= most + 1).all(), "a roll-out surges by one at most"


def check_streams(stands: SimulatedStands, stand: int, times_ns: np.ndarray) -> None:
    start_ns, end_ns = int(times_ns[0]), int(times_ns[-1]) + 10 * 10**9
    told = stands.streams(stand, start_ns, end_ns, ALL_STREAMS)
    services = set(stands.application.service_names)
    for event in told.k8s_events:
        assert event.service in services and event.count > 0 and start_ns <= event.time_ns < end_ns
    for line in told.logs:
        assert line.service in services and line.count > 0 and start_ns <= line.time_ns
    by_id = {(span.trace_id, span.span_id): span for span in told.spans}
    assert len(by_id) == len(told.spans)
    for span in told.spans:
        assert span.service in services and span.duration_ns >= 0
        if span.parent_span_id is not None:
            assert by_id[span.trace_id, span.parent_span_id].time_ns <= span.time_ns, "no child before its parent"


def check_state(state: StandState) -> None:
    for name in get_type_hints(StandState):
        values = getattr(state, name)
        if values.dtype.kind == "f":
            assert name in MAY_BE_NAN or not np.isnan(values).any(), name
            assert name in MAY_BE_INFINITE or not np.isinf(values).any(), name


def _require_known(
    values: np.ndarray, signals: tuple[Signal, ...], name: str, where: np.ndarray | np.bool_
) -> np.ndarray:
    of_signal = values[..., signal_index(signals, name)]
    assert np.isfinite(of_signal[np.broadcast_to(where, of_signal.shape)]).all(), name
    return of_signal
