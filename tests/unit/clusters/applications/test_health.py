"""Every application at its nominal rate, whatever its costs are drawn as: healthy, with room, one known bottleneck."""

import numpy as np
import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.telemetry import TelemetryWindow
from clusters.topology import LOAD_GENERATOR, Application
from tests.stands import Floats, journey, node, running

SEEDS = 16

Healthy = tuple[Application, TelemetryWindow]


@pytest.fixture(scope="module", params=list(APPLICATIONS))
def healthy(request: pytest.FixtureRequest) -> Healthy:
    """Five minutes of 16 stands at the nominal rate, the first minute left out."""
    application = load_application(request.param)
    stands = running(SEEDS, application=application, rate_rps=application.nominal_rate_rps, warmup_seconds=300.0)
    return application, stands.observe(240.0, 10.0)


def utilisation(window: TelemetryWindow, service: str, application: Application) -> Floats:
    """[N] CPU used of the CPU that the ready replicas may use."""
    usage = node(window, service, "cpu_usage_millicores", application)
    limit = node(window, service, "cpu_limit_millicores", application)
    utilised: Floats = (usage / (limit * node(window, service, "replicas_ready", application))).mean(axis=-1)
    return utilised


def test_every_objective_holds_on_every_stand(healthy: Healthy) -> None:
    application, window = healthy
    for objective in application.journeys:
        p95 = journey(window, objective.name, "latency_p95_milliseconds", application)
        # A fifth of room: the noise of a bucket is no incident.
        assert np.nanmean(p95, axis=-1).max() < 0.8 * objective.slo_latency_milliseconds, objective.name
        assert np.nanmean(journey(window, objective.name, "error_ratio", application), axis=-1).max() < 0.005
        assert np.nanmean(journey(window, objective.name, "good_ratio", application), axis=-1).min() > 0.99


def test_every_service_has_work_and_room(healthy: Healthy) -> None:
    application, window = healthy
    for service in application.service_names:
        if service != LOAD_GENERATOR:
            assert 0.1 < utilisation(window, service, application).mean() < 0.6, service


def test_the_frontend_is_the_bottleneck(healthy: Healthy) -> None:
    application, window = healthy
    means = {
        service: float(utilisation(window, service, application).mean())
        for service in application.service_names
        if service != LOAD_GENERATOR
    }
    assert max(means, key=means.__getitem__) == "frontend"
    assert sorted(means.values())[-2] < 0.8 * means["frontend"]


def test_stands_differ_in_their_costs(healthy: Healthy) -> None:
    application, window = healthy
    for service in application.service_names:
        if service != LOAD_GENERATOR:
            drawn = utilisation(window, service, application)
            assert drawn.std() > 0.04 * drawn.mean(), service
