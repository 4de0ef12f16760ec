"""What nobody holds any more, found and removed: stands expired, given back, in quarantine, or without a lease."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clusters.k3s.api import MANAGED_LABEL, KubeApi
from clusters.k3s.inventory import Inventory
from clusters.k3s.isolation import LEASES_LABEL
from clusters.k3s.kinds import NAMESPACE
from clusters.k3s.removal import remove_stand, wait_gone
from clusters.k3s.roster import StandRecord, StandState, leases_namespace, read_roster
from clusters.stand import StandError

_WORKERS = 16
"""A namespace takes seconds to go, all of them spent waiting."""
_COLLECTOR = "gc"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one stand."""

    stand: StandRecord
    is_removed: bool
    reason: str
    """Why it was removed or kept, or why it could not be removed."""
    is_failed: bool = False


def collect(api: KubeApi, inventory: Inventory, *, keep_warm: bool) -> list[Outcome]:
    """Remove every stand of the cluster that nobody holds, and wait until it is gone. Safe to repeat.

    With `keep_warm`, stands that were given back stay for the next holder.

    Raises:
        KubeError: the cluster cannot be asked. What goes wrong with one stand is in its outcome.
    """

    def treat(record: StandRecord) -> Outcome:
        if record.state is StandState.HELD:
            return Outcome(stand=record, is_removed=False, reason=f"held by {record.holder}")
        if record.state is StandState.WARM and keep_warm and not record.is_going:
            return Outcome(stand=record, is_removed=False, reason="warm")
        return remove(api, record, inventory, force=False)

    records = read_roster(api, inventory.namespace_prefix)
    with ThreadPoolExecutor(_WORKERS) as pool:
        outcomes = list(pool.map(treat, records))
    _remove_leases_namespace(api, inventory)
    return outcomes


def remove(api: KubeApi, record: StandRecord, inventory: Inventory, *, force: bool) -> Outcome:
    """Remove one stand and wait until it is gone; never raises for what the cluster says.

    With `force` it goes even if somebody holds it.
    """
    try:
        is_removed = remove_stand(
            api,
            record,
            leases=leases_namespace(inventory.namespace_prefix),
            holder=_COLLECTOR,
            lease_seconds=inventory.lease_seconds,
            force=force,
        )
    except StandError as error:
        return Outcome(stand=record, is_removed=False, reason=str(error), is_failed=True)
    reason = _REASONS[record.state] + (f": {record.reason}" if record.reason else "")
    return Outcome(stand=record, is_removed=is_removed, reason=reason if is_removed else "taken by somebody just now")


_REASONS = {
    StandState.HELD: "taken down",
    StandState.WARM: "given back",
    StandState.EXPIRED: "its holder is gone",
    StandState.QUARANTINED: "in quarantine",
    StandState.ORPHAN: "it has no lease",
}


def _remove_leases_namespace(api: KubeApi, inventory: Inventory) -> None:
    """The last one to leave: without stands, the namespace that held their leases goes too."""
    name = leases_namespace(inventory.namespace_prefix)
    namespace = api.find(NAMESPACE, name)
    if namespace is None or read_roster(api, inventory.namespace_prefix):
        return
    labels = namespace["metadata"].get("labels") or {}
    if labels.get(MANAGED_LABEL) == "true" and labels.get(LEASES_LABEL) == name:
        api.delete(NAMESPACE, name, uid=namespace["metadata"]["uid"])
        wait_gone(api, name)
