import numpy as np

from clusters.applications import APPLICATIONS, load_application
from clusters.incident.graph_layout import place_services
from clusters.incident.readings import Readings, last_minute
from clusters.incident.service_graph import affected, box_state, draw_graph, wire_state
from tests.stands import APPLICATION, running


def readings(rate: float, errors: float, slowdown: float, cpu: float) -> Readings:
    return Readings(
        rate_rps=np.array([rate]),
        error_ratio=np.array([errors]),
        slowdown=np.array([slowdown]),
        cpu_share=np.array([cpu]),
    )


def test_callers_stand_left_of_callees_and_no_two_services_on_one_spot() -> None:
    for name in APPLICATIONS:
        application = load_application(name)
        places = place_services(application)
        assert len(set(places.values())) == len(application.services)
        for edge in application.edges:
            assert places[edge.source][0] < places[edge.target][0]


def test_a_healthy_stand_has_nobody_affected() -> None:
    stands = running(1)
    stands.advance(300.0)
    services, edges = last_minute(stands.observe(300.0, 10.0).of_stand(0))
    assert affected(APPLICATION, services, edges) == ([], [])
    drawing = draw_graph(APPLICATION, services, edges)
    assert drawing.count("<rect") == len(APPLICATION.services)
    assert drawing.count("<path") == len(APPLICATION.edges)
    assert "x slower" not in drawing


def test_trouble_is_said_and_coloured() -> None:
    fine = box_state(readings(10.0, 0.0, 1.0, 0.3), 0)
    assert fine["trouble"] == ""
    assert not fine["affected"]
    assert "0%" in fine["fill"]
    failing = box_state(readings(10.0, 0.5, 1.0, 0.3), 0)
    assert failing["trouble"] == "50% fail"
    assert failing["affected"]
    assert "--fail" in failing["fill"]
    slow = box_state(readings(10.0, 0.0, 4.0, 0.3), 0)
    assert slow["trouble"] == "4.0x slower"
    assert "--slow" in slow["fill"]
    assert box_state(readings(10.0, 0.0, 1.0, 0.95), 0)["affected"], "short of CPU"


def test_a_busier_call_is_drawn_wider() -> None:
    widths = [wire_state(readings(rate, 0.0, 1.0, 0.0), 0, busiest_rps=100.0)["width"] for rate in (0.0, 10.0, 100.0)]
    assert widths == sorted(set(widths))
