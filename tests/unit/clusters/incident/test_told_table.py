from dataclasses import replace

import pytest

from clusters.incident.page import render
from clusters.incident.playing import PlayedIncident, play
from clusters.incident.told_table import event_rows, finding_rows
from clusters.streams import Finding, K8sEvent, StandStreams
from tests.stands import scenario


@pytest.fixture(scope="module")
def quiet() -> PlayedIncident:
    return replace(play(scenario(60.0), 1, (), 1), streams=StandStreams())


def event(incident: PlayedIncident, seconds: float, reason: str, *, service: str = "cart", count: int = 1) -> K8sEvent:
    start_ns = int(incident.window.times_ns[0, 0])
    return K8sEvent(
        time_ns=start_ns + round((seconds + incident.shown_warmup_seconds) * 1e9),
        kind="Pod",
        name=f"{service}-1-a",
        service=service,
        type="Warning" if reason == "OOMKilling" else "Normal",
        reason=reason,
        message=f"{reason} at {seconds:.0f}",
        count=count,
    )


def test_what_is_told_again_and_again_is_one_row(quiet: PlayedIncident) -> None:
    events = (
        event(quiet, -20.0, "Killing", service="checkout"),
        event(quiet, 90.0, "OOMKilling", count=2),
        event(quiet, 95.0, "Killing"),
        event(quiet, 150.0, "OOMKilling"),
    )
    rows = event_rows(replace(quiet, streams=StandStreams(k8s_events=events)))
    assert [(row.service, row.what, row.time, row.count) for row in rows] == [
        ("checkout", "Killing", "-20 s", 1),
        ("cart", "OOMKilling", "90 to 150 s", 3),
        ("cart", "Killing", "95 s", 1),
    ]
    assert rows[1].message == "OOMKilling at 150"
    assert [row.is_warning for row in rows] == [False, True, False]


def test_findings_name_services_and_calls(quiet: PlayedIncident) -> None:
    finding = Finding(
        time_ns=int(quiet.window.times_ns[0, 0]),
        affected_services=("cart",),
        affected_edges=(("checkout", "cart"),),
        symptom_class="SLOLatency",
        severity="critical",
        explanation="too <slow>",
        suggested_root_cause=None,
    )
    told = replace(quiet, streams=StandStreams(coroot_findings=(finding,)))
    (row,) = finding_rows(told)
    assert row.service == "cart, checkout to cart"
    assert row.what == "SLOLatency: critical"
    page = render(told, "x")
    assert "too &lt;slow&gt;" in page
    assert "What Kubernetes told" not in page
