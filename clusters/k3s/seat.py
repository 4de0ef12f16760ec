"""One try to get a stand on one cluster: a free one, or a new one where there is room."""

import random
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from clusters.k3s.api import MANAGED_LABEL, KubeApi, KubeError
from clusters.k3s.capacity import StandNeed, cluster_memory_bytes, stand_need
from clusters.k3s.furnishing import furnish
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.isolation import APPLICATION_LABEL, LEASES_LABEL
from clusters.k3s.kinds import LEASE, NAMESPACE, Document
from clusters.k3s.lease import HeldLease, acquire, new_lease
from clusters.k3s.placed_stand import PlacedStand
from clusters.k3s.removal import remove_stand
from clusters.k3s.roster import RESERVED_BYTES, StandRecord, StandState, leases_namespace, read_roster
from clusters.stand import StandError
from clusters.topology import Application
from ray_configs.errors import UserError

_TRIES = 8
"""Rounds of finding a stand and being outrun by somebody else."""
_BACK_OFF_SECONDS = 0.5
"""Longest random pause before the next round."""
_GIB = 2.0**30


class NoRoomError(StandError):
    """No cluster can give a stand now; one that is given back, or a lease that expires, changes that."""


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One try to get a stand on one cluster."""

    cluster: ClusterSpec
    api: KubeApi
    inventory: Inventory
    application: Application
    holder: str

    @property
    def leases(self) -> str:
        """Namespace of the leases."""
        return leases_namespace(self.inventory.namespace_prefix)

    def take(self) -> PlacedStand:
        """A stand here.

        Raises:
            NoRoomError: all that the cluster offers is taken.
            UserError: the application can never fit.
            StandError: the cluster refuses something, or a stand that should make room will not go.
        """
        need = stand_need(self.application, self.cluster.images.kind)
        memory_bytes = cluster_memory_bytes(self.api, self.cluster)
        if need.reserved_bytes > memory_bytes:
            raise UserError(
                f"cluster {self.cluster.name} has {memory_bytes / _GIB:.1f} GiB of memory for stands, and "
                f"{self.application.name} needs {need.reserved_bytes / _GIB:.1f}; choose a smaller application, or a "
                "larger cluster"
            )
        for _ in range(_TRIES):
            lease = self._lease(need, memory_bytes)
            if lease is not None:
                return self._furnished(lease, need)
            time.sleep(random.uniform(0.0, _BACK_OFF_SECONDS))
        raise NoRoomError(f"cluster {self.cluster.name}: others were faster {_TRIES} times; try again")

    def _lease(self, need: StandNeed, memory_bytes: float) -> HeldLease | None:
        """A lease on a free stand, or on a new one; None: somebody was faster."""
        records = read_roster(self.api, self.inventory.namespace_prefix)
        if num_held(records) >= self.cluster.stands:
            raise self._full(records, memory_bytes)
        for record in sorted(filter(self._suits, records), key=lambda r: (r.state is StandState.EXPIRED, r.name)):
            if record.lease is not None and (lease := self._acquire(record.lease, need)):
                return self._unless_overfull(lease, memory_bytes, is_new=False)
        if _is_overfull(self.cluster, memory_bytes, records, added=need):
            victim = next((record for record in records if record.is_free), None)
            if victim is None:
                raise self._full(records, memory_bytes)
            remove_stand(
                self.api,
                victim,
                leases=self.leases,
                holder=self.holder,
                lease_seconds=self.inventory.lease_seconds,
            )
            return None
        return self._unless_overfull(self._acquire(self._new_lease(need), need), memory_bytes, is_new=True)

    def _suits(self, record: StandRecord) -> bool:
        return record.is_free and record.application == self.application.name

    def _acquire(self, document: Document, need: StandNeed) -> HeldLease | None:
        try:
            return acquire(
                self.api,
                document,
                self.leases,
                holder=self.holder,
                lease_seconds=self.inventory.lease_seconds,
                annotations={RESERVED_BYTES: str(round(need.reserved_bytes))},
            )
        except KubeError as error:
            if error.status == 404:
                self._make_leases_namespace()
                return None
            if "being terminated" in str(error):  # gc removes the empty namespace of leases just now
                return None
            raise

    def _make_leases_namespace(self) -> None:
        labels = {MANAGED_LABEL: "true", LEASES_LABEL: self.leases}
        try:
            self.api.create(
                {
                    "apiVersion": NAMESPACE.api_version,
                    "kind": NAMESPACE.name,
                    "metadata": {"name": self.leases, "labels": labels},
                }
            )
        except KubeError as error:
            if error.reason != "AlreadyExists":
                raise

    def _new_lease(self, need: StandNeed) -> Document:
        prefix = self.inventory.namespace_prefix
        application = re.sub(r"[^a-z0-9]+", "-", self.application.name.lower())
        labels = {MANAGED_LABEL: "true", APPLICATION_LABEL: self.application.name}
        return new_lease(
            f"{prefix}-{application[:30].strip('-')}-{secrets.token_hex(3)}", labels=labels, annotations={}
        )

    def _unless_overfull(self, lease: HeldLease | None, memory_bytes: float, *, is_new: bool) -> HeldLease | None:
        """The lease, unless others took theirs at the same time and the cluster has no room for all.

        Each looks after it wrote, so of any two that are too many the later look sees both.
        """
        if lease is None:
            return None
        records = read_roster(self.api, self.inventory.namespace_prefix)
        if num_held(records) <= self.cluster.stands and not (
            is_new and _is_overfull(self.cluster, memory_bytes, records)
        ):
            return lease
        lease.release()
        if is_new:
            self.api.delete(LEASE, lease.name, self.leases)
        return None

    def _furnished(self, lease: HeldLease, need: StandNeed) -> PlacedStand:
        try:
            api = furnish(
                self.api,
                self.cluster,
                lease,
                application=self.application.name,
                leases=self.leases,
                need=need,
            )
        except BaseException:
            with suppress(KubeError):  # the lease then expires by itself; what went wrong first matters more
                lease.release()
            raise
        return PlacedStand(self.cluster, lease, api, self.api)

    def _full(self, records: Sequence[StandRecord], memory_bytes: float) -> NoRoomError:
        holders = [f"{record.name} ({record.holder})" for record in records if record.state is StandState.HELD]
        used = sum(record.reserved_bytes for record in records if record.state is not StandState.QUARANTINED)
        return NoRoomError(
            f"cluster {self.cluster.name} has no stand free: {len(holders)} of {self.cluster.stands} are held, with "
            f"{used / _GIB:.1f} of {memory_bytes / _GIB:.1f} GiB of memory ({', '.join(holders[:5])}"
            f"{', ...' if len(holders) > 5 else ''}); wait for one, or raise its key stands or memory_bytes"
        )


def num_held(records: Sequence[StandRecord]) -> int:
    """How many of the stands somebody acts on."""
    return sum(record.state is StandState.HELD for record in records)


def _is_overfull(
    cluster: ClusterSpec, memory_bytes: float, records: Sequence[StandRecord], *, added: StandNeed | None = None
) -> bool:
    """Whether a cluster's stands, free ones too but not those in quarantine, are more than it may carry."""
    present = [record for record in records if record.state is not StandState.QUARANTINED]
    used = sum(record.reserved_bytes for record in present) + (added.reserved_bytes if added else 0.0)
    return len(present) + (added is not None) > cluster.stands or used > memory_bytes
