"""The graph that published ratios are measured on is what they say it is, and both sides play the same."""

from dataclasses import replace

import pytest

from clusters.topology import LOAD_GENERATOR
from tests.benchmarks.reference_graph import MIX, NOMINAL_RATE_RPS, STATIONS, build_reference_graph, visits_per_request
from tests.benchmarks.simpy_graph import SimPyGraph
from tests.unit.clusters.reference.tiny import load, play


def test_sixteen_services_make_thirty_calls_and_a_request_visits_eight() -> None:
    application = build_reference_graph()
    assert len([name for name in application.service_names if name != LOAD_GENERATOR]) == 16
    assert len([edge for edge in application.edges if edge.source != LOAD_GENERATOR]) == 30
    assert sum(visits_per_request().values()) == pytest.approx(8.2, abs=0.05)
    busy = [station.utilisation for station in STATIONS.values()]
    assert (min(busy), max(busy)) == (0.41, 0.83)


def test_the_reference_and_simpy_have_as_many_requests_under_way() -> None:
    application = build_reference_graph()
    workload = replace(load(NOMINAL_RATE_RPS), mix=tuple(MIX.values()))
    run = play(application, workload, 2000.0)
    visits = run.completions.sum() / run.answered.sum()
    assert visits == pytest.approx(8.24, rel=0.01)
    anchor = SimPyGraph(application, NOMINAL_RATE_RPS, seed=0)
    under_way = []
    for _ in range(300):
        anchor.run(1.0)
        under_way.append(anchor.num_sent - anchor.num_answered)
    # Processor sharing and first come first served have the same mean number where CPU times are exponential.
    assert sum(under_way[50:]) / 250 == pytest.approx(run.present[10:, 1].mean(), rel=0.15)
