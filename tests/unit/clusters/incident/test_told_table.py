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


def finding(incident: PlayedIncident, bucket: int, severity: str, *, call: bool = False) -> Finding:
    return Finding(
        time_ns=int(incident.window.times_ns[0, bucket]),
        affected_services=("cart",),
        affected_edges=(("checkout", "cart"),) if call else (),
        symptom_class="SLOLatency",
        severity=severity,
        explanation=f"<{severity}>",
        suggested_root_cause=None,
    )


def test_a_check_that_comes_and_goes_is_one_row_and_the_most_severe_comes_first(quiet: PlayedIncident) -> None:
    findings = (
        finding(quiet, 0, "warning", call=True),
        finding(quiet, 2, "warning"),
        finding(quiet, 4, "ok"),
        finding(quiet, 8, "critical"),
        finding(quiet, 9, "ok"),
    )
    told = replace(quiet, streams=StandStreams(coroot_findings=findings))
    about_cart, about_call = finding_rows(told)
    start = -quiet.shown_warmup_seconds
    assert (about_cart.service, about_cart.what, about_cart.count) == ("cart", "SLOLatency: critical", 2)
    assert about_cart.time == f"from {start + 20:.0f} s to {start + 90:.0f} s"
    assert (about_call.service, about_call.time) == ("checkout to cart", f"from {start:.0f} s on")
    page = render(told, "x")
    assert "&lt;critical&gt;" in page
    assert "What Kubernetes told" not in page
