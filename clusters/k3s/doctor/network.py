"""Whether the cluster enforces network policies: in scratch namespaces, by connections that must and must not stand."""

import secrets
from collections.abc import Callable, Iterable

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.capacity import stand_need
from clusters.k3s.doctor.point import Examination, Point, Status
from clusters.k3s.inventory import ImageKind
from clusters.k3s.isolation import isolation_documents, namespace_document
from clusters.k3s.kinds import NETWORK_POLICY, POD, Document
from clusters.k3s.network_peers import pod_ranges
from clusters.k3s.removal import delete_namespace
from clusters.k3s.roster import leases_namespace
from clusters.stand import StandError

_SECONDS = 60.0
"""Until a small pod has started and ended."""
_PORT = 8080
_SETTLING_SECONDS = 5
"""Until a policy acts on a pod that is new."""
_TOPIC = "network policies"
_FIX = "use a network plugin that enforces NetworkPolicy (k3s does, unless it runs with --disable-network-policy)"

_DOOR = f"import socketserver as s; s.TCPServer(('', {_PORT}), s.BaseRequestHandler).serve_forever()"
_CALLER = f"import socket, time; time.sleep({_SETTLING_SECONDS}); socket.create_connection(('{{address}}', {_PORT}), 5)"


def network(examination: Examination) -> Iterable[Point]:
    """Tried with pods, if that is allowed; what is there says nothing about whether anybody enforces it."""
    if not examination.may_start_pods:
        finding = "not tried: whether policies are enforced shows only with pods"
        yield Point(topic=_TOPIC, status=Status.UNKNOWN, finding=finding, fix="give --probe-network", is_needed=False)
        return
    if examination.cluster.images.kind is not ImageKind.SYNTHETIC:
        finding = "not tried: the pods of this test need Python, which is sure only in the synthetic image"
        yield Point(topic=_TOPIC, status=Status.UNKNOWN, finding=finding, fix=_FIX, is_needed=False)
        return
    guarded, neighbour = (
        f"{examination.inventory.namespace_prefix}-doctor-{word}-{secrets.token_hex(3)}" for word in ("in", "out")
    )
    try:
        yield _tried(examination, guarded, neighbour)
    except StandError as error:
        finding = f"not found out: {error}"
        yield Point(topic=_TOPIC, status=Status.UNKNOWN, finding=finding, fix=_FIX, is_needed=False)
    finally:
        for name in (guarded, neighbour):
            delete_namespace(examination.api, name)


def _tried(examination: Examination, guarded: str, neighbour: str) -> Point:
    api, cluster = examination.api, examination.cluster
    leases = leases_namespace(examination.inventory.namespace_prefix)
    for name in (guarded, neighbour):
        api.create(namespace_document(name, application="", leases=leases))
    ranges, servers = pod_ranges(api)
    need = stand_need(examination.application, cluster.images.kind)
    for document in isolation_documents(
        guarded, need=need, telemetry=cluster.telemetry, pod_ranges=ranges, server_addresses=servers
    ):
        if document["kind"] == NETWORK_POLICY.name:
            api.apply(document, guarded)
    api.create(_pod(examination, "door", _DOOR), guarded)
    address = _until(api, guarded, "door", lambda pod: pod["status"].get("podIP", ""))
    caller = _CALLER.format(address=address)
    for name in (guarded, neighbour):
        api.create(_pod(examination, "caller", caller), name)
    inside, outside = (
        _until(api, name, "caller", lambda pod: _ENDED.get(pod["status"].get("phase", ""), ""))
        for name in (guarded, neighbour)
    )
    if inside == "refused":
        finding = "pods of one namespace do not reach each other under the stands' policy"
        return Point(topic=_TOPIC, status=Status.MISSING, finding=finding, fix=_FIX)
    if outside == "connected":
        finding = "accepted and not enforced: a pod of another namespace got through"
        return Point(topic=_TOPIC, status=Status.MISSING, finding=finding, fix=_FIX, is_needed=False)
    return Point(topic=_TOPIC, status=Status.OK, finding="enforced: a pod of another namespace did not get through")


_ENDED = {"Succeeded": "connected", "Failed": "refused"}


def _until(api: KubeApi, namespace: str, pod: str, read: Callable[[Document], str]) -> str:
    """What is read from a pod once it is not empty any more."""
    text = Retrying(
        stop=stop_after_delay(_SECONDS),
        wait=wait_fixed(0.5),
        retry=retry_if_result(lambda found: not found),
        retry_error_callback=lambda _: "",
    )(lambda: read(api.get(POD, pod, namespace)))
    if not text:
        raise KubeError(f"pod {namespace}/{pod} did not get far in {_SECONDS:.0f} s", status=0, reason="Timeout")
    return text


def _pod(examination: Examination, name: str, code: str) -> Document:
    images = examination.cluster.images
    limits = {"cpu": "500m", "memory": "64Mi"}
    return {
        "apiVersion": POD.api_version,
        "kind": POD.name,
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": name,
                    "image": images.synthetic,
                    "imagePullPolicy": images.pull_policy,
                    "command": ["python3", "-c", code],
                    "resources": {"limits": limits, "requests": {"cpu": "10m", "memory": "32Mi"}},
                }
            ],
        },
    }
