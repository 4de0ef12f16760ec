"""A Kubernetes Lease: who holds a stand, and until when.

A lease is taken by optimistic concurrency: of several contenders exactly one write of the same `resourceVersion`
succeeds. All times in leases are the API server's, so the clocks of machines need not agree; its `Date` has whole
seconds and takes a while to arrive, hence a contender waits two seconds longer than the holder believes in its lease.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.kinds import LEASE, Document

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
"""Kubernetes' MicroTime."""
_CLOCK_SECONDS = 2.0
"""By how much two readings of the server's clock can differ."""
_RENEWALS_PER_LEASE = 3


@dataclass(frozen=True, kw_only=True)
class LeaseRecord:
    """A lease as it was read."""

    document: Document

    @property
    def name(self) -> str:
        """Its name, which is its stand's."""
        name: str = self.document["metadata"]["name"]
        return name

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels, empty if there are none."""
        return self.document["metadata"].get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations, empty if there are none."""
        return self.document["metadata"].get("annotations") or {}

    @property
    def holder(self) -> str:
        """Who took it last; empty: given back."""
        return self._spec.get("holderIdentity") or ""

    @property
    def transitions(self) -> int:
        """How often it changed hands."""
        return int(self._spec.get("leaseTransitions") or 0)

    @property
    def _spec(self) -> Document:
        return self.document.get("spec") or {}

    def age_seconds(self, now: datetime) -> float:
        """Since it was last renewed; `now` by the server's clock."""
        renewed = self._spec.get("renewTime")
        return (now - datetime.strptime(renewed, f"{_TIME_FORMAT[:-1]}%z")).total_seconds() if renewed else float("inf")

    def is_held(self, now: datetime) -> bool:
        """Whether its holder may still act on the stand."""
        duration = float(self._spec.get("leaseDurationSeconds") or 0)
        return bool(self.holder) and self.age_seconds(now) <= duration + _CLOCK_SECONDS


class HeldLease:
    """A lease in our hand, renewed in the background until it is released or lost."""

    def __init__(
        self, api: KubeApi, record: LeaseRecord, namespace: str, *, lease_seconds: float, asked: float
    ) -> None:
        self._api, self._namespace, self._seconds = api, namespace, lease_seconds
        self._document, self.name, self._holder = record.document, record.name, record.holder
        self._confirmed = asked
        self._ended, self._taken_away, self._lock = threading.Event(), False, threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{self.name}", daemon=True)
        self._thread.start()

    @property
    def is_lost(self) -> bool:
        """Whether somebody else may act on the stand by now: it was taken away, or could not be renewed in time."""
        return self._taken_away or time.monotonic() - self._confirmed > self._seconds

    @property
    def is_over(self) -> bool:
        """Whether we may not act on the stand any more: it was given back, or is lost."""
        return self._ended.is_set() or self.is_lost

    def stop_renewing(self) -> None:
        """Leave the lease to expire. Idempotent."""
        self._ended.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def release(self, *, annotations: Mapping[str, str] | None = None) -> None:
        """Give it back, so that the next may take it at once; nothing happens if it is ours no more. Idempotent.

        Raises:
            KubeError: the server cannot be asked; the lease then expires by itself.
        """
        if self._ended.is_set():
            return
        self.stop_renewing()
        with self._lock:
            if not self._taken_away:
                self._write({"metadata": {"annotations": dict(annotations or {})}, "spec": {"holderIdentity": None}})

    def _keep(self) -> None:
        while not self._ended.wait(self._seconds / _RENEWALS_PER_LEASE):
            try:
                with self._lock:
                    self._write({})
            except KubeError:
                if self._taken_away:
                    return

    def _write(self, changes: Document) -> None:
        """Merge changes and a renewal into the lease; a stale version is read anew, as others may annotate it."""
        while True:
            asked, version = time.monotonic(), self._document["metadata"]["resourceVersion"]
            document = _merge(changes, {"metadata": {"resourceVersion": version}})
            document = _merge({"spec": {"renewTime": _moment(self._api)}}, document)
            try:
                self._document = self._api.patch(LEASE, self.name, self._namespace, document)
            except KubeError as error:
                if error.status not in (404, 409):
                    raise
                found = self._api.find(LEASE, self.name, self._namespace)
                if found is None or LeaseRecord(document=found).holder != self._holder:
                    self._taken_away = True
                    raise
                self._document = found
            else:
                self._confirmed = asked
                return


def new_lease(name: str, *, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Document:
    """A lease that nobody holds."""
    return {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.name,
        "metadata": {"name": name, "labels": dict(labels), "annotations": dict(annotations)},
    }


def acquire(
    api: KubeApi,
    document: Document,
    namespace: str,
    *,
    holder: str,
    lease_seconds: float,
    annotations: Mapping[str, str] | None = None,
) -> HeldLease | None:
    """Take a lease: create it if `document` was never written, else write it at the version that was read.

    Returns None if somebody else was faster.

    Raises:
        KubeError: the server cannot be asked, or forbids it.
    """
    record = LeaseRecord(document=document)
    asked, moment = time.monotonic(), _moment(api)
    taken = _merge(
        document,
        {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.name,
            "metadata": {"annotations": dict(annotations or {})},
            "spec": {
                "holderIdentity": holder,
                "acquireTime": moment,
                "renewTime": moment,
                "leaseDurationSeconds": max(1, round(lease_seconds)),
                "leaseTransitions": record.transitions + 1,
            },
        },
    )
    is_new = "resourceVersion" not in document["metadata"]
    try:
        written = api.create(taken, namespace) if is_new else api.replace(taken, namespace)
    except KubeError as error:
        if error.reason in ("AlreadyExists", "Conflict") or (error.status == 404 and not is_new):
            return None
        raise
    return HeldLease(api, LeaseRecord(document=written), namespace, lease_seconds=lease_seconds, asked=asked)


def _moment(api: KubeApi) -> str:
    return api.server_time().strftime(_TIME_FORMAT)


def _merge(document: Mapping[str, Any], changes: Mapping[str, Any]) -> Document:
    merged = dict(document)
    for key, value in changes.items():
        merged[key] = _merge(merged.get(key) or {}, value) if isinstance(value, Mapping) else value
    return merged
