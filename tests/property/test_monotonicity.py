"""At fixed randomness, more load never lowers p95 on average, and more capacity never raises it."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.applications import APPLICATIONS, load_application
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from clusters.topology import LOAD_GENERATOR, Application
from tests.stands import scenario

NUM_SEEDS, SECONDS = 24, 120.0
TOLERANCE = 0.01
"""Of a p95's mean over seeds, journeys and time: what interpolation in a percentile may cost."""

levels = st.floats(0.3, 1.6)
"""Load over the nominal rate: idle, stable, overloaded."""
factors = st.floats(1.05, 2.0)
applications = st.sampled_from(sorted(APPLICATIONS))


@settings(deadline=None, max_examples=25, derandomize=True)
@given(name=applications, level=levels, factor=factors)
def test_more_load_never_lowers_p95(name: str, level: float, factor: float) -> None:
    application = load_application(name)
    less, more = mean_p95(application, level, level * factor)
    assert more >= (1 - TOLERANCE) * less


@settings(deadline=None, max_examples=25, derandomize=True)
@given(name=applications, level=levels, factor=factors)
def test_more_cpu_never_raises_p95(name: str, level: float, factor: float) -> None:
    application = load_application(name)
    services = tuple(
        replace(service, cpu_limit_millicores=factor * service.cpu_limit_millicores)
        if service.name != LOAD_GENERATOR
        else service
        for service in application.services
    )
    (less,), (more,) = mean_p95(application, level), mean_p95(replace(application, services=services), level)
    assert more <= (1 + TOLERANCE) * less


@settings(deadline=None, max_examples=25, derandomize=True)
@given(name=applications, level=levels, added=st.integers(1, 2))
def test_more_replicas_never_raise_p95(name: str, level: float, added: int) -> None:
    application = load_application(name)
    services = tuple(
        replace(
            service,
            replicas=service.replicas + added,
            max_replicas=max(service.max_replicas, service.replicas + added),
        )
        if service.is_scalable
        else service
        for service in application.services
    )
    (less,), (more,) = mean_p95(application, level), mean_p95(replace(application, services=services), level)
    assert more <= (1 + TOLERANCE) * less


def mean_p95(application: Application, *levels: float) -> tuple[float, ...]:
    """Of all journeys, over the same seeds and the same time, at each level of load."""
    count = len(levels)
    stands = SimulatedStands(application, NUM_SEEDS * count, history_seconds=SECONDS)
    scenarios = [
        scenario(level * application.nominal_rate_rps, application=application, warmup_seconds=60.0)
        for level in levels
        for _ in range(NUM_SEEDS)
    ]
    stands.reset(range(NUM_SEEDS * count), scenarios, list(range(NUM_SEEDS)) * count)
    stands.advance(SECONDS)
    p95 = stands.observe(SECONDS, 10.0).journeys[..., signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")]
    return tuple(float(np.nanmean(part)) for part in np.split(p95, count))
