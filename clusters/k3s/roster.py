"""What stands a cluster has, from its leases and namespaces: what placement, listing and clean-up decide by."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL, KubeApi, KubeError
from clusters.k3s.isolation import APPLICATION_LABEL, LEASES_LABEL
from clusters.k3s.kinds import LEASE, NAMESPACE, Document
from clusters.k3s.lease import LeaseRecord

QUARANTINED = "otel-control-gym.io/quarantined"
"""Annotation of leases and namespaces: why the stand is never to be handed out again."""
RESERVED_BYTES = "otel-control-gym.io/reserved-bytes"
"""Annotation of leases: memory requests of the pods that the stand starts with."""


class StandState(StrEnum):
    """What may be done with a stand."""

    HELD = "held"
    """Somebody acts on it."""
    WARM = "warm"
    """Given back; the next of the same application may have it."""
    EXPIRED = "expired"
    """Its holder renewed its lease no more; as warm, but nobody has tidied it."""
    QUARANTINED = "quarantined"
    """It would not come back to its baseline; never handed out again."""
    ORPHAN = "orphan"
    """A namespace without a lease: somebody deleted the lease."""


@dataclass(frozen=True, kw_only=True)
class StandRecord:
    """One stand of a cluster."""

    name: str
    application: str
    state: StandState
    holder: str
    """Who has it, or had it last; empty: nobody."""
    age_seconds: float
    """Since its lease was renewed; inf without a lease."""
    reason: str
    """Why it is in quarantine; else empty."""
    reserved_bytes: float
    """Memory requests of the pods that it starts with; 0 without a lease."""
    lease: Document | None
    namespace: Document | None
    """None: not made yet, or gone."""

    @property
    def is_going(self) -> bool:
        """Whether its namespace is being deleted."""
        return self.namespace is not None and "deletionTimestamp" in self.namespace["metadata"]

    @property
    def is_free(self) -> bool:
        """Whether the next may have it."""
        return self.state in (StandState.WARM, StandState.EXPIRED) and not self.is_going


def leases_namespace(prefix: str) -> str:
    """Where the leases of the stands `<prefix>-...` are kept."""
    return f"{prefix}-leases"


def read_roster(api: KubeApi, prefix: str) -> list[StandRecord]:
    """All stands of the prefix, by name: two requests.

    Raises:
        KubeError: the cluster cannot be asked.
    """
    home = leases_namespace(prefix)
    # Leases second: a lease is older than its namespace, so whatever namespace was seen has its lease seen too.
    selector = f"{MANAGED_LABEL}=true,{LEASES_LABEL}={home},{STAND_LABEL}"
    namespaces = {item["metadata"]["name"]: item for item in api.list(NAMESPACE, label_selector=selector)}
    leases = {record.name: record for record in read_leases(api, prefix)}
    now = api.server_time()
    records = [
        _record(name, leases.get(name), namespaces.get(name), now) for name in sorted(leases.keys() | namespaces.keys())
    ]
    return [record for record in records if record is not None]


def read_leases(api: KubeApi, prefix: str) -> list[LeaseRecord]:
    """The leases of all stands of the prefix; none if their namespace is not there.

    Raises:
        KubeError: the cluster cannot be asked.
    """
    try:
        found = api.list(LEASE, leases_namespace(prefix), label_selector=f"{MANAGED_LABEL}=true")
    except KubeError as error:
        if error.status == 404:
            return []
        raise
    return [LeaseRecord(document=item) for item in found]


def _record(name: str, lease: LeaseRecord | None, namespace: Document | None, now: datetime) -> StandRecord | None:
    labels = namespace["metadata"]["labels"] if namespace else {}
    if namespace and labels[STAND_LABEL] != name:
        return None  # the label was copied to a namespace that is none of ours
    return StandRecord(
        name=name,
        application=(lease.labels if lease else labels).get(APPLICATION_LABEL, ""),
        state=_state(lease, now) if lease else StandState.ORPHAN,
        holder=lease.holder if lease else "",
        age_seconds=lease.age_seconds(now) if lease else float("inf"),
        reason=lease.annotations.get(QUARANTINED, "") if lease else "",
        reserved_bytes=float(lease.annotations.get(RESERVED_BYTES, "0")) if lease else 0.0,
        lease=lease.document if lease else None,
        namespace=namespace,
    )


def _state(lease: LeaseRecord, now: datetime) -> StandState:
    if lease.is_held(now):
        return StandState.HELD
    if QUARANTINED in lease.annotations:
        return StandState.QUARANTINED
    return StandState.EXPIRED if lease.holder else StandState.WARM
