import numpy as np

from clusters.k3s.health import judge
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow
from tests.stands import APPLICATION

NUM_BUCKETS = 6


def window(*, offered: float = 5.0, errors: float = 0.0, p95: float = 50.0) -> TelemetryWindow:
    """The same figures for every journey and bucket."""
    journeys = np.zeros((NUM_BUCKETS, len(APPLICATION.journeys), len(JOURNEY_SIGNALS)), dtype=np.float32)
    names = [signal.name for signal in JOURNEY_SIGNALS]
    for name, value in (
        ("offered_rate_rps", offered),
        ("error_ratio", errors),
        ("latency_p95_milliseconds", p95),
    ):
        journeys[:, :, names.index(name)] = value
    return TelemetryWindow(
        bucket_seconds=10.0,
        times_ns=np.arange(NUM_BUCKETS) * 10_000_000_000,
        nodes=np.zeros((NUM_BUCKETS, len(APPLICATION.services), len(NODE_SIGNALS)), dtype=np.float32),
        edges=np.zeros((NUM_BUCKETS, len(APPLICATION.edges), len(EDGE_SIGNALS)), dtype=np.float32),
        journeys=journeys,
        stand=np.zeros((NUM_BUCKETS, len(STAND_SIGNALS)), dtype=np.float32),
    )


def test_a_healthy_stand_is_told_with_every_journeys_figures() -> None:
    seen, wrong = judge(window(), APPLICATION)
    assert wrong == ""
    assert all(goal.name in seen for goal in APPLICATION.journeys)


def test_a_missed_objective_is_named_with_what_was_seen() -> None:
    _, wrong = judge(window(errors=0.5), APPLICATION)
    assert "checkout 50.0% errors (at most 2.0%)" in wrong
    _, wrong = judge(window(p95=300.0), APPLICATION)
    assert "view_cart" in wrong
    assert "p95 300 ms (at most 200)" in wrong
    assert "browse" not in wrong, "its objective is 400 ms"


def test_what_went_wrong_early_in_a_warm_up_is_over() -> None:
    early = window()
    early.journeys[:3, :, 1] = 1.0
    assert judge(early, APPLICATION)[1] == ""


def test_one_slow_request_in_a_bucket_of_few_is_no_illness() -> None:
    bumpy = window()
    bumpy.journeys[-1, :, [s.name for s in JOURNEY_SIGNALS].index("latency_p95_milliseconds")] = 9000.0
    assert judge(bumpy, APPLICATION)[1] == ""


def test_errors_are_those_of_all_requests_of_the_time() -> None:
    few = window(offered=100.0)
    few.journeys[-1, :, 0], few.journeys[-1, :, 1] = 1.0, 1.0
    assert judge(few, APPLICATION)[1] == ""


def test_without_requests_nothing_is_claimed() -> None:
    quiet = window(offered=0.0, errors=np.nan, p95=np.nan)
    assert judge(quiet, APPLICATION) == ("over 30 s: no requests", "")
