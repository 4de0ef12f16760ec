"""More capacity never hurts, more load never helps, and each fault is healed by what ought to heal it and no other."""

from dataclasses import dataclass

import numpy as np
import pytest

from clusters.commands import (
    Command,
    DelayEdge,
    KillPods,
    Restart,
    Scale,
    ScaleWorkload,
    SetFlag,
    SetResources,
    StressCpu,
)
from clusters.simulated.stands import SimulatedStands
from tests.stands import APPLICATION, journey, node, running, scenario

GOOD = 0.95
SEEDS = 4


def good_ratios(
    fault: Command, actions: tuple[Command | None, ...], *, name: str, seconds: float = 180.0
) -> list[float]:
    """Good ratio of a journey in the last minute, mean over seeds: one per action taken a minute into the fault."""
    stands = running(SEEDS)
    for n in range(SEEDS):
        assert stands.apply(n, fault).message == ""
    stands.advance(60.0)
    origins = list(range(SEEDS)) * len(actions)
    branches = stands.fork(origins, origins)
    for branch in range(len(origins)):
        if (action := actions[branch // SEEDS]) is not None:
            assert branches.apply(branch, action).message == ""
    branches.advance(seconds)
    good = journey(branches.observe(60.0, 10.0), name, "good_ratio").mean(axis=-1)
    return [float(value) for value in good.reshape(len(actions), SEEDS).mean(axis=1)]


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A fault, what heals it, what does not, and the journey that shows it."""

    fault: Command
    heals: tuple[Command, ...]
    does_not: tuple[Command, ...]
    name: str


INCIDENTS = {
    "traffic spike": Incident(
        fault=ScaleWorkload(multiplier=2.0),
        heals=(Scale(service="frontend", replicas=5),),
        does_not=(Restart(service="frontend"), Scale(service="payment", replicas=4)),
        name="browse",
    ),
    "cpu stress": Incident(
        fault=StressCpu(fault_id="f", service="cart", load_ratio=0.8),
        heals=(
            Scale(service="cart", replicas=4),
            Restart(service="cart"),
            SetResources(service="cart", cpu_limit_millicores=500.0),
        ),
        does_not=(Scale(service="frontend", replicas=4), Restart(service="checkout")),
        name="view_cart",
    ),
    "pod kill loop": Incident(
        fault=KillPods(fault_id="f", service="payment", period_seconds=20.0),
        heals=(Scale(service="payment", replicas=3),),
        does_not=(Restart(service="payment"), Scale(service="checkout", replicas=3)),
        name="checkout",
    ),
    "bad flag": Incident(
        fault=SetFlag(flag="paymentFailure", variant="50%"),
        heals=(SetFlag(flag="paymentFailure", variant="off"),),
        does_not=(
            Restart(service="payment"),
            Scale(service="payment", replicas=3),
            SetFlag(flag="cartFailure", variant="off"),
        ),
        name="checkout",
    ),
    "checkout latency": Incident(
        fault=SetFlag(flag="checkoutCartClient", variant="v2"),
        heals=(SetFlag(flag="checkoutCartClient", variant="v1"),),
        does_not=(Scale(service="checkout", replicas=3), Restart(service="cart"), Scale(service="cart", replicas=4)),
        name="checkout",
    ),
}


@pytest.mark.parametrize("incident", INCIDENTS)
def test_an_incident_is_healed_by_the_right_action_alone(incident: str) -> None:
    case = INCIDENTS[incident]
    nothing, *rest = good_ratios(case.fault, (None, *case.heals, *case.does_not), name=case.name)
    assert nothing < 0.8
    for action, good in zip(case.heals, rest, strict=False):
        assert good > GOOD, action
    for action, good in zip(case.does_not, rest[len(case.heals) :], strict=True):
        assert good < 0.8, action


def test_the_checkout_incident_has_the_symptoms_told_of_it() -> None:
    stands = running(2)
    stands.apply(1, SetFlag(flag="checkoutCartClient", variant="v2"))
    stands.advance(90.0)
    window = stands.observe(60.0, 10.0)
    slo = next(j.slo_latency_milliseconds for j in APPLICATION.journeys if j.name == "checkout")
    latency = node(window, "checkout", "latency_mean_milliseconds").mean(axis=-1)
    errors = node(window, "cart", "error_ratio").mean(axis=-1)
    queue = node(window, "cart", "queue_depth").mean(axis=-1)
    assert latency[1] > 2.0 * latency[0]
    assert errors[0] < 0.001 < 0.04 < errors[1]
    assert queue[1] > 10.0 * queue[0]
    assert (journey(window, "checkout", "latency_p95_milliseconds")[1] > slo).all()


def test_no_action_heals_a_network_delay_and_its_end_does() -> None:
    fault = DelayEdge(fault_id="f", source="cart", target="valkey-cart", latency_milliseconds=200.0)
    actions = (
        None,
        Scale(service="cart", replicas=4),
        Restart(service="valkey-cart"),
        SetResources(service="cart", cpu_limit_millicores=500.0),
    )
    good = good_ratios(fault, actions, name="view_cart")
    assert max(good) < 0.3
    assert max(good) - good[0] < 0.1


def test_scaling_out_of_a_spike_takes_about_a_minute() -> None:
    stands = running(1)
    stands.apply(0, ScaleWorkload(multiplier=2.0))
    stands.advance(60.0)
    stands.apply(0, Scale(service="frontend", replicas=5))
    stands.advance(90.0)
    good = journey(stands.observe(90.0, 10.0), "browse", "good_ratio")[0]
    assert good[0] < 0.8
    assert good[-2:].min() > GOOD


def test_a_single_replica_is_down_while_it_restarts_and_two_are_not() -> None:
    stands = running(2)
    stands.apply(0, Restart(service="payment"))
    stands.apply(1, Scale(service="payment", replicas=2))
    stands.advance(60.0)
    stands.apply(1, Restart(service="payment"))
    down = journey(stands.observe(60.0, 10.0), "checkout", "error_ratio")[0]
    stands.advance(60.0)
    rolled = stands.observe(60.0, 10.0)
    assert down.max() > 0.9
    assert journey(rolled, "checkout", "error_ratio")[1].max() < 0.02
    assert (node(rolled, "payment", "replicas_ready")[1].min() >= 1.0).all()
    assert node(rolled, "payment", "restarts").sum() == 0.0, "a roll-out is no container restart"


@pytest.mark.parametrize("service", [s.name for s in APPLICATION.services if s.is_scalable])
def test_more_replicas_do_not_raise_latency_and_more_load_does_not_lower_it(service: str) -> None:
    stands = SimulatedStands(APPLICATION, 4)
    stands.reset(range(4), [scenario(rate) for rate in (60.0, 100.0, 130.0, 130.0)], [3] * 4)
    current = APPLICATION.service(service).replicas
    stands.apply(3, Scale(service=service, replicas=current + 1))
    stands.advance(120.0)
    latency = node(stands.observe(60.0, 10.0), service, "latency_mean_milliseconds").mean(axis=-1)
    assert latency[0] < latency[1] < latency[2]
    assert latency[3] <= latency[2]


def test_memory_grows_with_waiting_requests_until_replicas_are_killed() -> None:
    stands = running(2)
    stands.apply(1, ScaleWorkload(multiplier=3.0))
    stands.advance(120.0)
    window = stands.observe(120.0, 10.0)
    memory, limit = node(window, "frontend", "memory_bytes"), node(window, "frontend", "memory_limit_bytes")
    ready = node(window, "frontend", "replicas_ready")
    assert node(window, "frontend", "restarts")[0].sum() == 0.0
    assert node(window, "frontend", "restarts")[1].sum() >= 1.0
    assert ready[1].min() < 2.0
    assert (memory[0] < 0.6 * limit[0] * ready[0]).all()
    assert (memory <= 1.05 * limit * np.maximum(ready, 1.0)).all()


def test_resource_cost_is_the_cpu_reserved() -> None:
    stands = running(1)
    baseline = sum(s.replicas * s.cpu_limit_millicores for s in APPLICATION.services if s.name != "load-generator")
    stands.advance(10.0)
    stands.apply(0, Scale(service="checkout", replicas=3))
    stands.advance(10.0)
    cost = stands.observe(20.0, 10.0).stand[0, :, 2]
    assert cost.tolist() == pytest.approx(
        [baseline, baseline + 2 * APPLICATION.service("checkout").cpu_limit_millicores]
    )
