"""A stand taken away: its experiments lifted, its namespace deleted and really gone, its lease deleted last.

Nothing is deleted unless it carries our labels at the moment of deletion.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL, KubeApi, KubeError
from clusters.k3s.kinds import CHAOS_KINDS, LEASE, NAMESPACE, Document, Kind
from clusters.k3s.lease import acquire
from clusters.k3s.roster import StandRecord
from clusters.stand import StandError

T = TypeVar("T")

_EXPERIMENTS_SECONDS = 20.0
"""Chaos Mesh lifts an experiment in under a second; one that takes longer is stuck, and its finalizer is removed."""
_NAMESPACE_SECONDS = 180.0
"""A namespace with pods takes 8 to 17 s to go."""


def remove_stand(
    api: KubeApi, record: StandRecord, *, leases: str, holder: str, lease_seconds: float, force: bool = False
) -> bool:
    """Remove a stand that nobody holds, and wait until it is gone; False if somebody else has it by now.

    With `force` it is taken from whoever holds it.

    Raises:
        KubeError: the cluster refuses, or does not answer.
        StandError: the namespace is not ours, or will not go.
    """
    lease, document = None, record.lease
    while document is not None:
        lease = acquire(api, document, leases, holder=holder, lease_seconds=lease_seconds)
        if lease is not None or not force:
            break
        document = api.find(LEASE, record.name, leases)  # its holder renewed it in between
    if document is not None and lease is None:
        return False
    try:
        delete_namespace(api, record.name)
    finally:
        if lease is not None:
            lease.stop_renewing()
    if lease is not None:
        api.delete(LEASE, record.name, leases)
    return True


def delete_namespace(api: KubeApi, name: str) -> None:
    """Lift the experiments in the stand `name`, delete its namespace and wait until it is gone.

    Raises:
        KubeError: the cluster refuses, or does not answer.
        StandError: the namespace is not ours, or will not go; the message tells what holds it.
    """
    namespace = api.find(NAMESPACE, name)
    if namespace is None:
        return
    labels = namespace["metadata"].get("labels") or {}
    if labels.get(MANAGED_LABEL) != "true" or labels.get(STAND_LABEL) != name:
        raise StandError(
            f"cluster {api.cluster}: namespace {name} is not deleted, because it lacks the labels "
            f"{MANAGED_LABEL}=true and {STAND_LABEL}={name}; delete it yourself if nobody needs it"
        )
    lift_experiments(api, name)
    api.delete(NAMESPACE, name, uid=namespace["metadata"]["uid"])
    wait_gone(api, name)


def lift_experiments(api: KubeApi, namespace: str) -> None:
    """Delete all chaos resources of a namespace; those that do not go lose their finalizer.

    Raises:
        KubeError: the cluster does not answer, or refuses (the webhook of a controller that is down).
    """
    for kind, item in _experiments(api, namespace):
        api.delete(kind, item["metadata"]["name"], namespace)
    remaining = _until_false(lambda: list(_experiments(api, namespace)), _EXPERIMENTS_SECONDS)
    for kind, item in remaining:
        api.patch(kind, item["metadata"]["name"], namespace, {"metadata": {"finalizers": None}})


def wait_gone(api: KubeApi, name: str) -> None:
    """Wait until there is no namespace `name` any more.

    Raises:
        StandError: it is still there; the message tells what holds it.
    """
    remaining = _until_false(lambda: api.find(NAMESPACE, name), _NAMESPACE_SECONDS)
    if remaining:
        holding = [
            condition["message"]
            for condition in remaining["status"].get("conditions") or []
            if condition["status"] == "True"
        ]
        raise StandError(
            f"cluster {api.cluster}: namespace {name} is still there {_NAMESPACE_SECONDS:.0f} s after its deletion: "
            f"{'; '.join(holding) or 'the API server tells no reason'}; mend that and run gc again"
        )


def _experiments(api: KubeApi, namespace: str) -> Iterator[tuple[Kind, Document]]:
    for kind in CHAOS_KINDS:
        try:
            for item in api.list(kind, namespace):
                yield kind, item
        except KubeError as error:
            if error.status != 404:  # the cluster has no Chaos Mesh
                raise


def _until_false(ask: Callable[[], T], seconds: float) -> T:
    """Ask twice a second until the answer is empty, at most so long; the last answer."""
    return Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.5),
        retry=retry_if_result(bool),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )(ask)
