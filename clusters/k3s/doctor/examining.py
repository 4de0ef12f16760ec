"""`python -m clusters doctor`: every examination of every cluster of an inventory, as a table."""

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clusters.applications import load_application
from clusters.k3s.arguments import DoctorArguments
from clusters.k3s.connection import connect
from clusters.k3s.doctor.chaos import chaos
from clusters.k3s.doctor.gateway import coroot, gateway
from clusters.k3s.doctor.machines import images, room, version
from clusters.k3s.doctor.metrics import metrics
from clusters.k3s.doctor.network import network
from clusters.k3s.doctor.point import Examination, Point, Status
from clusters.k3s.doctor.rights import rights, rights_of
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.kinds import NODE
from clusters.k3s.roster import StandState, read_roster
from clusters.stand import StandError
from clusters.topology import Application
from ray_configs.errors import UserError
from ray_configs.loading import load

EXAMINATIONS: Sequence[Callable[[Examination], Iterable[Point]]] = (
    version,
    rights,
    room,
    images,
    network,
    chaos,
    gateway,
    metrics,
    coroot,
)
"""In the order of the report."""
_STYLES = {Status.OK: "green", Status.MISSING: "red", Status.UNKNOWN: "yellow"}


def doctor_command(arguments: DoctorArguments) -> int:
    """Print what each cluster has and lacks; 1 if stands cannot run on one of them.

    Raises:
        UserError: the inventory is not well-formed, or there is no such application.
    """
    inventory = load(arguments.config, Inventory)
    application = load_application(arguments.application)
    console, is_lacking = Console(), False
    for cluster in inventory.clusters:
        points = examine(cluster, inventory, application, may_start_pods=arguments.probe_network)
        console.print(_table(cluster, points))
        is_lacking |= any(point.status is Status.MISSING and point.is_needed for point in points)
    return 1 if is_lacking else 0


def examine(
    cluster: ClusterSpec, inventory: Inventory, application: Application, *, may_start_pods: bool
) -> list[Point]:
    """All points of one cluster; what cannot be examined is a point that says so."""
    try:
        api = connect(cluster)
    except UserError as error:
        return [Point(topic="connection", status=Status.MISSING, finding=str(error), fix="mend that, and ask again")]
    points: list[Point] = []
    try:
        examination = Examination(
            cluster=cluster,
            inventory=inventory,
            application=application,
            api=api,
            nodes=api.list(NODE),
            is_in_use=any(r.state is StandState.HELD for r in read_roster(api, inventory.namespace_prefix)),
            may_start_pods=may_start_pods,
        )
    except StandError as error:
        fix = "give the account what the next point names"
        return [Point(topic="connection", status=Status.MISSING, finding=str(error), fix=fix), *rights_of(api)]
    for look in EXAMINATIONS:
        try:
            points += look(examination)
        except StandError as error:
            points.append(Point(topic=look.__name__, status=Status.UNKNOWN, finding=str(error)))
    return points


def _table(cluster: ClusterSpec, points: Sequence[Point]) -> Table:
    table = Table(title=f"Cluster {cluster.name}", title_justify="left", show_lines=True)
    table.add_column("point", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("found", overflow="fold", ratio=3)
    table.add_column("how to mend it", overflow="fold", ratio=2)
    for point in points:
        status = f"[{_STYLES[point.status]}]{point.status}[/]" + ("" if point.is_needed else " (optional)")
        table.add_row(point.topic, status, escape(point.finding), escape(point.fix))
    return table
