"""How fast a stand comes up and back, and what a quiet control step costs the API server."""

import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from prometheus_client.parser import text_string_to_metric_families

from clusters.commands import Scale, SetResources, StressCpu
from clusters.k3s.api import MANAGED_LABEL, KubeApi
from clusters.k3s.baseline import restore_baseline
from clusters.k3s.connection import connect
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import DEPLOYMENT, NAMESPACE, Kind
from clusters.k3s.objects import stand_objects
from clusters.k3s.placement import place
from tests.benchmarks.bars import Bar
from tests.benchmarks.k3s_lab import APPLICATION, live_stand
from tests.cluster.environment import real_cluster
from tests.cluster.placing import scratch_inventory
from tests.stands import scenario

NUM_ROUNDS = 3
READY_SECONDS = 300.0
STEP_SECONDS = 30.0
NUM_STEPS = 4
_POLL_SECONDS = 0.5
_FLOW_SCHEMA = Kind(
    api_version="flowcontrol.apiserver.k8s.io/v1", name="FlowSchema", plural="flowschemas", is_namespaced=False
)


def ready_bars() -> list[Bar]:
    """A new stand until all its pods are ready, against `kubectl apply` of the same objects."""
    cluster = real_cluster()
    ours, kubectl = [], []
    for _ in range(NUM_ROUNDS):
        kubectl.append(_kubectl_seconds(cluster))
        ours.append(_placed_seconds(cluster))
    ratio = median(ours) / median(kubectl)
    return [
        Bar(
            name="stand_ready_seconds",
            value=median(ours),
            anchor=f"kubectl apply {median(kubectl):.1f} s",
            ratio=ratio,
            goal="<= 1.5x",
            holds=ratio <= 1.5,
        )
    ]


def _placed_seconds(cluster: ClusterSpec) -> float:
    with scratch_inventory(cluster, stands=1) as inventory:
        started = time.monotonic()
        placed = place(inventory, APPLICATION, holder="benchmark")
        restore_baseline(
            placed.api,
            APPLICATION,
            namespace=placed.namespace,
            cluster=cluster,
            ready_timeout_seconds=READY_SECONDS,
        )
        seconds = time.monotonic() - started
        placed.release()
    _wait_gone(connect(cluster), placed.namespace)
    return seconds


def _kubectl_seconds(cluster: ClusterSpec) -> float:
    """The same objects by kubectl, in a namespace without bounds."""
    api, name = connect(cluster), f"gym-kubectl-{secrets.token_hex(3)}"
    labels = {MANAGED_LABEL: "true"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    documents = stand_objects(APPLICATION, namespace=name, cluster=cluster)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": [namespace, *documents]}, file)
        file.flush()
        command = ["kubectl", f"--kubeconfig={cluster.kubeconfig}", f"--context={cluster.context}", "-n", name]
        started = time.monotonic()
        try:
            subprocess.run([*command, "apply", "-f", file.name], check=True, capture_output=True, text=True)
            while any(_lacks_replicas(document) for document in api.list(DEPLOYMENT, name)):
                if time.monotonic() - started > READY_SECONDS:
                    raise SystemExit("what kubectl applied is not ready in time")
                time.sleep(_POLL_SECONDS)
            return time.monotonic() - started
        finally:
            api.delete(NAMESPACE, name)
            _wait_gone(api, name)


def _lacks_replicas(deployment: dict[str, dict[str, int]]) -> bool:
    return deployment["status"].get("readyReplicas", 0) < deployment["spec"]["replicas"]


def _wait_gone(api: KubeApi, namespace: str) -> None:
    while api.find(NAMESPACE, namespace) is not None:
        time.sleep(_POLL_SECONDS)


def warm_bars() -> list[Bar]:
    """A stand that was changed and broken, back at its baseline, against a new one."""
    with live_stand() as live:
        cold, warm = 0.0, []
        for number in range(1 + NUM_ROUNDS):
            live.stand.reset(scenario(warmup_seconds=20.0), seed=number)
            assert live.stand.baseline is not None
            if live.stand.baseline.is_new:
                cold = live.stand.baseline.seconds
            else:
                warm.append(live.stand.baseline.seconds)
            live.stand.apply(Scale(service="checkout", replicas=2))
            live.stand.apply(SetResources(service="payment", cpu_limit_millicores=300.0))
            live.stand.apply(StressCpu(fault_id="stress", service="cart", load_ratio=0.5))
            live.stand.advance(20.0)
    ratio = median(warm) / cold
    return [
        Bar(
            name="warm_reset_seconds",
            value=median(warm),
            anchor=f"cold {cold:.1f} s",
            ratio=ratio,
            goal="<= 0.5x",
            holds=ratio <= 0.5,
        )
    ]


def step_bars() -> list[Bar]:
    """Requests of a control step in which nothing is due: by the stand's account, and renewals of its lease."""
    with live_stand() as live:
        live.stand.reset(scenario(warmup_seconds=20.0), seed=0)
        api = connect(live.inventory.clusters[0])
        with _counted(api, live.stand.namespace) as flow_schema:
            before = _requests(api, flow_schema)
            for _ in range(NUM_STEPS):
                live.stand.advance(STEP_SECONDS)
                live.stand.observe(300.0, 10.0)
            per_step = (_requests(api, flow_schema) - before) / NUM_STEPS
    return [
        Bar(
            name="api_requests_per_quiet_step",
            value=per_step,
            anchor=f"steps of {STEP_SECONDS:g} s",
            ratio=None,
            goal="<= 3",
            holds=per_step <= 3,
        )
    ]


@contextmanager
def _counted(api: KubeApi, namespace: str) -> Iterator[str]:
    """Let the API server count the requests of a namespace's service accounts apart, under the name given back."""
    name = f"{namespace}-requests"
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": True}
    subject = {"kind": "Group", "group": {"name": f"system:serviceaccounts:{namespace}"}}
    document = {
        "apiVersion": _FLOW_SCHEMA.api_version,
        "kind": _FLOW_SCHEMA.name,
        "metadata": {"name": name, "labels": {MANAGED_LABEL: "true"}},
        "spec": {
            "priorityLevelConfiguration": {"name": "workload-low"},
            "matchingPrecedence": 10,
            "rules": [
                {
                    "subjects": [subject],
                    "resourceRules": [everything],
                    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                }
            ],
        },
    }
    api.create(document, kind=_FLOW_SCHEMA)
    try:
        time.sleep(5.0)  # until the API server has taken it up
        yield name
    finally:
        api.delete(_FLOW_SCHEMA, name)


def _requests(api: KubeApi, flow_schema: str) -> float:
    """By the API server's own metrics. Only holders of stands patch leases: everybody else puts them."""
    total = 0.0
    for family in text_string_to_metric_families(api.raw("/metrics")):
        for sample in family.samples:
            labels = sample.labels
            if sample.name == "apiserver_flowcontrol_dispatched_requests_total":
                total += sample.value * (labels["flow_schema"] == flow_schema)
            elif sample.name == "apiserver_request_total":
                total += sample.value * (labels["resource"] == "leases" and labels["verb"] == "PATCH")
    return total
