"""Faults that users feel and pods show, and that are gone when they are lifted."""

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from clusters.commands import (
    BreakPort,
    CheckStatus,
    ClearFault,
    CommandStatus,
    DelayEdge,
    Disturbance,
    DisturbPods,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
    Restart,
    RestartPod,
    Scale,
    SlowService,
    StressCpu,
    StressMemory,
)
from tests.cluster.environment import needed

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi
    from clusters.k3s.context import StandContext
    from clusters.k3s.load import SentRequests

pytestmark = pytest.mark.cluster

_READINGS_SECONDS = 60.0
"""The kubelet looks at a container's use every 10 to 15 seconds."""


@pytest.fixture(autouse=True)
def free_of_faults(tiny: "StandContext") -> Iterator[None]:
    """Nothing outlives its test."""
    from clusters.k3s.commands import clear_all

    needed("GYM_CHAOS_CRDS")
    yield
    clear_all(tiny)


def names(context: "StandContext", service: str) -> set[str]:
    from clusters.k3s.rules.view import StandView

    return {pod["metadata"]["name"] for pod in StandView(context).pods(service)}


def used(admin: "KubeApi", context: "StandContext", pod: str) -> dict[str, float]:
    """(MiB, millicores) that the kubelet last saw a pod use."""
    from clusters.k3s.kinds import POD

    node = context.api.get(POD, pod, context.namespace)["spec"]["nodeName"]
    summary = json.loads(admin.raw(f"/api/v1/nodes/{node}/proxy/stats/summary"))
    for entry in summary["pods"]:
        if entry["podRef"]["name"] == pod:
            memory, cpu = entry.get("memory", {}), entry.get("cpu", {})
            return {"mib": memory.get("workingSetBytes", 0) / 2**20, "millicores": cpu.get("usageNanoCores", 0) / 1e6}
    return {"mib": 0.0, "millicores": 0.0}


def await_reading(read: Callable[[], Any], is_right: Callable[[Any], bool]) -> Any:
    """The first reading that is right, or the last one."""
    deadline = time.monotonic() + _READINGS_SECONDS
    while not is_right(reading := read()) and time.monotonic() < deadline:
        time.sleep(2.0)
    return reading


def unharmed(context: "StandContext") -> "SentRequests":
    """What users meet when nothing fails; addresses take a second or two to follow pods."""
    from tests.cluster.tiny_stand import felt

    seen: SentRequests = await_reading(lambda: felt(context), lambda seen: seen.num_failures == 0 < seen.num_requests)
    assert seen.num_failures == 0 < seen.num_requests
    return seen


def test_users_feel_a_slow_edge_until_it_is_lifted_and_new_callers_have_it_too(tiny: "StandContext") -> None:
    from clusters.k3s.commands import apply_command, tend, verify_command
    from clusters.k3s.kinds import NETWORK_CHAOS
    from tests.cluster.tiny_stand import done, felt, settle

    unharmed(tiny)
    delay = DelayEdge(fault_id="slow/edge", source="shop", target="stock", latency_milliseconds=200.0)
    receipt = done(tiny, delay)
    assert felt(tiny).average_milliseconds > 200.0
    assert apply_command(tiny, delay).status is CommandStatus.ALREADY_THERE
    elsewhere = apply_command(
        tiny, DelayEdge(fault_id="slow/edge", source="shop", target="hint", latency_milliseconds=1.0)
    )
    assert elsewhere.status is CommandStatus.CONFLICT

    settle(tiny, apply_command(tiny, RestartPod(service="shop")))
    unlike = verify_command(tiny, receipt)
    assert unlike.postcheck_status is CheckStatus.FAILED
    assert "without the fault" in unlike.message
    tend(tiny)
    assert verify_command(tiny, receipt).postcheck_status is CheckStatus.PASSED
    assert felt(tiny).average_milliseconds > 200.0

    done(tiny, ClearFault(fault_id="slow/edge"))
    assert tiny.api.list(NETWORK_CHAOS, tiny.namespace) == []
    assert await_reading(lambda: felt(tiny).average_milliseconds, lambda value: value < 100.0) < 100.0


@pytest.mark.parametrize(
    "fault",
    [
        LosePackets(fault_id="cut", source="shop", target="stock", loss_ratio=1.0),
        FailService(fault_id="outage", service="stock"),
        BreakPort(fault_id="port", service="stock"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_cannot_be_reached_fails_its_callers(
    tiny: "StandContext", fault: LosePackets | FailService | BreakPort
) -> None:
    from clusters.k3s.commands import apply_command
    from tests.cluster.tiny_stand import done, felt

    done(tiny, fault)
    broken = await_reading(lambda: felt(tiny), lambda seen: seen.num_failures > 0.8 * seen.num_requests > 0)
    assert broken.num_failures > 0.8 * broken.num_requests > 0
    done(tiny, ClearFault(fault_id=fault.fault_id))
    assert apply_command(tiny, ClearFault(fault_id=fault.fault_id)).status is CommandStatus.ALREADY_THERE
    unharmed(tiny)


def test_a_slow_service_and_lost_packets_are_felt_by_callers(tiny: "StandContext") -> None:
    from tests.cluster.tiny_stand import done, felt

    unharmed(tiny)
    done(tiny, SlowService(fault_id="slow", service="stock", latency_milliseconds=150.0))
    assert felt(tiny).average_milliseconds > 150.0
    done(tiny, ClearFault(fault_id="slow"))
    done(tiny, LosePackets(fault_id="loss", source="shop", target="stock", loss_ratio=0.6))
    assert felt(tiny).average_milliseconds > 150.0  # more than half of the packets wait for a retransmission of 200 ms


def test_stress_is_seen_in_the_pods_and_lost_with_them(tiny: "StandContext", api: "KubeApi") -> None:
    from clusters.k3s.commands import apply_command, tend, verify_command
    from tests.cluster.tiny_stand import done, settle

    (stock,), (hint,), (shop,) = (names(tiny, name) for name in ("stock", "hint", "shop"))
    idle = {pod: used(api, tiny, pod) for pod in (stock, hint, shop)}
    cpu = done(tiny, StressCpu(fault_id="cpu", service="stock", load_ratio=0.6))
    done(tiny, StressMemory(fault_id="memory", service="hint", load_ratio=0.5))
    done(tiny, LeakMemory(fault_id="leak", service="shop", bytes_per_second=2.0**20))
    burnt = await_reading(lambda: used(api, tiny, stock)["millicores"], lambda value: value > 60.0)
    held = await_reading(lambda: used(api, tiny, hint)["mib"], lambda value: value > idle[hint]["mib"] + 25.0)
    tend(tiny)
    leaked = await_reading(lambda: used(api, tiny, shop)["mib"], lambda value: value > idle[shop]["mib"] + 8.0)
    assert burnt > 60.0  # 0.6 of a limit of 400 on a free machine, a few without stress
    assert held > idle[hint]["mib"] + 25.0  # half of 64 MiB
    assert leaked > idle[shop]["mib"] + 8.0

    settle(tiny, apply_command(tiny, Restart(service="stock")))
    lost = verify_command(tiny, cpu)
    assert lost.postcheck_status is CheckStatus.FAILED
    assert "without the fault" in lost.message
    grown = apply_command(tiny, StressCpu(fault_id="cpu", service="stock", load_ratio=0.7))
    assert "does not come back by itself" in grown.message


def test_pods_are_killed_again_and_again_and_replaced(tiny: "StandContext") -> None:
    from clusters.k3s.commands import tend
    from tests.cluster.tiny_stand import done

    before = names(tiny, "hint")
    done(tiny, KillPods(fault_id="kill", service="hint", period_seconds=5.0))
    between = await_reading(lambda: names(tiny, "hint"), bool)
    assert not before & between
    tend(tiny)
    assert names(tiny, "hint") == between
    time.sleep(5.0)
    tend(tiny)
    assert not between & await_reading(lambda: names(tiny, "hint"), bool)
    done(tiny, ClearFault(fault_id="kill"))
    done(tiny, Scale(service="hint", replicas=2))
    done(tiny, Scale(service="hint", replicas=1))


def test_pods_that_run_nothing_are_not_ready_until_it_is_lifted(tiny: "StandContext") -> None:
    from clusters.k3s.rules.view import StandView
    from tests.cluster.tiny_stand import done

    done(tiny, DisturbPods(fault_id="frozen", service="hint", disturbance=Disturbance.POD_FAILURE))
    assert await_reading(lambda: StandView(tiny).num_ready("hint"), lambda ready: ready == 0) == 0
    done(tiny, ClearFault(fault_id="frozen"))
    assert await_reading(lambda: StandView(tiny).num_ready("hint"), lambda ready: ready == 1) == 1


@pytest.mark.parametrize(
    ("disturbance", "kind"),
    [(Disturbance.DNS_ERROR, "DNSChaos"), (Disturbance.HTTP_DELAY, "HTTPChaos"), (Disturbance.IO_LATENCY, "IOChaos")],
)
def test_a_fault_is_injected_or_its_receipt_says_why_not(
    tiny: "StandContext", disturbance: Disturbance, kind: str
) -> None:
    from clusters.k3s.commands import apply_command
    from clusters.k3s.kinds import CHAOS_KINDS

    (chaos,) = (known for known in CHAOS_KINDS if known.name == kind)
    command = DisturbPods(
        fault_id="odd", service="shop", disturbance=disturbance, target="stock", latency_milliseconds=50.0
    )
    receipt = apply_command(tiny, command)
    left = tiny.api.list(chaos, tiny.namespace)
    if receipt.status is CommandStatus.APPLIED:
        assert (receipt.postcheck_status, len(left)) == (CheckStatus.PASSED, 1)
        return
    assert (receipt.status, receipt.postcheck_status) == (CommandStatus.FAILED, CheckStatus.FAILED)
    assert f"accepted the {kind} and never injected it: {tiny.namespace}/shop" in receipt.message
    assert left == []


def test_what_a_dead_holder_left_behind_is_found(tiny: "StandContext") -> None:
    from dataclasses import replace

    from clusters.k3s.commands import apply_command, clear_all
    from clusters.k3s.faults.ledger import FaultLedger
    from clusters.k3s.kinds import CHAOS_KINDS, DEPLOYMENT, SERVICE
    from tests.cluster.tiny_stand import done

    dead = replace(tiny, ledger=FaultLedger())
    done(dead, StressCpu(fault_id="a", service="hint", load_ratio=0.2))
    done(dead, FailService(fault_id="b", service="stock"))
    done(dead, BreakPort(fault_id="c", service="hint"))
    (ports,) = tiny.api.get(SERVICE, "hint", tiny.namespace)["spec"]["ports"]
    assert ports["targetPort"] != ports["port"]
    assert len(clear_all(tiny)) == 3
    (ports,) = tiny.api.get(SERVICE, "hint", tiny.namespace)["spec"]["ports"]
    assert ports["targetPort"] == ports["port"]
    assert tiny.api.get(DEPLOYMENT, "stock", tiny.namespace)["spec"]["replicas"] == 1
    assert clear_all(tiny) == ()
    assert not any(tiny.api.list(kind, tiny.namespace) for kind in CHAOS_KINDS)
    assert apply_command(tiny, ClearFault(fault_id="a")).status is CommandStatus.ALREADY_THERE


def test_an_experiment_that_can_neither_be_injected_nor_deleted_is_freed(tiny: "StandContext", api: "KubeApi") -> None:
    from clusters.k3s.faults.documents import network_delay
    from clusters.k3s.faults.experiments import inject
    from clusters.k3s.kinds import NETWORK_CHAOS, POD
    from clusters.k3s.rules.rule import NotDoneError

    image, policy = tiny.cluster.images.synthetic, tiny.cluster.images.pull_policy
    sleeper = {"name": "sleeper", "image": image, "imagePullPolicy": policy, "command": ["sleep", "600"]}
    spec = {"hostNetwork": True, "terminationGracePeriodSeconds": 1, "containers": [sleeper]}
    metadata = {"name": "sleeper", "namespace": tiny.namespace}
    api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, tiny.namespace)
    running = await_reading(
        lambda: api.get(POD, "sleeper", tiny.namespace)["status"]["phase"], lambda phase: phase == "Running"
    )
    assert running == "Running"
    document = network_delay(tiny.namespace, "stuck", ["sleeper"], [], milliseconds=10.0)
    with pytest.raises(NotDoneError, match="finalizers were removed and sleeper replaced"):
        inject(tiny.api, tiny.namespace, document)
    assert tiny.api.list(NETWORK_CHAOS, tiny.namespace) == []
