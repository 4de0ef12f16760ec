"""Requests are neither made nor lost on the way: what is sent arrives, what arrives is answered or waits.

Legend: T buckets, S services, E edges.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.applications import APPLICATIONS, load_application
from clusters.commands import ClearFault, KillPods, LosePackets, SetRateLimit, ShapeWorkload, StressCpu
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    TelemetryWindow,
    signal_index,
)
from clusters.topology import LOAD_GENERATOR, Application
from tests.property.random_commands import random_command
from tests.stands import scenario

SECONDS = 120.0
RELATIVE, ABSOLUTE_RPS = 2e-3, 2e-3
"""Telemetry is float32, and the smallest flows are less than a request in a bucket."""
CATALOGUE, NUM_STANDS = "product-catalog", 64
UNACCOUNTED = 0.005
"""Of the arrivals, in the mean over NUM_STANDS: a queue's course is drawn, not summed up from single requests."""

seeds = st.integers(0, 2**31 - 1)
levels = st.sampled_from([0.1, 0.7, 1.0, 1.5, 3.0])
applications = st.sampled_from(sorted(APPLICATIONS))


@settings(deadline=None, max_examples=16, derandomize=True)
@given(name=applications, level=levels, seed=seeds)
def test_what_callers_send_arrives_at_the_callee(name: str, level: float, seed: int) -> None:
    """Whatever is broken but for lost packets: those never arrive."""
    application = load_application(name)
    window = played(application, level, seed)
    nodes = rate(window.nodes, NODE_SIGNALS)  # [T, S]
    edges = rate(window.edges, EDGE_SIGNALS)  # [T, E]
    for service in application.service_names:
        into = [row for row, edge in enumerate(application.edges) if edge.target == service]
        if into:
            arrived = nodes[:, application.service_names.index(service)]
            np.testing.assert_allclose(edges[:, into].sum(axis=1), arrived, RELATIVE, ABSOLUTE_RPS, err_msg=service)


@settings(deadline=None, max_examples=16, derandomize=True)
@given(name=applications, level=levels, seed=seeds, limit=st.sampled_from([0.2, 0.8, 1.2]))
def test_what_users_want_is_admitted_or_refused_at_the_entry(name: str, level: float, seed: int, limit: float) -> None:
    application = load_application(name)
    rng = np.random.default_rng(seed)
    request_type = str(rng.choice([request.name for request in application.request_types]))
    stands = SimulatedStands(application, 1, history_seconds=SECONDS)
    at_rate = scenario(level * application.nominal_rate_rps, application=application, warmup_seconds=30.0)
    stands.reset([0], [at_rate], [seed])
    stands.apply(0, SetRateLimit(limit_rps=limit * application.nominal_rate_rps))
    stands.apply(0, ShapeWorkload(request_type=request_type, factor=0.5))
    stands.advance(SECONDS)
    window = stands.observe(SECONDS, 10.0).of_stand(0)
    offered = window.stand[:, signal_index(STAND_SIGNALS, "offered_rate_rps")]
    by_journey = window.journeys[..., signal_index(JOURNEY_SIGNALS, "offered_rate_rps")]
    errors = np.nan_to_num(window.journeys[..., signal_index(JOURNEY_SIGNALS, "error_ratio")])
    entries = [row for row, edge in enumerate(application.edges) if edge.source == LOAD_GENERATOR]
    admitted = rate(window.edges, EDGE_SIGNALS)[:, entries].sum(axis=1)
    np.testing.assert_allclose(by_journey.sum(axis=1), offered, RELATIVE, ABSOLUTE_RPS)
    assert (admitted <= offered * (1 + RELATIVE) + ABSOLUTE_RPS).all()
    not_admitted = offered - admitted
    failed = (by_journey * errors).sum(axis=1)
    assert (failed >= not_admitted - RELATIVE * offered - ABSOLUTE_RPS).all(), "who is not admitted is an error"


@settings(deadline=None, max_examples=12, derandomize=True)
@given(
    name=applications,
    level=st.floats(0.3, 1.3),
    load_ratio=st.floats(0.2, 0.97),
    kills=st.booleans(),
)
def test_what_arrives_is_passed_on_refused_or_waits(name: str, level: float, load_ratio: float, kills: bool) -> None:
    """At the catalogue, of which every execution asks the database once: under a stress, and while it recovers."""
    application = load_application(name)
    stands = SimulatedStands(application, NUM_STANDS, history_seconds=SECONDS + 10.0)
    at_rate = scenario(level * application.nominal_rate_rps, application=application, warmup_seconds=30.0)
    stands.reset(range(NUM_STANDS), [at_rate] * NUM_STANDS, range(NUM_STANDS))
    stress = StressCpu(fault_id="stress", service=CATALOGUE, load_ratio=load_ratio)
    kill = KillPods(fault_id="kill", service=CATALOGUE, period_seconds=40.0)
    for commands in ((stress, kill) if kills else (stress,), (ClearFault(fault_id="stress"),)):
        for stand in range(NUM_STANDS):
            for command in commands:
                stands.apply(stand, command)
        stands.advance(SECONDS)
        arrived, answered, refused, more_waiting = accounts(application, stands.observe(SECONDS + 10.0, 10.0))
        assert abs(arrived - answered - refused - more_waiting) <= UNACCOUNTED * arrived


def accounts(application: Application, window: TelemetryWindow) -> tuple[float, float, float, float]:
    """Requests that arrived at the catalogue, went on to the database, failed, and were added to those inside.

    The first bucket of the window only says who was inside before; means over all stands.
    """
    nodes = window.nodes[:, :, application.service_names.index(CATALOGUE)].astype(np.float64)
    edge = [(edge.source, edge.target) for edge in application.edges].index((CATALOGUE, "postgresql"))
    arriving, errors = rate(nodes, NODE_SIGNALS), nodes[..., signal_index(NODE_SIGNALS, "error_ratio")]
    inside = nodes[..., signal_index(NODE_SIGNALS, "queue_depth")]
    sums = (arriving, rate(window.edges[:, :, edge], EDGE_SIGNALS), arriving * np.nan_to_num(errors))
    arrived, answered, refused = (float(10.0 * values[:, 1:].sum(axis=1).mean()) for values in sums)
    return arrived, answered, refused, float((inside[:, -1] - inside[:, 0]).mean())


def played(application: Application, level: float, seed: int) -> TelemetryWindow:
    """[T, ...] of a stand to which a few random things are done, none of which loses packets."""
    rng = np.random.default_rng(seed)
    stands = SimulatedStands(application, 1, history_seconds=SECONDS)
    at_rate = scenario(level * application.nominal_rate_rps, application=application, warmup_seconds=30.0)
    stands.reset([0], [at_rate], [seed])
    for _ in range(round(SECONDS / 30.0)):
        for command in [random_command(rng, application) for _ in range(2)]:
            if not isinstance(command, LosePackets):
                stands.apply(0, command)
        stands.advance(30.0)
    return stands.observe(SECONDS, 10.0).of_stand(0)


def rate(values: np.ndarray, signals: tuple) -> np.ndarray:  # type: ignore[type-arg]
    return values[..., signal_index(signals, "request_rate_rps")].astype(np.float64)
