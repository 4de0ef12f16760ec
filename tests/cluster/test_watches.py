"""Objects and events of stands by watch, on a real API server: through cuts, forgotten versions and deletions."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clusters.applications import load_application
from clusters.k3s.inventory import ClusterSpec
from tests.cluster.cable import Cable, cable_to
from tests.cluster.conftest import scratch_namespace
from tests.cluster.patience import eventually

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi
    from clusters.k3s.kinds import Document
    from clusters.k3s.telemetry.objects import ObjectStates

pytestmark = pytest.mark.cluster

APPLICATION = load_application("small-core")
SECOND_NS = 10**9
SECOND_COMPACTION_SECONDS = 660.0
"""After its start, at the latest: a server compacts every five minutes, to where it was at the time before."""


@pytest.fixture(name="home")
def make_home(emulated_api: "KubeApi") -> Iterator[str]:
    yield from scratch_namespace(emulated_api, "watched")


def deployment(name: str, namespace: str, *, replicas: int, service: str = "") -> "Document":
    from clusters.k3s.api import STAND_LABEL

    resources = {
        "requests": {"cpu": "100m", "memory": "16Mi"},
        "limits": {"cpu": "500m", "memory": "32Mi"},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {STAND_LABEL: namespace}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, STAND_LABEL: namespace}},
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{"name": service or name, "image": "none", "resources": resources}],
                },
            },
        },
    }


def last_second(objects: "ObjectStates", signal: str) -> dict[tuple[str, ...], float]:
    now_ns = time.time_ns()
    return dict(objects.readings(signal, now_ns - SECOND_NS // 10, now_ns))


@pytest.fixture(name="cabled")
def make_cabled(emulated_spec: ClusterSpec, tmp_path: Path) -> Iterator[tuple[Cable, "KubeApi"]]:
    from clusters.k3s.connection import connect

    with cable_to(emulated_spec, tmp_path) as (cable, spec):
        yield cable, connect(spec)


def test_objects_by_time_through_a_cut(home: str, emulated_api: "KubeApi", cabled: tuple[Cable, "KubeApi"]) -> None:
    from clusters.k3s.kinds import DEPLOYMENT
    from clusters.k3s.telemetry.objects import ObjectStates

    cable, api = cabled
    before_ns = time.time_ns()
    objects = ObjectStates(api)
    cart = home, "cart"
    emulated_api.create(deployment("cart", home, replicas=2), home)
    eventually(lambda: last_second(objects, "replicas_ready").get(cart) == 2.0)
    assert last_second(objects, "replicas_desired")[cart] == 2.0
    assert last_second(objects, "cpu_limit_millicores")[cart] == 500.0
    assert last_second(objects, "memory_limit_bytes")[cart] == 32.0 * 2**20
    assert last_second(objects, "resource_cost_millicores")[home,] == 200.0
    assert last_second(objects, "restarts")[cart] == 0.0
    steady_ns = time.time_ns()
    assert objects.readings("replicas_ready", before_ns, steady_ns) == {}
    assert "began later" in objects.why_missing(before_ns, steady_ns)

    emulated_api.create(deployment("cart-canary", home, replicas=1, service="cart"), home)
    eventually(lambda: last_second(objects, "replicas_ready").get(cart) == 3.0)
    # What was is still known.
    assert objects.readings("replicas_ready", steady_ns - SECOND_NS // 10, steady_ns)[cart] == 2.0

    cut_ns = time.time_ns()
    cable.cut()
    emulated_api.delete(DEPLOYMENT, "cart-canary", home)
    emulated_api.patch(DEPLOYMENT, "cart", home, {"spec": {"replicas": 5}})
    eventually(lambda: objects.why_missing(cut_ns, time.time_ns()))
    assert last_second(objects, "replicas_desired") == {}
    cable.mend()
    eventually(lambda: last_second(objects, "replicas_desired").get(cart) == 5.0)
    eventually(lambda: last_second(objects, "replicas_ready").get(cart) == 5.0)
    assert "the watch on " in objects.why_missing(cut_ns, time.time_ns())

    emulated_api.delete(DEPLOYMENT, "cart", home)
    eventually(lambda: cart not in last_second(objects, "replicas_desired"))
    eventually(lambda: not last_second(objects, "resource_cost_millicores").get((home,)))
    assert objects.pods(home) == {}
    objects.close()


def test_a_version_that_the_server_has_forgotten_is_no_end(home: str, emulated_api: "KubeApi") -> None:
    from clusters.k3s.kinds import EVENT
    from clusters.k3s.telemetry.watching import Change, Watcher

    seen: list[tuple[Change, str]] = []
    lists: list[int] = []
    # Of events the server keeps no cache, so it forgets with its store; of other kinds it may still know everything.
    watcher = Watcher(
        emulated_api,
        EVENT,
        lambda change, document: seen.append((change, document["metadata"]["name"])),
        lambda present: lists.append(len(present)),
        watch_seconds=1,
    )
    assert len(lists) == 1
    # The first version of all is gone from a server's store after its second compaction: 410.
    eventually(lambda: _forget(watcher) or len(lists) > 1, seconds=SECOND_COMPACTION_SECONDS)
    late = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "late"}, "involvedObject": {"namespace": home}}
    emulated_api.create(late, home)
    eventually(lambda: (Change.CHANGED, "late") in seen)
    emulated_api.delete(EVENT, "late", home)
    eventually(lambda: (Change.DELETED, "late") in seen)
    assert watcher.gap_in(0, time.time_ns()) is None
    watcher.close()


def _forget(watcher: object) -> None:
    watcher._version = "1"  # type: ignore[attr-defined]


def test_events_are_told_once_and_by_service(
    home: str, emulated_api: "KubeApi", cabled: tuple[Cable, "KubeApi"]
) -> None:
    from clusters.k3s.kinds import DEPLOYMENT
    from clusters.k3s.telemetry.events import StandEvents

    cable, api = cabled
    prefix = home.rpartition("-")[0]
    start_ns = time.time_ns() // SECOND_NS * SECOND_NS
    emulated_api.create(deployment("cart", home, replicas=1), home)
    events = StandEvents(api, prefix, lag_seconds=3.0)

    def told(since_ns: int) -> list[tuple[str, str, str]]:
        found = events.told(APPLICATION, home, since_ns, time.time_ns() + 60 * SECOND_NS)
        assert [event.time_ns for event in found] == sorted(event.time_ns for event in found)
        return [(event.service, event.kind, event.reason) for event in found]

    injected = {"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodNetworkChaos", "name": "cart-1", "namespace": home}
    for number, about in enumerate((injected, injected | {"apiVersion": "v1", "kind": "Pod"})):
        metadata = {"name": f"told-{number}"}
        document = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": metadata,
            "involvedObject": about,
            "reason": "Told",
        }
        emulated_api.create(document, home)
    eventually(lambda: ("cart", "Pod", "Scheduled") in told(start_ns))
    eventually(lambda: ("cart", "Pod", "Told") in told(start_ns))
    first = told(start_ns)
    assert not [one for one in first if "Chaos" in one[1]], "an experiment's part in a pod tells the fault"
    assert ("cart", "Deployment", "ScalingReplicaSet") in first
    assert ("cart", "ReplicaSet", "SuccessfulCreate") in first
    cable.cut()
    emulated_api.patch(DEPLOYMENT, "cart", home, {"spec": {"replicas": 2}})
    time.sleep(4.0)
    cut_ns = time.time_ns()
    cable.mend()
    # What happened meanwhile is told late rather than never, and what was told is not told again.
    eventually(lambda: ("cart", "ReplicaSet", "SuccessfulCreate") in told(cut_ns))
    eventually(lambda: sum(one == ("cart", "Pod", "Scheduled") for one in told(start_ns)) == 2)
    assert told(start_ns).count(("cart", "ReplicaSet", "SuccessfulCreate")) == 2
    middle_ns = time.time_ns()
    parts = [events.told(APPLICATION, home, *span) for span in ((start_ns, middle_ns), (middle_ns, 2 * middle_ns))]
    assert len(parts[0]) + len(parts[1]) == len(told(start_ns))
    events.close()
