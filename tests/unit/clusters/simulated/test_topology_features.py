"""What an application may say beyond calls and CPU costs, each by what it does to a running stand."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.commands import (
    ClearFault,
    Command,
    FailService,
    Restart,
    ScaleWorkload,
    SetFlag,
    SetGroup,
    ShiftTraffic,
    SlowService,
    StressCpu,
)
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application
from tests.stands import Floats, edge, journey, node, running, scenario

STANDS = 4
MEBIBYTE = 2.0**20


def do(stands: SimulatedStands, *commands: Command) -> None:
    """Apply commands to every stand; none is refused."""
    for n in range(stands.num_stands):
        for command in commands:
            assert stands.apply(n, command).message == ""


def asking(application: Application, rate_rps: float) -> SimulatedStands:
    """Stands whose users only ask the assistant."""
    shares = tuple(float(request.name == "ask_assistant") for request in application.request_types)
    base = scenario(rate_rps, application=application)
    asked = replace(base, workload=replace(base.workload, mix=shares))
    stands = SimulatedStands(application, STANDS)
    stands.reset(range(STANDS), [asked] * STANDS, range(STANDS))
    return stands


def good(stands: SimulatedStands, name: str, seconds: float = 60.0) -> float:
    """Good ratio of a journey over the last seconds, mean over the stands."""
    return float(np.nanmean(journey(stands.observe(seconds, 10.0), name, "good_ratio", stands.application)))


def succeeded_rps(window: TelemetryWindow, source: str, target: str, application: Application) -> Floats:
    """[N] attempts along an edge that were answered without an error."""
    rate = edge(window, source, target, "request_rate_rps", application)
    rps: Floats = (rate * (1.0 - edge(window, source, target, "error_ratio", application))).mean(axis=-1)
    return rps


class TestOwnRate:
    """`max_rate_rps`: a language model's quota."""

    def test_within_it_nothing_is_refused(self) -> None:
        application = load_application("review-store")
        stands = asking(application, 4.0)
        stands.advance(120.0)
        assert good(stands, "ask_assistant") > 0.97

    def test_beyond_it_the_rest_is_refused_and_retried(self) -> None:
        application = load_application("review-store")
        limit = application.service("llm").max_rate_rps
        assert limit is not None
        stands = asking(application, 14.0)
        stands.advance(120.0)
        window = stands.observe(60.0, 10.0)
        assert edge(window, "product-reviews", "llm", "request_rate_rps", application).mean() > 1.5 * limit
        assert succeeded_rps(window, "product-reviews", "llm", application) == pytest.approx(limit, rel=0.1)
        assert good(stands, "ask_assistant") < 0.6

    def test_more_of_its_cpu_is_no_help(self) -> None:
        """What is refused for the rate costs nothing, so the service is not busy."""
        application = load_application("review-store")
        stands = asking(application, 14.0)
        stands.advance(60.0)
        usage = node(stands.observe(60.0, 10.0), "llm", "cpu_usage_millicores", application)
        assert usage.mean() < 0.9 * application.service("llm").cpu_limit_millicores


class TestMessages:
    """`asynchronous`: what is handed over waits at the consumer, whose line has no bound."""

    @pytest.mark.parametrize(
        "fault",
        [
            SlowService(fault_id="f", service="accounting", latency_milliseconds=2000.0),
            FailService(fault_id="f", service="accounting"),
        ],
        ids=["slow", "down"],
    )
    def test_lag_grows_unnoticed_and_is_worked_off(self, fault: Command) -> None:
        application = load_application("async-store")
        stands = running(STANDS, application=application)
        do(stands, fault)
        stands.advance(180.0)
        window = stands.observe(180.0, 10.0)
        lag = node(window, "accounting", "consumer_lag", application)
        assert (np.diff(lag, axis=-1) > 0).mean() > 0.95
        assert lag[:, -1].min() > 400
        assert node(window, "fraud-detection", "consumer_lag", application).max() < 50
        assert good(stands, "checkout", 180.0) > 0.98
        do(stands, ClearFault(fault_id="f"))
        stands.advance(600.0)
        assert node(stands.observe(60.0, 10.0), "accounting", "consumer_lag", application).max() < 50

    def test_what_waits_is_what_was_handed_over_and_not_consumed(self) -> None:
        application = load_application("async-store")
        stands = running(STANDS, application=application)
        do(stands, FailService(fault_id="f", service="accounting"))
        stands.advance(180.0)
        window = stands.observe(180.0, 10.0)
        published = edge(window, "checkout", "kafka", "request_rate_rps", application)
        lag = node(window, "accounting", "consumer_lag", application)
        waiting, handed_over = lag[:, -1] - lag[:, 2], published[:, 3:].sum(axis=-1) * 10.0
        # A queue's noise and that of what telemetry counts are drawn apart, each as of so many Poisson arrivals.
        assert (np.abs(waiting - handed_over) < 4.0 * np.sqrt(2.0 * handed_over)).all()
        assert waiting.mean() == pytest.approx(handed_over.mean(), rel=0.06)

    def test_more_messages_per_order_drown_the_consumers(self) -> None:
        application = load_application("async-store")
        stands = running(STANDS, application=application)
        do(stands, SetFlag(flag="kafkaQueueProblems", variant="on"))
        stands.advance(120.0)
        window = stands.observe(60.0, 10.0)
        for consumer in ("accounting", "fraud-detection"):
            assert node(window, consumer, "consumer_lag", application)[:, -1].min() > 5_000
        assert good(stands, "browse") > 0.98


def test_latency_without_cpu_is_waited_for_and_burns_nothing() -> None:
    application = load_application("review-store")
    stands = running(STANDS, application=application)
    window = stands.observe(60.0, 10.0)
    drawn = node(window, "llm", "latency_mean_milliseconds", application).mean(axis=-1)
    low, high = (
        getattr(application.service("llm").operation("CompleteChat").latency_milliseconds, end)
        for end in ("low", "high")
    )
    assert ((drawn > low) & (drawn < high + 150.0)).all()
    assert drawn.std() > 0.05 * drawn.mean()
    assert journey(window, "ask_assistant", "latency_p95_milliseconds", application).min() > 2 * low
    usage = node(window, "llm", "cpu_usage_millicores", application)
    assert usage.mean() < 0.5 * application.service("llm").cpu_limit_millicores


def test_added_retries_multiply_the_attempts_that_fail() -> None:
    application = load_application("medium-store")
    stands = running(STANDS, application=application)
    before = edge(stands.observe(60.0, 10.0), "frontend", "checkout", "request_rate_rps", application).mean()
    do(stands, SetFlag(flag="paymentUnreachable", variant="on"), SetFlag(flag="frontendRetries", variant="v2"))
    stands.advance(120.0)
    window = stands.observe(60.0, 10.0)
    after = edge(window, "frontend", "checkout", "request_rate_rps", application).mean()
    assert after == pytest.approx(5.0 * before, rel=0.1)
    assert edge(window, "frontend", "checkout", "retry_rate_rps", application).mean() == pytest.approx(
        0.8 * after, rel=0.05
    )
    assert edge(window, "frontend", "cart", "retry_rate_rps", application).mean() < 0.5


class TestLeakPerRequest:
    """`leak_bytes_per_request`: memory grows with what is served, until a restart."""

    def test_memory_grows_as_requests_come(self) -> None:
        application = load_application("medium-store")
        stands = running(STANDS, application=application)
        before = stands.observe(60.0, 10.0)
        do(stands, SetFlag(flag="emailMemoryLeak", variant="1000x"))
        stands.advance(60.0)
        after = stands.observe(60.0, 10.0)
        grown = (
            node(after, "email", "memory_bytes", application)[:, -1]
            - node(before, "email", "memory_bytes", application)[:, -1]
        )
        mails = node(after, "email", "request_rate_rps", application).mean(axis=-1) * 55.0
        assert grown == pytest.approx(mails * 65536.0, rel=0.15)

    def test_it_is_killed_again_and_again_until_the_flag_returns(self) -> None:
        application = load_application("medium-store")
        stands = running(STANDS, application=application)
        do(stands, SetFlag(flag="emailMemoryLeak", variant="1000x"))
        stands.advance(600.0)
        restarts = node(stands.observe(600.0, 10.0), "email", "restarts", application).sum(axis=-1)
        assert restarts.min() >= 2
        assert good(stands, "checkout", 600.0) > 0.95
        do(stands, SetFlag(flag="emailMemoryLeak", variant="off"), Restart(service="email"))
        stands.advance(300.0)
        window = stands.observe(180.0, 10.0)
        assert node(window, "email", "restarts", application).sum() == 0
        memory = node(window, "email", "memory_bytes", application)
        assert abs(memory[:, -1] - memory[:, 0]).max() < MEBIBYTE


def test_a_group_that_is_off_is_not_called_and_holds_nothing() -> None:
    application = load_application("review-store")
    stands = running(STANDS, application=application)
    do(stands, SetGroup(group="reviews", enabled=False))
    stands.advance(120.0)
    window = stands.observe(60.0, 10.0)
    for service in ("product-reviews", "llm"):
        assert node(window, service, "replicas_ready", application).max() == 0
        assert node(window, service, "cpu_usage_millicores", application).max() < 0.1
    assert edge(window, "frontend", "product-reviews", "request_rate_rps", application).max() == 0
    for objective in application.journeys:
        assert good(stands, objective.name) > 0.98
    p95 = journey(window, "ask_assistant", "latency_p95_milliseconds", application)
    assert p95.mean() < 200
    do(stands, SetGroup(group="reviews", enabled=True))
    stands.advance(180.0)
    assert node(stands.observe(60.0, 10.0), "llm", "request_rate_rps", application).min() > 0
    assert good(stands, "ask_assistant") > 0.98


def test_a_flag_of_one_operation_leaves_the_others_alone() -> None:
    application = load_application("review-store")
    stands = running(STANDS, application=application)
    do(stands, SetFlag(flag="llmInaccurateResponse", variant="on"))
    stands.advance(120.0)
    window = stands.observe(60.0, 10.0)
    assert journey(window, "ask_assistant", "error_ratio", application).mean() == pytest.approx(0.1, abs=0.04)
    assert journey(window, "reviews", "error_ratio", application).mean() < 0.005


def test_a_release_settles() -> None:
    application = load_application("small-core")
    stands = running(STANDS, application=application)

    def latency() -> float:
        window = stands.observe(30.0, 10.0)
        return float(node(window, "recommendation", "latency_mean_milliseconds", application).mean())

    healthy = latency()
    do(stands, ShiftTraffic(service="recommendation", release="recommendation-2.3.0", share=1.0))
    stands.advance(90.0)
    assert latency() > 3.0 * healthy
    stands.advance(180.0)
    assert latency() < healthy


@dataclass(frozen=True, kw_only=True)
class Storm:
    """A flag, what triggers the storm of its retries, and what ends that."""

    application: str
    flag: str
    trigger: Command
    end: Command
    name: str
    """The journey that suffers."""


STRESS = StressCpu(fault_id="f", service="checkout", load_ratio=0.8)
STORMS = (
    Storm(
        application="small-core", flag="frontendRetries", trigger=STRESS, end=ClearFault(fault_id="f"), name="checkout"
    ),
    Storm(
        application="medium-store",
        flag="proxyRetries",
        trigger=ScaleWorkload(multiplier=2.5),
        end=ScaleWorkload(multiplier=1.0),
        name="browse",
    ),
)


@pytest.mark.parametrize("storm", STORMS, ids=lambda storm: storm.flag)
def test_a_storm_of_retries_outlives_its_trigger_and_ends_with_the_flag(storm: Storm) -> None:
    application = load_application(storm.application)
    with_flag, without = (running(STANDS, application=application) for _ in range(2))
    do(with_flag, SetFlag(flag=storm.flag, variant="v2"))
    for stands in (with_flag, without):
        stands.advance(60.0)
        assert good(stands, storm.name) > 0.95
        do(stands, storm.trigger)
        stands.advance(60.0)
        do(stands, storm.end)
        stands.advance(300.0)
    assert good(without, storm.name) > 0.95
    assert good(with_flag, storm.name) < 0.2
    do(with_flag, SetFlag(flag=storm.flag, variant="v1"))
    with_flag.advance(180.0)
    assert good(with_flag, storm.name) > 0.95
