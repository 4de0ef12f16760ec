"""The load generator as a real process: Locust, its routes and ours, against real services."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.clusters.synthetic.pods import Pods, eventually

LOAD = "load-generator"
MIX = (0.75, 0.25)
RATE_RPS = 20.0


@pytest.fixture(autouse=True)
def ended_load(pods: Pods) -> Iterator[None]:
    yield
    pods.ask(LOAD, "/gym/stop")


def begin(pods: Pods, **changes: Any) -> dict[str, Any]:
    trace = {"step_seconds": 3600.0, "rates_rps": [2 * RATE_RPS], "mix": MIX, "think_seconds": None}
    answer = pods.ask(LOAD, "/gym/begin", trace | {"rate_ratio": 0.5, "seed": 1} | changes)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def turn(pods: Pods, knob: str, **values: Any) -> dict[str, Any]:
    answer = pods.ask(LOAD, f"/gym/{knob}", values)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def state(pods: Pods) -> dict[str, Any]:
    return dict(pods.http.get(f"http://127.0.0.1:{pods.plans[LOAD].port}/gym/state").json())


def count(pods: Pods, *outcomes: str) -> int:
    """Requests with one of these outcomes; with none given all."""
    counts = state(pods)["counts"].values()
    return sum(number for of in counts for outcome, number in of.items() if not outcomes or outcome in outcomes)


def locust_row(pods: Pods, name: str) -> dict[str, Any]:
    answer = pods.http.get(f"http://127.0.0.1:{pods.plans[LOAD].port}/stats/requests").json()
    return next((row for row in answer["stats"] if row["name"] == name), {"num_requests": 0})


def test_an_open_loop_sends_the_rate_in_the_mix(pods: Pods) -> None:
    began = time.monotonic()
    assert begin(pods)["offered_rps"] == RATE_RPS
    eventually(lambda: count(pods) >= 150, "150 requests")
    sent, seconds = count(pods), time.monotonic() - began
    # Four standard deviations above a Poisson count; a busy machine is late with answers, never early.
    assert sent < RATE_RPS * seconds + 4.0 * (RATE_RPS * seconds) ** 0.5
    assert pods.ask(LOAD, "/gym/stop").status_code == 200
    eventually(lambda: locust_row(pods, "Aggregated")["num_requests"] == count(pods, "good"), "Locust counts the same")
    reads, orders = locust_row(pods, "read")["num_requests"], locust_row(pods, "order")["num_requests"]
    assert 0.6 < reads / (reads + orders) < 0.9
    assert locust_row(pods, "Aggregated")["num_failures"] == 0


def test_requests_are_spans_of_the_load_generator_and_metrics_of_journeys(pods: Pods) -> None:
    receiver = pods.receiver
    begin(pods)
    eventually(lambda: count(pods, "good") >= 20, "20 good requests")
    turn(pods, "multiplier", multiplier=0.0)

    def reported(journey: str, outcome: str) -> float:
        return receiver.metric(LOAD, "gym.journey.requests", journey=journey, outcome=outcome) or 0.0

    eventually(lambda: sum(reported(journey, "good") for journey in ("reading", "ordering")) >= 20, "they are counted")
    assert receiver.metric(LOAD, "gym.journey.requests", journey="reading", outcome="refused") == 0.0
    assert (receiver.metric(LOAD, "gym.journey.duration", journey="reading") or 0.0) >= 10.0
    roots = [span for span in receiver.spans if span.service == LOAD]
    assert {(span.kind, span.attributes["server.address"]) for span in roots} == {("CLIENT", "front")}
    root = next(span for span in roots if span.name == "Read")
    assert {span.service for span in pods.trace(root.trace, 10)} == {LOAD, "front", "back", "cache"}


def test_a_rate_limit_refuses_and_shaping_holds_back(pods: Pods) -> None:
    begin(pods)
    turn(pods, "shape", request_type="order", factor=0.0)
    limited = turn(pods, "limit", limit_rps=10.0)  # of the application's requests: 5 are admitted
    assert limited["rate_limit_rps"] == 10.0
    assert limited["shape"] == {"read": 1.0, "order": 0.0}
    eventually(lambda: pods.receiver.metric(LOAD, "gym.load.rate_limit") == 5.0, "the limit is reported")
    eventually(lambda: count(pods, "refused") >= 20 and count(pods, "held_back") >= 5, "both happen")
    counts = state(pods)["counts"]
    assert counts["reading"]["held_back"] == 0
    assert counts["ordering"]["refused"] == 0
    assert turn(pods, "limit", limit_rps=None)["rate_limit_rps"] is None
    turn(pods, "shape", request_type="", factor=1.0)
    eventually(lambda: pods.receiver.metric(LOAD, "gym.load.rate_limit") == -1.0, "no limit is reported")
    refused, good = count(pods, "refused"), count(pods, "good")
    eventually(lambda: count(pods, "good") >= good + 30, "requests go through")
    assert count(pods, "refused") == refused


def test_a_closed_loop_has_as_many_users_as_the_rate_needs(pods: Pods) -> None:
    assert begin(pods, think_seconds=0.5)["users"] == 10

    def users() -> int:
        return int(pods.http.get(f"http://127.0.0.1:{pods.plans[LOAD].port}/stats/requests").json()["user_count"])

    eventually(lambda: users() == 10, "ten users")
    eventually(lambda: count(pods, "good") >= 40, "40 good requests")
    turn(pods, "multiplier", multiplier=0.3)
    eventually(lambda: users() == 3, "three users")
    turn(pods, "multiplier", multiplier=2.0)
    eventually(lambda: users() == 20, "twenty users")


def test_failures_count_as_failed_for_users_and_for_locust(pods: Pods) -> None:
    pods.serve_variant("cacheFailure", "on")
    try:
        begin(pods, mix=(1.0, 0.0))
        eventually(lambda: count(pods, "failed") >= 10, "reading fails")
        pods.ask(LOAD, "/gym/stop")
        eventually(lambda: locust_row(pods, "read").get("num_failures") == count(pods, "failed"), "Locust agrees")
    finally:
        pods.serve_variant("cacheFailure", "off")
        eventually(lambda: pods.ask("front", "/Read").status_code == 200, "reading works again")


def test_a_reset_ends_the_load_and_forgets_what_was_turned(pods: Pods) -> None:
    run = begin(pods)["run"]
    turn(pods, "limit", limit_rps=10.0)
    assert pods.reset(LOAD) == {"load": run}
    after = state(pods)
    assert (after["run"], after["rate_limit_rps"], count(pods)) == ("", None, 0)
    answer = pods.ask(LOAD, "/gym/multiplier", {"multiplier": 2.0})
    assert (answer.status_code, answer.json()["message"]) == (400, "no load was begun")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"mix": (1.0,)}, "mix must have 2 shares"),
        ({"rates_rps": []}, "number of rates_rps must be positive"),
        ({"think_seconds": -1.0}, "think_seconds must be positive"),
        ({"seed": "x"}, "invalid literal"),
    ],
)
def test_a_load_that_cannot_be_played_is_refused(pods: Pods, changes: dict[str, Any], complaint: str) -> None:
    trace = {"step_seconds": 1.0, "rates_rps": [1.0], "mix": MIX, "think_seconds": None, "rate_ratio": 1.0, "seed": 1}
    answer = pods.ask(LOAD, "/gym/begin", trace | changes)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


def test_what_is_missing_is_named(pods: Pods) -> None:
    begin(pods)
    answer = pods.ask(LOAD, "/gym/shape", {"factor": 1.0})
    assert (answer.status_code, answer.json()["message"]) == (400, "request_type is missing")
