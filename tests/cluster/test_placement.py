"""Who gets which stand, on a real API server; no pod is started."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clusters.applications import load_application
from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.collection import collect
from clusters.k3s.connection import connect_with_token
from clusters.k3s.credentials import StandToken
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.kinds import CONFIG_MAP, NAMESPACE
from clusters.k3s.placement import NoRoomError, free_stands, place
from clusters.k3s.roster import QUARANTINED, StandState, read_leases, read_roster
from ray_configs.errors import UserError
from tests.cluster.placing import MakeInventory, ours, scratch_inventories, written

pytestmark = pytest.mark.cluster

APPLICATION = load_application("small-core")
OTHER = load_application("medium-store")
TOKEN_MEMORY_SECONDS = 20.0
"""The API server remembers for ten seconds that a token was good."""
NUM_CRASHES = 6
SHORT_SECONDS = 4.0


@pytest.fixture(scope="module")
def make_inventory() -> Iterator[MakeInventory]:
    with scratch_inventories() as make:
        yield make


@pytest.fixture
def inventory(cluster_spec: ClusterSpec, make_inventory: MakeInventory) -> Inventory:
    return make_inventory(cluster_spec)


def states(api: KubeApi, inventory: Inventory) -> dict[str, StandState]:
    return {record.name: record.state for record in read_roster(api, inventory.namespace_prefix)}


def test_a_stand_is_held_until_it_is_given_back_and_then_warm_for_the_next(api: KubeApi, inventory: Inventory) -> None:
    name = inventory.clusters[0].name
    first = place(inventory, APPLICATION, holder="a")
    second = place(inventory, APPLICATION, holder="b")
    assert first.namespace != second.namespace
    assert free_stands(inventory) == {name: 0}
    with pytest.raises(NoRoomError, match=rf"cluster {name} has no stand free: 2 of 2 are held.*a@"):
        place(inventory, APPLICATION, holder="c")
    first.release()
    first.release()
    assert free_stands(inventory) == {name: 1}
    assert states(api, inventory)[first.namespace] is StandState.WARM
    third = place(inventory, APPLICATION, holder="c")
    assert third.namespace == first.namespace
    assert not third.lost
    first.quarantine("too late: it is another's")
    assert states(api, inventory)[third.namespace] is StandState.HELD


def test_the_last_holder_can_do_nothing_once_another_has_the_stand(api: KubeApi, inventory: Inventory) -> None:
    former = place(inventory, APPLICATION, holder="former")
    token = StandToken(api, former.namespace, lambda: False)()
    copied = connect_with_token(former.cluster, lambda: token)
    assert copied.list(CONFIG_MAP, former.namespace) is not None
    former.release()
    with pytest.raises(KubeError, match=r"lease on .* is over"):
        former.api.list(CONFIG_MAP, former.namespace)
    later = place(inventory, APPLICATION, holder="later")
    assert later.namespace == former.namespace
    deadline = time.monotonic() + TOKEN_MEMORY_SECONDS
    status = 200
    while status == 200 and time.monotonic() < deadline:
        try:
            copied.list(CONFIG_MAP, former.namespace)
        except KubeError as error:
            status = error.status
        time.sleep(0.5)
    assert status == 401
    assert later.api.list(CONFIG_MAP, later.namespace) is not None


def test_a_stand_in_quarantine_is_never_handed_out_and_room_is_made_for_others(
    api: KubeApi, inventory: Inventory
) -> None:
    inventory = replace(inventory, clusters=(replace(inventory.clusters[0], stands=1),))
    bad = place(inventory, APPLICATION, holder="a")
    bad.quarantine("its queues stay full")
    assert api.get(NAMESPACE, bad.namespace)["metadata"]["annotations"][QUARANTINED] == "its queues stay full"
    good = place(inventory, APPLICATION, holder="b")
    assert good.namespace != bad.namespace
    good.release()
    # The one place belongs to a warm stand of another application: it makes room.
    other = place(inventory, OTHER, holder="c")
    assert states(api, inventory) == {bad.namespace: StandState.QUARANTINED, other.namespace: StandState.HELD}
    outcomes = {outcome.stand.name: outcome for outcome in collect(api, inventory, keep_warm=True)}
    assert outcomes[bad.namespace].is_removed
    assert "its queues stay full" in outcomes[bad.namespace].reason
    assert not outcomes[other.namespace].is_removed


def test_what_can_never_fit_is_said_at_once(inventory: Inventory) -> None:
    small = replace(inventory, clusters=(replace(inventory.clusters[0], memory_bytes=2.0**29),))
    with pytest.raises(UserError, match=r"has 0.5 GiB of memory for stands, and small-core needs 1.0"):
        place(small, APPLICATION, holder="a")


def test_memory_bounds_the_stands_too(inventory: Inventory) -> None:
    narrow = replace(inventory, clusters=(replace(inventory.clusters[0], memory_bytes=1.5 * 2.0**30),))
    place(narrow, APPLICATION, holder="a")
    with pytest.raises(NoRoomError, match=r"1 of 2 are held, with 1.0 of 1.5 GiB"):
        place(narrow, APPLICATION, holder="b")


def test_a_cluster_that_does_not_answer_is_left_out_and_named_when_nothing_is_left(inventory: Inventory) -> None:
    sound = inventory.clusters[0]
    broken = replace(sound, name="broken", context="nowhere")
    two = replace(inventory, clusters=(broken, replace(sound, stands=1)))
    assert place(two, APPLICATION, holder="a").cluster.name == sound.name
    with pytest.raises(NoRoomError, match=r"cluster broken: .* has no context 'nowhere'.*no stand free: 1 of 1"):
        place(two, APPLICATION, holder="b")
    with pytest.raises(UserError, match=r"cluster broken: .*choose one of"):
        place(replace(two, clusters=(broken,)), APPLICATION, holder="b")


def test_stands_over_two_clusters_go_where_most_is_free(
    cluster_spec: ClusterSpec, emulated_spec: ClusterSpec, make_inventory: MakeInventory
) -> None:
    inventory = make_inventory(cluster_spec, emulated_spec)
    one, three = replace(inventory.clusters[0], stands=1), replace(inventory.clusters[1], stands=3)
    uneven = replace(inventory, clusters=(one, three))
    names = [place(uneven, APPLICATION, holder="a").cluster.name for _ in range(4)]
    assert names[:2] == [three.name] * 2
    assert sorted(names) == sorted([one.name] + [three.name] * 3)


CRASHING = """
import sys
from clusters.applications import load_application
from clusters.k3s.inventory import Inventory
from clusters.k3s.placement import place
from ray_configs.loading import load
inventory, application = load(sys.argv[1], Inventory), load_application("small-core")
print("ready", flush=True)
sys.stdin.readline()
stand = place(inventory, application, holder="doomed")
print("placed", flush=True)
sys.stdin.readline()
"""


def test_placement_killed_at_any_point_leaves_nothing_that_clean_up_does_not_find(
    api: KubeApi, cluster_spec: ClusterSpec, make_inventory: MakeInventory, tmp_path: Path
) -> None:
    inventory = make_inventory(cluster_spec, stands=NUM_CRASHES, lease_seconds=SHORT_SECONDS)
    command = [sys.executable, "-c", CRASHING, str(written(inventory, tmp_path))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    doomed = [subprocess.Popen(command, **pipes) for _ in range(NUM_CRASHES)]  # type: ignore[call-overload]
    for number, process in enumerate(doomed):
        with process:
            assert process.stdout.readline() == "ready\n"
            process.stdin.write("go\n")
            process.stdin.flush()
            # Placement takes about 0.3 s here; the last ones are killed while they hold their stand.
            time.sleep(0.06 * (number + 1))
            process.kill()
    assert ours(api, inventory)
    time.sleep(SHORT_SECONDS + 3.5)
    outcomes = collect(api, inventory, keep_warm=True)
    assert {outcome.stand.state for outcome in outcomes} == {StandState.EXPIRED}
    assert all(outcome.is_removed for outcome in outcomes)
    assert ours(api, inventory) == []
    assert read_leases(api, inventory.namespace_prefix) == []
