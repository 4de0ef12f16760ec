"""Resources of Chaos Mesh, API chaos-mesh.org/v1alpha1, as its v2.8.3 definitions have them.

None has a duration: a fault lasts until it is lifted, or its namespace goes.
"""

import hashlib
import math
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL
from clusters.k3s.kinds import (
    CHAOS_VERSION,
    DNS_CHAOS,
    HTTP_CHAOS,
    IO_CHAOS,
    NETWORK_CHAOS,
    POD_CHAOS,
    STRESS_CHAOS,
    Document,
    Kind,
)
from clusters.k3s.marks import FAULT_LABEL
from clusters.k3s.objects.names import COMPONENT_LABEL

_MAX_WORDS = 24
"""Characters of a fault's id in its resources' names: enough to recognise it."""


def cpu_stress(namespace: str, fault_id: str, pods: Sequence[str], container: str, *, millicores: float) -> Document:
    """Burn so much CPU in each pod: as few workers as can, all at the same load, because one takes a core at most."""
    workers = max(1, math.ceil(millicores / 1000.0))
    load = max(1, round(millicores / 10.0 / workers))
    spec = {"containerNames": [container], "stressors": {"cpu": {"workers": workers, "load": load}}}
    return _document(STRESS_CHAOS, namespace, fault_id, pods, spec)


def memory_stress(namespace: str, fault_id: str, pods: Sequence[str], container: str, *, num_bytes: float) -> Document:
    """Hold so much memory in each pod."""
    stressor = {"workers": 1, "size": f"{round(num_bytes)}B"}
    spec = {"containerNames": [container], "stressors": {"memory": stressor}}
    return _document(STRESS_CHAOS, namespace, fault_id, pods, spec)


def network_delay(
    namespace: str, fault_id: str, pods: Sequence[str], addresses: Sequence[str], *, milliseconds: float
) -> Document:
    """Delay what the pods send to the addresses; without addresses all that they send."""
    delay = {"latency": f"{round(milliseconds * 1000.0)}us", "jitter": "0ms", "correlation": "0"}
    return _document(NETWORK_CHAOS, namespace, fault_id, pods, _network("delay", addresses) | {"delay": delay})


def packet_loss(
    namespace: str, fault_id: str, pods: Sequence[str], addresses: Sequence[str], *, ratio: float
) -> Document:
    """Lose packets that the pods send to the addresses with this chance; all of them: a partition."""
    if ratio >= 1.0:
        return _document(NETWORK_CHAOS, namespace, fault_id, pods, _network("partition", addresses))
    loss = {"loss": f"{ratio * 100.0:g}", "correlation": "0"}
    return _document(NETWORK_CHAOS, namespace, fault_id, pods, _network("loss", addresses) | {"loss": loss})


def pod_kill(namespace: str, fault_id: str, service: str, *, count: int) -> Document:
    """Kill so many pods of a service once, whichever they are."""
    selector = {"namespaces": [namespace], "labelSelectors": {COMPONENT_LABEL: service}}
    spec = {"action": "pod-kill", "gracePeriod": 0, "mode": "fixed", "value": str(count), "selector": selector}
    return _document(POD_CHAOS, namespace, fault_id, (), spec)


def pod_failure(namespace: str, fault_id: str, pods: Sequence[str]) -> Document:
    """Let the pods' containers run an image that does nothing."""
    return _document(POD_CHAOS, namespace, fault_id, pods, {"action": "pod-failure"})


def container_kill(namespace: str, fault_id: str, pods: Sequence[str], container: str) -> Document:
    """Kill the container of each pod once."""
    spec = {"action": "container-kill", "containerNames": [container]}
    return _document(POD_CHAOS, namespace, fault_id, pods, spec)


def dns_error(namespace: str, fault_id: str, pods: Sequence[str], container: str, *, names: str) -> Document:
    """Let lookups of names that begin so fail in the pods."""
    spec = {"action": "error", "containerNames": [container], "patterns": [f"{names}*"]}
    return _document(DNS_CHAOS, namespace, fault_id, pods, spec)


def http_fault(
    namespace: str, fault_id: str, pods: Sequence[str], *, port: int, delay_milliseconds: float | None
) -> Document:
    """Delay what the pods answer over HTTP; None: cut the connection instead."""
    effect: Mapping[str, Any] = {"abort": True}
    if delay_milliseconds is not None:
        effect = {"delay": f"{round(delay_milliseconds)}ms"}
    return _document(HTTP_CHAOS, namespace, fault_id, pods, {"target": "Response", "port": port, "path": "*", **effect})


def io_latency(
    namespace: str, fault_id: str, pods: Sequence[str], container: str, *, volume_path: str, milliseconds: float
) -> Document:
    """Delay every access to a volume of the pods."""
    spec = {
        "action": "latency",
        "containerNames": [container],
        "volumePath": volume_path,
        "path": f"{volume_path}/**/*",
        "delay": f"{round(milliseconds)}ms",
        "percent": 100,
    }
    return _document(IO_CHAOS, namespace, fault_id, pods, spec)


def fault_digest(fault_id: str) -> str:
    """A fault's id as a label's value, which an id need not be."""
    return hashlib.sha256(fault_id.encode()).hexdigest()[:16]


def _network(action: str, addresses: Sequence[str]) -> dict[str, Any]:
    """A Service's address, not its pods': a call leaves the caller for the Service, and pods come and go."""
    target = {"externalTargets": list(addresses)} if addresses else {}
    return {"action": action, "direction": "to", **target}


def _document(kind: Kind, namespace: str, fault_id: str, pods: Sequence[str], spec: Mapping[str, Any]) -> Document:
    """A resource under a name that no other stand has either: DNS rules of all namespaces share one list of names.

    Pods are chosen by name, so that it is known which have the fault and which came later.
    """
    words = re.sub(r"[^a-z0-9]+", "-", fault_id.lower())[:_MAX_WORDS].strip("-")
    labels = {
        FAULT_LABEL: fault_digest(fault_id),
        STAND_LABEL: namespace,
        MANAGED_LABEL: "true",
    }
    chosen = {"mode": "all", "selector": {"namespaces": [namespace], "pods": {namespace: list(pods)}}} if pods else {}
    name = "-".join(part for part in (namespace, words, secrets.token_hex(3)) if part)
    return {
        "apiVersion": CHAOS_VERSION,
        "kind": kind.name,
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {**chosen, **spec},
    }
