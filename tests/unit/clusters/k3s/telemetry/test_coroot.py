"""Findings from answers in the shapes that Coroot 1.24 gives."""

from typing import Any

import pytest

from clusters.applications import load_application
from clusters.k3s.telemetry.coroot import Coroot
from clusters.stand import StandError
from tests.plane import free_port
from tests.unit.clusters.k3s.telemetry.servers import answering

APPLICATION = load_application("small-core")
CHECKOUT = "c1:gym-a:Deployment:checkout"
MINUTE_NS = 60 * 10**9


class RecordedCoroot:
    """One stand's checkout, its neighbours, and what is asked for."""

    def __init__(self) -> None:
        self.status, self.link, self.paths = "ok", "ok", list[str]()

    def __call__(self, path: str) -> tuple[int, Any]:
        self.paths.append(path)
        if path == "/api/user":
            return 200, {"projects": [{"id": "p1", "name": "north"}]}
        if path.startswith("/api/project/p1/overview/applications"):
            others = ("c1:gym-b:Deployment:checkout", "c1:gym-a:Deployment:nobody", "c1:gym-a:Deployment:cart")
            applications = [{"id": other, "status": "critical" if "cart" not in other else "ok"} for other in others]
            return 200, {
                "context": {},
                "data": {"applications": [{"id": CHECKOUT, "status": self.status}, *applications]},
            }
        if path.startswith("/api/project/p1/app/c1%3Agym-a%3ADeployment%3Acheckout"):
            return 200, {"context": {}, "data": self.application()}
        return 404, {}

    def application(self) -> dict[str, Any]:
        latency = {"id": "SLOLatency", "status": self.status, "title": "Latency", "message": "12% are slow"}
        return {
            "app_map": {
                "dependencies": [
                    {"id": "c1:gym-a:Deployment:payment", "link_status": self.link},
                    {"id": "external:db", "link_status": "critical"},
                ]
            },
            "reports": [
                {"name": "SLO", "status": self.status, "checks": [latency]},
                {"name": "Net", "checks": [{"id": "NetworkRTT", "status": self.link, "title": "RTT", "message": ""}]},
                {"name": "CPU", "checks": None},
            ],
        }


def told(coroot: Coroot, minute: int = 1) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    findings = coroot.told(APPLICATION, "gym-a", minute * MINUTE_NS, (minute + 1) * MINUTE_NS)
    assert all(minute * MINUTE_NS <= finding.time_ns < (minute + 1) * MINUTE_NS for finding in findings)
    assert all(finding.affected_services[0] == "checkout" for finding in findings)
    return [(finding.symptom_class, finding.severity, finding.affected_edges) for finding in findings]


def test_a_check_is_told_of_when_it_changes_and_when_it_is_over() -> None:
    recorded = RecordedCoroot()
    with answering(recorded) as url:
        coroot = Coroot(url, "north", cluster="north")
        assert told(coroot, 1) == []
        assert recorded.paths[-1].endswith("?from=60000&to=120000"), "a stand that is well costs one request"
        recorded.status = "warning"
        assert told(coroot, 2) == [("SLOLatency", "warning", ())]
        assert told(coroot, 3) == []
        recorded.status = recorded.link = "critical"
        edges = (("checkout", "payment"),)
        assert told(coroot, 4) == [("SLOLatency", "critical", ()), ("NetworkRTT", "critical", edges)]
        recorded.status = recorded.link = "ok"
        assert told(coroot, 5) == [("SLOLatency", "ok", ()), ("NetworkRTT", "ok", ())]
        assert told(coroot, 6) == []
        coroot.close()
    assert recorded.paths.count("/api/user") == 1


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, "", "asks for a login; set authAnonymousRole"),
        (200, "<html>", "answers 200 to /api/user"),
        (200, {"projects": [{"id": "p2", "name": "south"}]}, "has no project 'north': it has south"),
    ],
)
def test_what_is_wrong_with_it_is_one_sentence(status: int, body: Any, words: str) -> None:
    with answering(lambda path: (status, body)) as url:
        coroot = Coroot(url, "north", cluster="north")
        with pytest.raises(StandError, match=f"Coroot of cluster north .*{words}"):
            told(coroot)
        coroot.close()


def test_nobody_listens() -> None:
    coroot = Coroot(f"http://127.0.0.1:{free_port()}", "north", cluster="north")
    with pytest.raises(StandError, match="does not answer"):
        told(coroot)
    coroot.close()
