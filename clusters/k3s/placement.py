"""Which cluster and namespace a stand gets.

lease -> namespace -> bounds, network, account -> token -> PlacedStand -> release | quarantine | (expiry -> gc)

The lease is made first and goes last, so that whatever a crash leaves behind has a lease that expires, or is a labelled
namespace without one; `gc` finds both.
"""

import os
import random
import secrets
import socket
from collections.abc import Mapping, Sequence

from clusters.k3s.connection import connect
from clusters.k3s.inventory import Inventory
from clusters.k3s.placed_stand import PlacedStand
from clusters.k3s.roster import read_roster
from clusters.k3s.seat import NoRoomError as NoRoomError
from clusters.k3s.seat import Seat, num_held
from clusters.stand import StandError
from clusters.topology import Application
from ray_configs.errors import UserError


def place(inventory: Inventory, application: Application, *, holder: str) -> PlacedStand:
    """A stand for `application`, on the cluster that has a warm one or the most room.

    `holder` says who asks, in lists and messages; it need not be unique.

    Raises:
        NoRoomError: every cluster is full, or cannot be used now; the message says of each why.
        StandError: no cluster is full, and at least one refuses what a stand needs.
        UserError: the application fits on no cluster, or no cluster can be reached.
    """
    errors: list[UserError | StandError] = []
    for seat in _seats(inventory, application, f"{holder}@{_whereabouts()}", errors):
        try:
            return seat.take()
        except (UserError, StandError) as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    kinds = (NoRoomError, StandError, UserError)
    raise next(kind for kind in kinds if any(isinstance(e, kind) for e in errors))("; ".join(map(str, errors)))


def free_stands(inventory: Inventory) -> Mapping[str, int]:
    """Cluster -> stands that nobody holds now.

    Raises:
        UserError: a cluster cannot be reached.
        KubeError: a cluster refuses.
    """
    return {
        cluster.name: max(0, cluster.stands - num_held(read_roster(connect(cluster), inventory.namespace_prefix)))
        for cluster in inventory.clusters
    }


def _seats(
    inventory: Inventory, application: Application, holder: str, errors: list[UserError | StandError]
) -> Sequence[Seat]:
    """The clusters that answer, best first; what the others say goes into `errors`."""
    seats: list[tuple[tuple[bool, int, float], Seat]] = []
    for cluster in inventory.clusters:
        try:
            api = connect(cluster)
            records = read_roster(api, inventory.namespace_prefix)
        except (UserError, StandError) as error:
            errors.append(error)
            continue
        has_warm = any(record.is_free and record.application == application.name for record in records)
        seat = Seat(cluster=cluster, api=api, inventory=inventory, application=application, holder=holder)
        # The random part spreads contenders over equally good clusters.
        seats.append(((not has_warm, num_held(records) - cluster.stands, random.random()), seat))
    return [seat for _, seat in sorted(seats, key=lambda pair: pair[0])]


def _whereabouts() -> str:
    """What makes a holder unlike any other, and tells people where it runs."""
    return f"{socket.gethostname()}:{os.getpid()}/{secrets.token_hex(2)}"
