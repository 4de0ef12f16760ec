"""Synthetic services as real processes that call each other over HTTP and gRPC, and report to a real OTLP receiver."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.integration.clusters.synthetic.pods import Pods, eventually
from tests.integration.clusters.synthetic.store import COMPUTE_MILLISECONDS, WORKERS

SERVICES = ("flagd", "cache", "back", "model", "broker", "worker", "front")


def compute(pods: Pods, name: str, times: int, operation: str = "Compute") -> Counter[str]:
    """Status codes of so many gRPC calls at once."""
    with grpc.insecure_channel(f"127.0.0.1:{pods.plans[name].port}") as channel:
        call = channel.unary_unary(f"/back/{operation}")

        def ask(_: int) -> str:
            try:
                call(b"", timeout=30.0)
            except grpc.RpcError as error:
                return str(error.code().name)
            return "OK"

        with ThreadPoolExecutor(times) as threads:
            return Counter(threads.map(ask, range(times)))


def test_a_request_becomes_one_trace_along_the_graph(pods: Pods) -> None:
    status, trace_id = pods.traced("front", "/Read")
    assert status == 200
    trace = pods.trace(trace_id, 9)
    kinds = Counter((span.service, span.name, span.kind) for span in trace)
    assert kinds == {
        ("front", "Read", "SERVER"): 1,
        ("front", "Get", "CLIENT"): 2,
        ("back", "Get", "SERVER"): 2,
        ("back", "Look", "CLIENT"): 2,
        ("cache", "Look", "SERVER"): 2,
    }
    by_id = {span.id: span for span in trace}
    for span in trace:
        if span.kind == "CLIENT":
            child = next(other for other in trace if other.parent == span.id)
            assert span.attributes["server.address"] == child.service
            assert span.attributes["gym.retry"] == "false"
            assert by_id[span.parent].service == span.service
        assert not span.has_failed


def test_an_unknown_operation_is_not_found(pods: Pods) -> None:
    assert pods.ask("front", "/Fly").status_code == 404
    assert compute(pods, "back", 1, "Fly") == {"UNIMPLEMENTED": 1}


def test_a_flag_makes_calls_fail_that_are_retried_and_then_fail_their_caller(pods: Pods) -> None:
    pods.serve_variant("cacheFailure", "on")
    try:
        eventually(lambda: pods.ask("front", "/Read").status_code == 500, "reading fails")
        status, trace_id = pods.traced("front", "/Read")
        trace = pods.trace(trace_id, 13)
        assert status == 500
    finally:
        pods.serve_variant("cacheFailure", "off")
    # The first of two calls fails three times; the second is not made any more.
    calls = [span for span in trace if (span.service, span.kind) == ("front", "CLIENT")]
    assert [span.attributes["gym.retry"] for span in calls] == ["false", "true", "true"]
    assert all(span.has_failed for span in trace)
    assert {span.attributes["error.type"] for span in calls} == {"internal"}
    eventually(lambda: pods.ask("front", "/Read").status_code == 200, "reading works again")


def test_a_callers_configuration_travels_to_the_service_that_it_changes(pods: Pods) -> None:
    pods.start("front/2", GYM_FLAG_frontClient="v2", GYM_GROUPS_OFF="suggestions")
    try:
        assert pods.ask("front/2", "/Read").status_code == 500
        # The cache does so to all who use it, until its caller's flag is forgotten.
        assert pods.ask("front", "/Read").status_code == 500
        assert pods.reset("cache")["service"]["callers_flags"] == 1
        assert pods.ask("front", "/Read").status_code == 200
        status, trace_id = pods.traced("front/2", "/Suggest")
        assert status == 200
        assert [span.name for span in pods.trace(trace_id, 1)] == ["Suggest"]
    finally:
        assert pods.end("front/2") == 0


def test_messages_wait_at_the_broker_while_their_consumer_is_busy(pods: Pods) -> None:
    def lag() -> float | None:
        return pods.receiver.metric("broker", "kafka.consumer_group.lag", group="worker", topic="Consume")

    status, trace_id = pods.traced("front", "/Order")
    assert status == 200
    consumed = {(span.service, span.kind) for span in pods.trace(trace_id, 5) if span.name == "Consume"}
    assert consumed == {("broker", "PRODUCER"), ("worker", "CONSUMER")}
    assert eventually(lambda: lag() == 0.0, "there is no lag")
    pods.serve_variant("workerSleep", "long")
    try:

        def piles_up() -> bool:
            pods.ask("front", "/Order")
            return (lag() or 0.0) >= 4.0

        eventually(piles_up, "orders pile up")
    finally:
        pods.serve_variant("workerSleep", "off")
    assert pods.reset("broker")["messages"] >= 5
    eventually(lambda: lag() == 0.0, "the lag is gone")


def test_what_an_operation_costs_is_used_on_the_cpu(pods: Pods) -> None:
    def cost_seconds(name: str) -> float:
        before = pods.cpu_seconds(name)
        assert compute(pods, name, 9) == {"OK": 9}
        return pods.cpu_seconds(name) - before

    pods.start("back/2", GYM_RELEASE="back-2")
    try:
        plain = sum(cost_seconds("back") for _ in range(6))
        dearer = sum(cost_seconds("back/2") for _ in range(6))
    finally:
        pods.end("back/2")
    # The sum of 54 exponential draws is within 40 % of its mean, but for one in 300.
    assert plain == pytest.approx(54 * COMPUTE_MILLISECONDS / 1e3, rel=0.5)
    assert 1.5 < dearer / plain < 6.0


def test_more_than_the_line_holds_are_refused(pods: Pods) -> None:
    # The worker is held for 0.8 s: it does not end while the others come.
    outcomes = compute(pods, "back", 9 * WORKERS + 5, "Wait")
    assert outcomes == {"OK": 9 * WORKERS, "UNAVAILABLE": 5}


def test_a_service_accepts_no_more_than_its_own_rate(pods: Pods) -> None:
    with ThreadPoolExecutor(12) as threads:
        statuses = Counter(threads.map(lambda _: pods.ask("model", "/Ask").status_code, range(12)))
    assert statuses[429] > 0
    assert statuses[200] >= 3
    assert set(statuses) == {200, 429}


def test_a_call_that_is_not_required_may_time_out(pods: Pods) -> None:
    status, trace_id = pods.traced("front", "/Hope")
    assert status == 200
    # The callee carries on with what its caller gave up on.
    outcomes = {(span.service, span.kind): span.has_failed for span in pods.trace(trace_id, 3)}
    assert outcomes == {("front", "SERVER"): False, ("front", "CLIENT"): True, ("back", "SERVER"): False}


def test_a_cache_finds_a_user_again(pods: Pods) -> None:
    pods.reset("cache")
    assert [pods.traced("front", "/Read", **{"gym-user": "41"})[0] for _ in range(3)] == [200, 200, 200]
    assert pods.reset("cache")["service"]["entries"] == 1


def test_a_service_that_is_not_called_reports_that_nothing_is_in_it(pods: Pods) -> None:
    for service in SERVICES:
        eventually(
            lambda service=service: pods.receiver.metric(service, "http.server.active_requests") == 0.0,  # type: ignore[misc]
            f"{service} reports",
        )


def test_what_was_not_reported_yet_is_reported_at_the_end(pods: Pods) -> None:
    pods.start("front/3")
    status, trace_id = pods.traced("front/3", "/Read")
    assert pods.end("front/3") == 0
    assert status == 200
    assert {span.service for span in pods.trace(trace_id, 9)} == {"front", "back", "cache"}
