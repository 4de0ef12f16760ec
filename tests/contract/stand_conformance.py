"""What every stand promises, whatever it runs on: the tests that each backend's module imports.

To hold a new backend to it: a module that gives these fixtures and imports this one's tests.

- `pace`: how fast the backend's time is, and what its machine carries;
- `subject`: a stand that the test resets itself;
- `calm`: a stand after a reset with the healthy scenario, on which nothing that the test does was done before;
- `new_stand`: makes a stand of the test's own, which was never reset;
- `batch`: stands that step together.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from clusters.commands import (
    BreakPort,
    CheckStatus,
    ClearFault,
    Command,
    CommandStatus,
    DelayEdge,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
    Receipt,
    Restart,
    RestartPod,
    Scale,
    ScaleWorkload,
    SetAutoscaler,
    SetFlag,
    SetGroup,
    SetRateLimit,
    SetResources,
    ShapeWorkload,
    ShiftTraffic,
    SlowService,
    StressCpu,
    StressMemory,
)
from clusters.scenario import Scenario
from clusters.stand import Stand, StandBatch, StandError
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from tests.stands import APPLICATION, journey, node, scenario, stand


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What a test may ask of a backend's time and machine."""

    rate_rps: float
    """A load under which users fare well, as a scenario names it."""
    seen_rps: float
    """What telemetry shows of it: less where a small machine is sent a share."""
    warmup_seconds: float
    long_warmup_seconds: float
    settle_seconds: float
    """Within which a command shows its effect."""
    seen_after_seconds: float = 10.0
    """Within which a bucket shows nothing but what is so now: more where telemetry is late."""
    good_share: float = 1.0
    """Share of the buckets of a healthy time in which objectives are met: less than all where a few requests make a
    bucket, and others use the machine."""
    rate_tolerance: float = 0.1
    """Of the mean offered rate: more where few requests come at random times."""
    known_share: float = 1.0
    """Share of the buckets in which a used signal is there: less than all where a bucket may have no request."""

    def healthy(self, *, is_long: bool = False) -> Scenario:
        """A scenario without faults at that load."""
        return scenario(self.rate_rps, warmup_seconds=self.long_warmup_seconds if is_long else self.warmup_seconds)

    def mostly(self, met: NDArray[np.bool_]) -> bool:
        """Whether something holds in as many buckets as can be asked."""
        return bool(met.mean() >= self.good_share)


ACCEPTED: tuple[Command, ...] = (
    Scale(service="checkout", replicas=2),
    Restart(service="cart"),
    RestartPod(service="frontend"),
    SetResources(service="payment", cpu_limit_millicores=500.0),
    SetAutoscaler(service="quote", target_utilisation=0.7, min_replicas=1, max_replicas=4),
    ShapeWorkload(request_type="index", factor=0.5),
    SetFlag(flag="paymentFailure", variant="50%"),
    SetRateLimit(limit_rps=80.0),
    ScaleWorkload(multiplier=1.2),
    StressCpu(fault_id="stress", service="cart", load_ratio=0.5),
    DelayEdge(fault_id="delay", source="checkout", target="payment", latency_milliseconds=100.0),
    KillPods(fault_id="kill", service="quote", period_seconds=60.0),
    LosePackets(fault_id="loss", source="checkout", target="shipping", loss_ratio=0.3),
    StressMemory(fault_id="memory", service="recommendation", load_ratio=0.2),
    LeakMemory(fault_id="leak", service="recommendation", bytes_per_second=1e5),
    SlowService(fault_id="slow", service="postgresql", latency_milliseconds=20.0),
    FailService(fault_id="outage", service="valkey-cart"),
    BreakPort(fault_id="port", service="currency"),
)
REFUSED: tuple[tuple[Command, str], ...] = (
    (Scale(service="basket", replicas=2), "basket"),
    (Scale(service="checkout", replicas=-1), "0 to 6"),
    (Scale(service="load-generator", replicas=1), "load-generator"),
    (Restart(service="basket"), "basket"),
    (SetResources(service="cart", cpu_limit_millicores=0.0), "more than 0"),
    (SetFlag(flag="noSuchFlag", variant="on"), "paymentFailure"),
    (SetFlag(flag="paymentFailure", variant="75%"), "50%"),
    (SetRateLimit(limit_rps=-1.0), "0 or more"),
    (ScaleWorkload(multiplier=-1.0), "0 or more"),
    (StressCpu(fault_id="x", service="cart", load_ratio=1.5), "at most 1"),
    (DelayEdge(fault_id="x", source="cart", target="payment", latency_milliseconds=10.0), "cart->valkey-cart"),
    (KillPods(fault_id="x", service="cart", period_seconds=0.0), "at least"),
    (RestartPod(service="basket"), "basket"),
    (SetResources(service="cart"), "at least one"),
    (SetResources(service="cart", cpu_request_millicores=1e9), "set both"),
    (SetAutoscaler(service="cart", target_utilisation=0.0, min_replicas=1, max_replicas=2), "above 0"),
    (SetAutoscaler(service="cart", target_utilisation=0.5, min_replicas=3, max_replicas=2), "3 to 2"),
    (SetGroup(group="nosuch", enabled=False), "nosuch"),
    (ShiftTraffic(service="cart", release="nosuch", share=0.5), "nosuch"),
    (ShapeWorkload(request_type="nosuch", factor=0.5), "checkout_multi"),
    (ShapeWorkload(request_type="", factor=1.5), "0 to 1"),
    (LosePackets(fault_id="x", source="cart", target="payment", loss_ratio=0.1), "cart->valkey-cart"),
    (LosePackets(fault_id="x", source="cart", target="valkey-cart", loss_ratio=1.1), "at most 1"),
    (StressMemory(fault_id="x", service="cart", load_ratio=0.0), "more than 0"),
    (LeakMemory(fault_id="x", service="cart", bytes_per_second=-1.0), "more than 0"),
    (SlowService(fault_id="x", service="load-generator", latency_milliseconds=5.0), "load-generator"),
    (FailService(fault_id="x", service="basket"), "basket"),
    (BreakPort(fault_id="x", service="basket"), "basket"),
)
OVER_QUOTA: tuple[tuple[Command, str], ...] = (
    (Scale(service="postgresql", replicas=2), "0 to 1"),
    (SetResources(service="cart", cpu_limit_millicores=1e9), "at most"),
    (SetAutoscaler(service="cart", target_utilisation=0.7, min_replicas=1, max_replicas=99), "quota of 6"),
)


def settle(subject: Stand, receipt: Receipt, seconds: float) -> Receipt:
    """Wait until the postcheck is no longer pending."""
    for _ in range(round(seconds / 10.0)):
        receipt = subject.verify(receipt)
        if receipt.postcheck_status is not CheckStatus.PENDING:
            break
        subject.advance(10.0)
    return receipt


def test_a_stand_and_a_batch_have_the_contracts_methods(subject: Stand, batch: StandBatch) -> None:
    assert isinstance(subject, Stand)
    assert isinstance(batch, StandBatch)
    assert subject.application == batch.application == APPLICATION


def test_reset_returns_the_whole_warm_up_of_a_healthy_stand(subject: Stand, pace: Pace) -> None:
    window = subject.reset(pace.healthy(is_long=True), seed=3)
    assert_layout(window, num_buckets=round(pace.long_warmup_seconds / 10.0), bucket_seconds=10.0)
    has_consumers = signal_index(NODE_SIGNALS, "consumer_lag")
    for level in (window.edges, window.journeys, window.nodes[:, 1:, :has_consumers]):
        assert (np.isfinite(level).mean(axis=0) >= pace.known_share).all()
        assert (level[np.isfinite(level)] >= 0.0).all()
    for goal in APPLICATION.journeys:
        assert pace.mostly(journey(window, goal.name, "latency_p95_milliseconds") <= goal.slo_latency_milliseconds)
        assert pace.mostly(journey(window, goal.name, "error_ratio") <= goal.slo_error_ratio)
        assert pace.mostly(journey(window, goal.name, "good_ratio") > 0.95)
    assert stand(window, "offered_rate_rps").mean() == pytest.approx(pace.seen_rps, rel=pace.rate_tolerance)
    assert np.isnan(stand(window, "rate_limit_rps")).all()


def test_what_is_undefined_is_missing_and_not_zero(subject: Stand, pace: Pace) -> None:
    window = subject.reset(scenario(rate_rps=0.0, warmup_seconds=pace.warmup_seconds), seed=0)
    assert (node(window, "cart", "request_rate_rps")[-1] == 0.0).all()
    for signal in ("error_ratio", "latency_mean_milliseconds", "latency_p95_milliseconds"):
        assert np.isnan(node(window, "cart", signal)[-1]).all()
    assert np.isnan(journey(window, "browse", "good_ratio")[-1]).all()


def test_observe_goes_back_as_far_as_asked_and_times_are_contiguous(subject: Stand, pace: Pace) -> None:
    subject.reset(pace.healthy(), seed=0)
    subject.advance(30.0)
    num_known = round((pace.warmup_seconds + 30.0) / 10.0)
    window = subject.observe(10.0 * (num_known + 3), 10.0)
    assert_layout(window, num_buckets=num_known + 3, bucket_seconds=10.0)
    known = np.isfinite(stand(window, "offered_rate_rps"))
    assert known.tolist() == [False] * 3 + [True] * num_known
    coarse = subject.observe(10.0 * num_known, 30.0)
    assert_layout(coarse, num_buckets=num_known // 3, bucket_seconds=30.0)
    fine_rates = stand(window, "offered_rate_rps")[3:].reshape(-1, 3).mean(axis=1)
    np.testing.assert_allclose(stand(coarse, "offered_rate_rps"), fine_rates, rtol=1e-5)


@pytest.mark.parametrize("command", ACCEPTED, ids=lambda command: type(command).__name__)
def test_a_command_is_applied_and_takes_effect(calm: Stand, command: Command, pace: Pace) -> None:
    receipt = calm.apply(command)
    assert receipt.command == command
    assert receipt.precheck_status is CheckStatus.PASSED, receipt.message
    assert receipt.status is CommandStatus.APPLIED, receipt.message
    settled = settle(calm, receipt, pace.settle_seconds)
    assert settled.postcheck_status is CheckStatus.PASSED, settled.message
    assert settled.completed_at_ns >= settled.requested_at_ns
    if not isinstance(command, Restart | RestartPod):
        assert calm.apply(command).status is CommandStatus.ALREADY_THERE


@pytest.mark.parametrize(("command", "named"), REFUSED, ids=lambda value: type(value).__name__)
def test_an_impossible_command_is_rejected_with_the_reason(calm: Stand, command: Command, named: str) -> None:
    receipt = calm.apply(command)
    assert (receipt.precheck_status, receipt.status) == (CheckStatus.FAILED, CommandStatus.REJECTED)
    assert receipt.postcheck_status is CheckStatus.SKIPPED
    assert named in receipt.message
    assert calm.verify(receipt) == receipt


@pytest.mark.parametrize(("command", "named"), OVER_QUOTA, ids=lambda value: type(value).__name__)
def test_a_command_beyond_the_quota_changes_nothing_and_says_what_is_allowed(
    calm: Stand, command: Command, named: str
) -> None:
    receipt = calm.apply(command)
    assert (receipt.precheck_status, receipt.status) == (CheckStatus.FAILED, CommandStatus.QUOTA_EXCEEDED)
    assert not receipt.is_in_force
    assert named in receipt.message


def test_replicas_that_start_leave_the_postcheck_pending(calm: Stand, pace: Pace) -> None:
    receipt = calm.apply(Scale(service="checkout", replicas=3))
    assert receipt.postcheck_status is CheckStatus.PENDING
    settled = settle(calm, receipt, pace.settle_seconds)
    assert settled.postcheck_status is CheckStatus.PASSED
    calm.advance(pace.seen_after_seconds)
    window = calm.observe(10.0, 10.0)
    assert node(window, "checkout", "replicas_ready") == node(window, "checkout", "replicas_desired") == 3.0


def test_a_fault_can_be_cleared_once_and_again_without_harm(calm: Stand) -> None:
    calm.apply(StressCpu(fault_id="stress", service="cart", load_ratio=0.5))
    assert calm.apply(ClearFault(fault_id="stress")).status is CommandStatus.APPLIED
    assert calm.apply(ClearFault(fault_id="stress")).status is CommandStatus.ALREADY_THERE


def test_reset_returns_to_the_baseline(calm: Stand, pace: Pace) -> None:
    for command in ACCEPTED:
        calm.apply(command)
    calm.advance(pace.warmup_seconds)
    window = calm.reset(pace.healthy(is_long=True), seed=1)
    assert (node(window, "checkout", "replicas_desired") == 1.0).all()
    assert (
        node(window, "payment", "cpu_limit_millicores") == APPLICATION.service("payment").cpu_limit_millicores
    ).all()
    assert np.isnan(stand(window, "rate_limit_rps")).all()
    assert pace.mostly(journey(window, "checkout", "good_ratio") > 0.95)
    assert calm.apply(ClearFault(fault_id="kill")).status is CommandStatus.ALREADY_THERE


def test_close_is_idempotent_and_final(new_stand: Callable[[], Stand], pace: Pace) -> None:
    subject = new_stand()
    subject.reset(pace.healthy(), seed=1)
    subject.close()
    subject.close()
    for use in (
        lambda: subject.reset(scenario(), seed=1),
        lambda: subject.apply(Restart(service="cart")),
        lambda: subject.advance(10.0),
        lambda: subject.observe(10.0, 10.0),
        lambda: subject.application,
    ):
        with pytest.raises(StandError, match="closed"):
            use()


def test_a_stand_is_not_used_before_its_reset(new_stand: Callable[[], Stand]) -> None:
    with pytest.raises(StandError, match="reset"):
        new_stand().advance(10.0)


def test_a_scenario_of_another_application_is_refused(subject: Stand) -> None:
    with pytest.raises(StandError, match="small-core"):
        subject.reset(replace(scenario(), application="medium-store"), seed=1)


def test_a_batch_gives_every_window_a_leading_axis(batch: StandBatch, pace: Pace) -> None:
    n = batch.num_stands
    batch.reset(range(n), [pace.healthy()] * n, range(n))
    batch.advance(20.0)
    window = batch.observe(60.0, 10.0)
    assert window.nodes.shape[:2] == (n, 6)
    assert_layout(window.of_stand(n - 1), num_buckets=6, bucket_seconds=10.0)
    receipt = batch.apply(n - 1, Scale(service="cart", replicas=3))
    assert receipt.status is CommandStatus.APPLIED
    for _ in range(round(pace.settle_seconds / 10.0)):
        batch.advance(10.0)
        receipt = batch.verify(n - 1, receipt)
        if receipt.postcheck_status is not CheckStatus.PENDING:
            break
    assert receipt.postcheck_status is CheckStatus.PASSED


def assert_layout(window: TelemetryWindow, *, num_buckets: int, bucket_seconds: float) -> None:
    """Shapes, types and the clock of one stand's window."""
    assert window.bucket_seconds == bucket_seconds
    assert window.num_buckets == num_buckets
    assert window.times_ns.dtype == np.int64
    assert (np.diff(window.times_ns) == round(bucket_seconds * 1e9)).all()
    shapes = {
        "nodes": (num_buckets, len(APPLICATION.services), len(NODE_SIGNALS)),
        "edges": (num_buckets, len(APPLICATION.edges), len(EDGE_SIGNALS)),
        "journeys": (num_buckets, len(APPLICATION.journeys), len(JOURNEY_SIGNALS)),
        "stand": (num_buckets, len(STAND_SIGNALS)),
    }
    for level, shape in shapes.items():
        values = getattr(window, level)
        assert values.shape == shape
        assert values.dtype == np.float32
