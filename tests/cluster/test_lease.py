"""Leases among contenders on a real API server."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from clusters.k3s.api import KubeApi
from clusters.k3s.connection import connect
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import LEASE
from clusters.k3s.lease import HeldLease, LeaseRecord, acquire, new_lease
from tests.cluster.cut_line import CutLine, kubeconfig_through, server_of

pytestmark = pytest.mark.cluster

NUM_CONTENDERS = 8
SHORT_SECONDS = 3.0


def read(api: KubeApi, namespace: str, name: str) -> LeaseRecord:
    return LeaseRecord(document=api.get(LEASE, name, namespace))


def take(api: KubeApi, namespace: str, name: str, holder: str, *, seconds: float = SHORT_SECONDS) -> HeldLease:
    document = api.find(LEASE, name, namespace) or new_lease(name, labels={}, annotations={})
    lease = acquire(api, document, namespace, holder=holder, lease_seconds=seconds)
    assert lease is not None
    return lease


@pytest.mark.parametrize("is_new", [True, False])
def test_exactly_one_of_many_contenders_gets_it(
    api: KubeApi, cluster_spec: ClusterSpec, module_namespace: str, is_new: bool
) -> None:
    name = f"contended-{is_new}".lower()
    if not is_new:
        take(api, module_namespace, name, "former").release()
    document = api.find(LEASE, name, module_namespace) or new_lease(name, labels={}, annotations={})

    def contend(number: int) -> HeldLease | None:
        contender = connect(cluster_spec)
        return acquire(contender, document, module_namespace, holder=f"c{number}", lease_seconds=30.0)

    with ThreadPoolExecutor(NUM_CONTENDERS) as pool:
        leases = list(pool.map(contend, range(NUM_CONTENDERS)))
    winners = [f"c{number}" for number, lease in enumerate(leases) if lease is not None]
    assert [read(api, module_namespace, name).holder] == winners
    for lease in leases:
        if lease is not None:
            lease.release()
    assert read(api, module_namespace, name).holder == ""


def test_it_is_renewed_for_as_long_as_it_is_held(api: KubeApi, module_namespace: str) -> None:
    lease = take(api, module_namespace, "kept", "me")
    try:
        first = int(read(api, module_namespace, "kept").document["metadata"]["resourceVersion"])
        time.sleep(1.7 * SHORT_SECONDS)
        assert not lease.is_lost
        record = read(api, module_namespace, "kept")
        assert record.is_held(api.server_time())
        assert int(record.document["metadata"]["resourceVersion"]) > first
    finally:
        lease.release()


def test_a_holder_that_stops_renewing_loses_it_and_cannot_harm_the_next(api: KubeApi, module_namespace: str) -> None:
    former = take(api, module_namespace, "dropped", "former")
    former.stop_renewing()
    assert read(api, module_namespace, "dropped").is_held(api.server_time())
    time.sleep(SHORT_SECONDS + 3.5)
    assert former.is_lost
    assert not read(api, module_namespace, "dropped").is_held(api.server_time())
    later = take(api, module_namespace, "dropped", "later")
    former.release()
    assert read(api, module_namespace, "dropped").holder == "later"
    assert not later.is_lost
    later.release()


def test_a_lease_taken_by_force_is_lost_at_the_next_renewal(api: KubeApi, module_namespace: str) -> None:
    former = take(api, module_namespace, "forced", "former")
    later = take(api, module_namespace, "forced", "later", seconds=30.0)
    deadline = time.monotonic() + SHORT_SECONDS
    while not former.is_lost and time.monotonic() < deadline:
        time.sleep(0.1)
    assert former.is_lost
    former.release()
    assert read(api, module_namespace, "forced").holder == "later"
    later.release()


def test_what_others_note_on_a_lease_does_not_lose_it(api: KubeApi, module_namespace: str) -> None:
    lease = take(api, module_namespace, "noted", "me")
    api.patch(LEASE, "noted", module_namespace, {"metadata": {"annotations": {"note": "by somebody"}}})
    time.sleep(SHORT_SECONDS / 2)
    assert not lease.is_lost
    lease.release(annotations={"end": "mine"})
    record = read(api, module_namespace, "noted")
    assert record.holder == ""
    assert record.annotations == {"note": "by somebody", "end": "mine"}


def test_a_holder_cut_off_from_the_server_knows_in_time_and_goes_on_if_nobody_came(
    api: KubeApi, cluster_spec: ClusterSpec, module_namespace: str, tmp_path: Path
) -> None:
    with CutLine(*server_of(cluster_spec)) as line:
        through = connect(replace(cluster_spec, kubeconfig=str(kubeconfig_through(line, cluster_spec, tmp_path))))
        lease = take(through, module_namespace, "cut-off", "me")
        line.cut()
        time.sleep(SHORT_SECONDS + 0.2)
        assert lease.is_lost
        line.mend()
        deadline = time.monotonic() + 2 * SHORT_SECONDS
        while lease.is_lost and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not lease.is_lost
        line.cut()
        time.sleep(SHORT_SECONDS + 3.5)
        later = take(api, module_namespace, "cut-off", "later", seconds=30.0)
        line.mend()
        time.sleep(SHORT_SECONDS)
        assert lease.is_lost
        lease.release()
        assert read(api, module_namespace, "cut-off").holder == "later"
        later.release()
