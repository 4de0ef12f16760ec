"""What each verb does to the telemetry, with the very same randomness in a stand that was left alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from clusters.commands import (
    BreakPort,
    ClearFault,
    Command,
    DelayEdge,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
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
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import TelemetryWindow
from tests.stands import APPLICATION, edge, journey, node, running, stand

MIB = 2.0**20
Reading = Callable[[TelemetryWindow], np.ndarray]
"""[2, T] of the stand left alone and of the other."""


def of_node(service: str, signal: str) -> Reading:
    return lambda window: node(window, service, signal)


def of_journey(name: str, signal: str) -> Reading:
    return lambda window: journey(window, name, signal)


def of_edge(source: str, target: str, signal: str) -> Reading:
    return lambda window: edge(window, source, target, signal)


def of_stand(signal: str) -> Reading:
    return lambda window: stand(window, signal)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A command and what is seen of it: a difference between the two stands, on average over the window."""

    command: Command
    reading: Reading
    least: float
    most: float = np.inf
    seconds: float = 120.0
    quiet: Reading | None = None
    """What it must not change."""


LATENCY, ERRORS, RATE = "latency_mean_milliseconds", "error_ratio", "request_rate_rps"
EFFECTS = {
    "scale": Effect(
        command=Scale(service="cart", replicas=4), reading=of_node("cart", "replicas_ready"), least=1.5, most=2.0
    ),
    "restart": Effect(
        command=Restart(service="payment"), reading=of_journey("checkout", ERRORS), least=0.05, seconds=60.0
    ),
    "restart one of two": Effect(
        command=RestartPod(service="frontend"),
        reading=of_node("frontend", "replicas_ready"),
        least=-0.5,
        most=-0.05,
        quiet=of_node("frontend", "restarts"),
    ),
    "restart the only pod": Effect(
        command=RestartPod(service="payment"), reading=of_journey("checkout", ERRORS), least=0.05, seconds=60.0
    ),
    "cpu limit": Effect(
        command=SetResources(service="cart", cpu_limit_millicores=600.0),
        reading=of_node("cart", "cpu_limit_millicores"),
        least=150.0,
        most=300.0,
    ),
    "cpu request": Effect(
        command=SetResources(service="cart", cpu_request_millicores=150.0),
        reading=of_stand("resource_cost_millicores"),
        least=-300.0,
        most=-250.0,
    ),
    "memory limit": Effect(
        command=SetResources(service="cart", memory_limit_bytes=200.0 * MIB),
        reading=of_node("cart", "memory_limit_bytes"),
        least=30.0 * MIB,
        most=40.0 * MIB,
    ),
    "too little memory": Effect(
        command=SetResources(service="cart", memory_limit_bytes=70.0 * MIB, memory_request_bytes=70.0 * MIB),
        reading=of_node("cart", "restarts"),
        least=0.1,
        seconds=300.0,
    ),
    "group off": Effect(
        command=SetGroup(group="recommendations", enabled=False),
        reading=of_node("recommendation", RATE),
        least=-20.0,
        most=-5.0,
        quiet=of_journey("browse", ERRORS),
    ),
    "flag": Effect(
        command=SetFlag(flag="paymentFailure", variant="50%"), reading=of_node("payment", ERRORS), least=0.4, most=0.6
    ),
    "a worse release, half": Effect(
        command=ShiftTraffic(service="checkout", release="checkout-2.3.0", share=0.5),
        reading=of_node("checkout", LATENCY),
        least=100.0,
        most=700.0,
        quiet=of_node("currency", ERRORS),
    ),
    "a better release": Effect(
        command=ShiftTraffic(service="product-catalog", release="product-catalog-2.3.0", share=1.0),
        reading=of_node("product-catalog", "cpu_usage_millicores"),
        least=-200.0,
        most=-10.0,
    ),
    "a release without an image": Effect(
        command=ShiftTraffic(service="payment", release="payment-2.3.0", share=1.0),
        reading=of_node("payment", "replicas_ready"),
        least=0.0,
        most=0.0,
        quiet=of_journey("checkout", ERRORS),
    ),
    "rate limit": Effect(
        command=SetRateLimit(limit_rps=50.0), reading=of_journey("browse", ERRORS), least=0.4, most=0.6
    ),
    "less of one type": Effect(
        command=ShapeWorkload(request_type="view_cart", factor=0.5),
        reading=of_journey("view_cart", "good_ratio"),
        least=-0.55,
        most=-0.4,
        quiet=of_journey("checkout", "good_ratio"),
    ),
    "less of all": Effect(
        command=ShapeWorkload(request_type="", factor=0.5), reading=of_node("frontend", RATE), least=-60.0, most=-40.0
    ),
    "workload": Effect(command=ScaleWorkload(multiplier=1.3), reading=of_node("frontend", RATE), least=25.0, most=35.0),
    "cpu stress": Effect(
        command=StressCpu(fault_id="f", service="cart", load_ratio=0.5),
        reading=of_node("cart", "cpu_usage_millicores"),
        least=200.0,
        most=400.0,
    ),
    "delay": Effect(
        command=DelayEdge(fault_id="f", source="checkout", target="shipping", latency_milliseconds=100.0),
        reading=of_edge("checkout", "shipping", LATENCY),
        least=95.0,
        most=105.0,
        quiet=of_node("shipping", LATENCY),
    ),
    "loss": Effect(
        command=LosePackets(fault_id="f", source="checkout", target="payment", loss_ratio=0.3),
        reading=of_edge("checkout", "payment", ERRORS),
        least=0.25,
        most=0.35,
        quiet=of_node("payment", ERRORS),
    ),
    "partition": Effect(
        command=LosePackets(fault_id="f", source="checkout", target="payment", loss_ratio=1.0),
        reading=of_journey("checkout", ERRORS),
        least=0.95,
        quiet=of_journey("browse", ERRORS),
    ),
    "memory stress": Effect(
        command=StressMemory(fault_id="f", service="cart", load_ratio=0.2),
        reading=of_node("cart", "memory_bytes"),
        least=55.0 * MIB,
        most=70.0 * MIB,
        quiet=of_node("cart", "restarts"),
    ),
    "fatal memory stress": Effect(
        command=StressMemory(fault_id="f", service="cart", load_ratio=0.7),
        reading=of_node("cart", "restarts"),
        least=0.1,
    ),
    "leak": Effect(
        command=LeakMemory(fault_id="f", service="cart", bytes_per_second=2.0 * MIB),
        reading=of_node("cart", "restarts"),
        least=0.02,
        seconds=300.0,
    ),
    "outage": Effect(
        command=FailService(fault_id="f", service="valkey-cart"),
        reading=of_journey("view_cart", ERRORS),
        least=0.95,
        quiet=of_journey("browse", ERRORS),
    ),
    "slow service": Effect(
        command=SlowService(fault_id="f", service="postgresql", latency_milliseconds=20.0),
        reading=of_node("postgresql", LATENCY),
        least=19.0,
        most=25.0,
    ),
    "wrong port": Effect(
        command=BreakPort(fault_id="f", service="currency"),
        reading=of_journey("checkout", ERRORS),
        least=0.95,
        quiet=of_node("currency", "replicas_ready"),
    ),
    "kill loop": Effect(
        command=KillPods(fault_id="f", service="frontend", period_seconds=30.0),
        reading=of_node("frontend", "restarts"),
        least=0.25,
        most=0.5,
    ),
}


def twins() -> SimulatedStands:
    """One stand twice, with the same future."""
    return running(1, seeds=(5,)).fork([0, 0], [5, 5])


@pytest.mark.parametrize("name", EFFECTS)
def test_a_command_is_seen_where_it_acts_and_not_elsewhere(name: str) -> None:
    case = EFFECTS[name]
    stands = twins()
    stands.apply(1, case.command)
    stands.advance(case.seconds)
    window = stands.observe(case.seconds, 10.0)
    left_alone, changed = np.nanmean(case.reading(window), axis=-1)
    assert case.least <= changed - left_alone <= case.most
    if case.quiet is not None:
        left_alone, changed = np.nanmean(case.quiet(window), axis=-1)
        assert changed == pytest.approx(left_alone, abs=0.02, rel=0.1)


FAULTS = [case.command for case in EFFECTS.values() if hasattr(case.command, "fault_id")]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{type(fault).__name__}")
def test_a_fault_that_is_cleared_is_over(fault: Command) -> None:
    stands = twins()
    stands.apply(1, fault)
    stands.advance(60.0)
    stands.apply(1, ClearFault(fault_id="f"))
    stands.advance(180.0)
    window = stands.observe(60.0, 10.0)
    for goal in APPLICATION.journeys:
        left_alone, changed = np.nanmean(journey(window, goal.name, "good_ratio"), axis=-1)
        assert changed == pytest.approx(left_alone, abs=0.01), goal.name


def test_an_autoscaler_grows_with_the_load_and_shrinks_five_minutes_after_it() -> None:
    stands = running(1)
    stands.apply(0, SetAutoscaler(service="frontend", target_utilisation=0.5, min_replicas=2, max_replicas=6))
    stands.apply(0, ScaleWorkload(multiplier=1.6))
    stands.advance(180.0)
    grown = node(stands.observe(30.0, 10.0), "frontend", "replicas_ready")[0]
    assert grown.min() >= 4.0
    stands.apply(0, ScaleWorkload(multiplier=0.5))
    stands.advance(240.0)
    assert node(stands.observe(30.0, 10.0), "frontend", "replicas_desired")[0].min() == grown.min(), "patience"
    stands.advance(180.0)
    assert node(stands.observe(30.0, 10.0), "frontend", "replicas_desired")[0].max() == 2.0


def test_a_release_that_settles_looks_bad_for_a_while() -> None:
    stands = twins()
    release = next(r for r in APPLICATION.releases if any(e.settles_after_seconds for e in r.effects))
    stands.apply(1, ShiftTraffic(service=release.service, release=release.name, share=0.5))
    stands.advance(300.0)
    latency = node(stands.observe(300.0, 10.0), release.service, LATENCY)
    grown = latency[1] - latency[0]
    assert grown[3:13].min() > 100.0
    assert np.abs(grown[-6:]).max() < 20.0


def test_a_restart_frees_what_leaked() -> None:
    stands = twins()
    for n in (0, 1):
        stands.apply(n, LeakMemory(fault_id="f", service="cart", bytes_per_second=0.25 * MIB))
    stands.advance(120.0)
    stands.apply(1, Restart(service="cart"))
    stands.advance(120.0)
    memory = node(stands.observe(10.0, 10.0), "cart", "memory_bytes")[:, 0]
    assert memory[0] - memory[1] > 30.0 * MIB
