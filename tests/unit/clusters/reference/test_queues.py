"""Single services against exact formulas."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.clusters.reference.tiny import CPU_MS, chain, load, parameters, play, service, waiting_chance

NETWORK_SECONDS = 0.0005


@pytest.mark.parametrize(("servers", "utilisation"), [(1, 0.7), (3, 0.8)])
def test_processor_sharing_has_the_mean_number_of_a_queue_with_as_many_servers(
    servers: int, utilisation: float
) -> None:
    rate = utilisation * servers * 1000.0 / CPU_MS
    run = play(chain(service("only", replicas=servers)), load(rate), 12_000.0)
    exact = utilisation * servers + waiting_chance(utilisation, servers) * utilisation / (1.0 - utilisation)
    assert run.present[10:, 1].mean() == pytest.approx(exact, rel=0.025)
    assert run.arrivals.sum() / 12_000.0 == pytest.approx(rate, rel=0.005)


def test_latency_follows_from_the_number_by_littles_law() -> None:
    run = play(chain(service("only")), load(60.0), 5_000.0)
    seconds = run.latency_seconds.sum() / run.completions.sum()
    assert run.present[:, 1].mean() == pytest.approx(seconds * run.completions.sum() / 5_000.0, rel=0.005)
    user_seconds = run.user_seconds.sum() / run.answered.sum()
    assert user_seconds == pytest.approx(seconds + NETWORK_SECONDS, rel=1e-3)


def test_one_worker_and_a_bounded_line_refuse_the_share_that_finds_it_full() -> None:
    run = play(chain(service("only", workers=1)), load(150.0), 4_000.0)
    assert run.computing[:, 1].max() <= 1.0 + 1e-9
    # First come first served with one worker is M/M/1 with a bounded line of 8.
    rho, places = 1.5, 9
    chances = rho ** np.arange(places + 1)
    chances /= chances.sum()
    assert run.present[10:, 1].mean() == pytest.approx(chances @ np.arange(places + 1), rel=0.02)
    assert run.refused.sum() / run.arrivals.sum() == pytest.approx(chances[-1], rel=0.02)
    assert run.failed.sum() == pytest.approx(run.refused.sum(), abs=1)


def test_a_closed_loop_sends_no_more_than_its_users_can() -> None:
    users, think = 200.0, 1.0
    application, workload = chain(service("only")), load(users / think)
    start = replace(parameters(application, workload), think_seconds=think)
    run = play(application, workload, 500.0, start=start)
    throughput = run.answered[10:].sum() / 400.0
    assert throughput == pytest.approx(1000.0 / CPU_MS, rel=0.02)
    response = run.user_seconds[10:].sum() / run.answered[10:].sum()
    assert throughput * (think + response) == pytest.approx(users, rel=0.02)
