"""What clean-up removes, what it keeps, and what it never touches."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clusters.applications import load_application
from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL, KubeApi
from clusters.k3s.arguments import CollectArguments, DownArguments, ListArguments
from clusters.k3s.collection import collect, remove
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.isolation import LEASES_LABEL
from clusters.k3s.kinds import LEASE, NAMESPACE, POD_CHAOS
from clusters.k3s.listing import collect_command, down_command, list_command
from clusters.k3s.placement import place
from clusters.k3s.removal import delete_namespace
from clusters.k3s.roster import StandState, leases_namespace, read_roster
from clusters.stand import StandError
from ray_configs.errors import UserError
from tests.cluster.placing import MakeInventory, ours, scratch_inventories, written

pytestmark = pytest.mark.cluster

APPLICATION = load_application("small-core")
SHORT_SECONDS = 4.0


@pytest.fixture(scope="module")
def make_inventory() -> Iterator[MakeInventory]:
    with scratch_inventories() as make:
        yield make


@pytest.fixture
def inventory(cluster_spec: ClusterSpec, make_inventory: MakeInventory) -> Inventory:
    return make_inventory(cluster_spec, stands=8, lease_seconds=SHORT_SECONDS)


@pytest.fixture
def strangers(api: KubeApi, inventory: Inventory) -> Iterator[list[str]]:
    """Namespaces that look like ours: by name alone, with one label only, and with a label copied from a stand."""
    leases = leases_namespace(inventory.namespace_prefix)
    labels: dict[str, dict[str, str]] = {
        "bare": {},
        "half": {MANAGED_LABEL: "true", LEASES_LABEL: leases},
        "copied": {MANAGED_LABEL: "true", LEASES_LABEL: leases, STAND_LABEL: f"{inventory.namespace_prefix}-another"},
        "unmanaged": {STAND_LABEL: f"{inventory.namespace_prefix}-unmanaged", LEASES_LABEL: leases},
        "foreign": {
            MANAGED_LABEL: "true",
            LEASES_LABEL: "others-leases",
            STAND_LABEL: f"{inventory.namespace_prefix}-foreign",
        },
    }
    names = []
    for word, given in labels.items():
        names.append(f"{inventory.namespace_prefix}-{word}")
        metadata = {"name": names[-1], "labels": given}
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    yield names
    for name in names:
        api.delete(NAMESPACE, name)


def test_everything_that_nobody_holds_goes_and_nothing_else(
    api: KubeApi, inventory: Inventory, strangers: list[str]
) -> None:
    leases = leases_namespace(inventory.namespace_prefix)
    held, warm, bad, orphan, gone, expired = (place(inventory, APPLICATION, holder="a") for _ in range(6))
    bad.quarantine("why")
    warm.release()
    gone.release()
    delete_namespace(api, gone.namespace)  # a lease without its namespace
    expired._lease.stop_renewing()
    orphan._lease.stop_renewing()
    api.delete(LEASE, orphan.namespace, leases)
    time.sleep(SHORT_SECONDS + 3.5)
    first = {o.stand.name: o for o in collect(api, inventory, keep_warm=True)}
    assert {name: o.stand.state for name, o in first.items() if not o.is_removed} == {
        held.namespace: StandState.HELD,
        warm.namespace: StandState.WARM,
        gone.namespace: StandState.WARM,
    }
    assert {name: o.stand.state for name, o in first.items() if o.is_removed} == {
        bad.namespace: StandState.QUARANTINED,
        orphan.namespace: StandState.ORPHAN,
        expired.namespace: StandState.EXPIRED,
    }
    second = collect(api, inventory, keep_warm=False)
    assert [o.stand.name for o in second if not o.is_removed] == [held.namespace]
    assert set(ours(api, inventory)) == {*strangers, held.namespace, leases}
    held.release()
    collect(api, inventory, keep_warm=False)
    assert set(ours(api, inventory)) == set(strangers)
    assert collect(api, inventory, keep_warm=False) == []


def test_a_namespace_that_lacks_our_labels_is_refused(api: KubeApi, strangers: list[str]) -> None:
    for name in strangers:
        if name.endswith("-foreign"):
            continue  # it is a stand, of another inventory
        with pytest.raises(StandError, match=f"namespace {name} is not deleted, because it lacks the labels"):
            delete_namespace(api, name)


def test_a_chaos_resource_that_will_not_go_is_freed(api: KubeApi, inventory: Inventory) -> None:
    stand = place(inventory, APPLICATION, holder="a")
    selector = {"namespaces": [stand.namespace], "labelSelectors": {"otel-control-gym.io/none": "true"}}
    stand.api.create(
        {
            "apiVersion": POD_CHAOS.api_version,
            "kind": POD_CHAOS.name,
            # Nobody will ever take this finalizer away but clean-up itself.
            "metadata": {"name": "stuck", "finalizers": ["otel-control-gym.io/test"]},
            "spec": {"action": "pod-failure", "mode": "all", "duration": "1h", "selector": selector},
        },
        stand.namespace,
    )
    stand.release()
    outcomes = collect(api, inventory, keep_warm=False)
    assert [(o.stand.name, o.is_removed, o.is_failed) for o in outcomes] == [(stand.namespace, True, False)]
    assert ours(api, inventory) == []


def test_what_was_renewed_since_it_was_seen_is_taken_by_force_only(api: KubeApi, inventory: Inventory) -> None:
    stand = place(inventory, APPLICATION, holder="a")
    (seen,) = read_roster(api, inventory.namespace_prefix)
    time.sleep(SHORT_SECONDS / 2)
    assert not remove(api, seen, inventory, force=False).is_removed
    assert not stand.lost
    assert remove(api, seen, inventory, force=True).is_removed
    time.sleep(SHORT_SECONDS / 2)
    assert stand.lost
    assert read_roster(api, inventory.namespace_prefix) == []


def test_command_lines(inventory: Inventory, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = written(inventory, tmp_path)
    stand = place(inventory, APPLICATION, holder="somebody")
    assert list_command(ListArguments(config=config)) == 0
    listed = capsys.readouterr().out
    assert stand.namespace in listed
    assert "held" in listed
    with pytest.raises(UserError, match=rf"{stand.namespace} is held by somebody@.*--force"):
        down_command(DownArguments(config=config, stand=stand.namespace))
    with pytest.raises(UserError, match=rf"there is no stand x; there are: {stand.namespace}"):
        down_command(DownArguments(config=config, stand="x"))
    assert collect_command(CollectArguments(config=config)) == 0
    assert "kept" in capsys.readouterr().out
    assert down_command(DownArguments(config=config, stand=stand.namespace, force=True)) == 0
    assert f"{stand.namespace}: removed (taken down)" in capsys.readouterr().out.replace("\n", " ")
    done = subprocess.run(
        [sys.executable, "-m", "clusters", "list", str(config)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert stand.namespace not in done.stdout
