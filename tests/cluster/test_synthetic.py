"""Synthetic pods on a real cluster: they serve, share requests between replicas, and keep to their CPU limit."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from clusters.k3s.api import KubeApi
from clusters.k3s.applying import apply_objects
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import NODE, POD
from clusters.k3s.load import LoadDriver
from clusters.k3s.objects import stand_objects
from clusters.k3s.objects.names import selector
from clusters.k3s.readiness import wait_ready
from clusters.scenario import WorkloadTrace
from clusters.stand import StandError
from clusters.topology import LOAD_GENERATOR, Application, Operation, Range
from tests.cluster.environment import needed
from tests.cluster.tiny_stand import TINY

pytestmark = pytest.mark.cluster

LIMIT_MILLICORES = 200.0
STEADY = WorkloadTrace(profile="steady", step_seconds=10.0, rates_rps=(20.0,), mix=(1.0,))
READY_SECONDS = 300.0
DEADLINE_SECONDS = 120.0


def _application() -> Application:
    """The tiny one without its hints, and with a stock of two replicas that speaks gRPC and computes."""
    reserve = Operation(name="Reserve", cpu_milliseconds=Range(low=20.0, high=20.0))
    stock = replace(
        TINY.service("stock"),
        protocol="grpc",
        replicas=2,
        cpu_limit_millicores=LIMIT_MILLICORES,
        operations=(reserve,),
    )
    shop = TINY.service("shop")
    buy = replace(shop.operations[0], calls=(replace(shop.operations[0].calls[0], timeout_seconds=9.0),))
    services = (TINY.service(LOAD_GENERATOR), replace(shop, operations=(buy,)), stock, TINY.service("flagd"))
    return replace(TINY, services=services, releases=(), optional_groups=())


APPLICATION = _application()


@pytest.fixture(scope="module")
def namespace(api: KubeApi, cluster_spec: ClusterSpec, module_namespace: str) -> Iterator[str]:
    needed("GYM_SYNTHETIC_IMAGE")
    apply_objects(api, module_namespace, stand_objects(APPLICATION, namespace=module_namespace, cluster=cluster_spec))
    wait_ready(api, module_namespace, APPLICATION.service_names, timeout_seconds=READY_SECONDS)
    yield module_namespace


@pytest.fixture
def load(api: KubeApi, namespace: str) -> Iterator[LoadDriver]:
    driver = LoadDriver(api, namespace)
    yield driver
    LoadDriver(api, namespace).stop()


def eventually(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := holds()):
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.5)
    return value


def num(load: LoadDriver, outcome: str) -> int:
    return load.state().counts["buy"][outcome]


def pod_names(api: KubeApi, namespace: str, service: str) -> list[str]:
    labels = ",".join(f"{key}={value}" for key, value in selector(service).items())
    return [pod["metadata"]["name"] for pod in api.list(POD, namespace, label_selector=labels)]


def test_the_load_is_begun_turned_and_measured_through_the_api_server(
    api: KubeApi, namespace: str, load: LoadDriver
) -> None:
    state = load.begin(APPLICATION, STEADY, rate_ratio=0.25, seed=0)
    assert (state.is_running, state.offered_rps, state.rate_limit_rps) == (True, 5.0, None)
    assert load.set_multiplier(2.0).offered_rps == 10.0
    assert load.set_rate_limit(8.0).rate_limit_rps == 8.0
    assert load.shape("buy", 0.5).shape == {"buy": 0.5}
    eventually(lambda: min(num(load, outcome) for outcome in ("good", "refused", "held_back")) >= 5, "all three happen")
    load.stop()
    assert not LoadDriver(api, namespace).state().is_running
    rows = {row.name: row for row in load.stats()}
    assert rows["buy"].num_requests >= 5
    assert rows["buy"].num_failures == 0
    assert rows["Aggregated"].num_requests == rows["buy"].num_requests
    assert 0.0 < rows["buy"].average_milliseconds < rows["buy"].p95_milliseconds * 2.0


def test_both_replicas_behind_a_service_get_requests_and_say_what_failed(
    api: KubeApi, namespace: str, load: LoadDriver
) -> None:
    file = api.proxy("GET", namespace, "flagd", 4000, "/api/read")
    file["flags"]["stockFailure"]["defaultVariant"] = "on"
    api.proxy("POST", namespace, "flagd", 4000, "/api/write", body={"data": file})
    load.begin(APPLICATION, STEADY, rate_ratio=0.25, seed=0)
    # Connections last for a while, each at one replica: half a minute sees enough of them.
    eventually(lambda: num(load, "failed") >= 120, "buying fails")
    load.stop()
    file["flags"]["stockFailure"]["defaultVariant"] = "off"
    api.proxy("POST", namespace, "flagd", 4000, "/api/write", body={"data": file})
    failed: Counter[str] = Counter()
    for pod in pod_names(api, namespace, "stock"):
        lines = [json.loads(line) for line in api.raw(f"{POD.path(namespace, pod)}/log").splitlines()]
        failed[pod] = sum(line["body"] == "failed to handle Reserve: internal error" for line in lines)
        assert all(len(line["trace_id"]) == 32 for line in lines if line["body"].startswith("failed to handle"))
    assert len(failed) == 2
    assert min(failed.values()) > 0.15 * failed.total()


def test_a_cpu_limit_throttles(api: KubeApi, namespace: str, load: LoadDriver) -> None:
    """Ten users who hardly pause want far more of 2 x 200m than there is."""
    hungry = replace(STEADY, rates_rps=(100.0,), think_seconds=0.1)
    assert load.begin(APPLICATION, hungry, rate_ratio=1.0, seed=0).num_users == 10
    eventually(lambda: sum(load.state().counts["buy"].values()) >= 60, "users are served")
    pods = pod_names(api, namespace, "stock")

    def measured() -> list[tuple[float, float]] | None:
        cpu = [_cpu(api, pod) for pod in pods]
        return [each for each in cpu if each is not None] if None not in cpu else None

    before = eventually(measured, "the kubelet knows the pods")

    def used_millicores() -> list[float] | None:
        pairs = list(zip(before, measured() or before, strict=True))
        if min(later[0] - earlier[0] for earlier, later in pairs) < 5.0:
            return None
        return [1e3 * (later[1] - earlier[1]) / (later[0] - earlier[0]) for earlier, later in pairs]

    used = eventually(used_millicores, "five seconds passed on the kubelet's clock")
    assert max(used) < 1.15 * LIMIT_MILLICORES
    # How much it gets of what the limit allows depends on what else the machine does.
    assert min(used) > 0.1 * LIMIT_MILLICORES


def test_a_load_generator_that_was_restarted_says_so(api: KubeApi, namespace: str, load: LoadDriver) -> None:
    load.begin(APPLICATION, STEADY, rate_ratio=0.1, seed=0)
    for pod in pod_names(api, namespace, LOAD_GENERATOR):
        api.delete(POD, pod, namespace, grace_seconds=0)
    words = []

    def is_lost() -> bool:
        try:
            load.state()
        except StandError as error:
            words.append(str(error))
        return any("no longer plays what was begun: it was restarted, or reset; begin again" in word for word in words)

    eventually(is_lost, "the new one says that its load is lost")
    assert all(namespace in word for word in words)
    assert load.begin(APPLICATION, STEADY, rate_ratio=0.1, seed=0).is_running


def test_what_the_load_generator_cannot_do_is_one_sentence(api: KubeApi, namespace: str, load: LoadDriver) -> None:
    load.begin(APPLICATION, STEADY, rate_ratio=0.1, seed=0)
    with pytest.raises(StandError, match="no request type 'sell'; known are buy"):
        load.shape("sell", 0.5)
    with pytest.raises(StandError, match="has 2 shares, but tiny has 1 request types"):
        load.begin(APPLICATION, replace(STEADY, mix=(0.5, 0.5)), rate_ratio=0.1, seed=0)
    with pytest.raises(StandError, match="default has no load generator"):
        LoadDriver(api, "default").state()


def _cpu(api: KubeApi, pod: str) -> tuple[float, float] | None:
    """(time in seconds, CPU seconds used) of a pod's container, as its kubelet last measured them."""
    node = api.list(NODE)[0]["metadata"]["name"]
    metrics = api.raw(f"/api/v1/nodes/{node}/proxy/metrics/cadvisor")
    labels = rf'[^}}]*container="stock"[^}}]*pod="{pod}"[^}}]*'
    found = re.search(rf"^container_cpu_usage_seconds_total{{{labels}}} (\S+) (\d+)$", metrics, re.MULTILINE)
    return (float(found[2]) / 1e3, float(found[1])) if found else None
