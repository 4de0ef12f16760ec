"""`python -m clusters list`, `gc` and `down`."""

import math

from rich.console import Console
from rich.table import Table

from clusters.k3s.arguments import CollectArguments, DownArguments, ListArguments
from clusters.k3s.collection import Outcome, collect, remove
from clusters.k3s.connection import connect
from clusters.k3s.inventory import Inventory
from clusters.k3s.roster import StandRecord, StandState, read_roster
from clusters.stand import StandError
from ray_configs.errors import UserError
from ray_configs.loading import load


def list_command(arguments: ListArguments) -> int:
    """Print every stand of an inventory; 1 if a cluster could not be asked."""
    inventory = load(arguments.config, Inventory)
    table = _table("Stands", ("cluster", "stand", "application", "state", "held by", "renewed", "reason"))
    failures: list[str] = []
    for cluster in inventory.clusters:
        try:
            records = read_roster(connect(cluster), inventory.namespace_prefix)
        except (UserError, StandError) as error:
            failures.append(str(error))
            continue
        for record in records:
            table.add_row(cluster.name, *_row(record))
    _print(table, failures)
    return 1 if failures else 0


def collect_command(arguments: CollectArguments) -> int:
    """Remove what nobody holds; 1 if something would not go."""
    inventory = load(arguments.config, Inventory)
    table = _table("Clean-up", ("cluster", "stand", "was", "now", "reason"))
    failures: list[str] = []
    for cluster in inventory.clusters:
        try:
            outcomes = collect(connect(cluster), inventory, keep_warm=arguments.keep_warm)
        except (UserError, StandError) as error:
            failures.append(str(error))
            continue
        for outcome in outcomes:
            table.add_row(cluster.name, outcome.stand.name, outcome.stand.state, _fate(outcome), outcome.reason)
            failures += [outcome.reason] if outcome.is_failed else []
    _print(table, failures)
    return 1 if failures else 0


def down_command(arguments: DownArguments) -> int:
    """Take one stand down; 1 if it would not go.

    Raises:
        UserError: no cluster has such a stand, or somebody holds it.
    """
    inventory = load(arguments.config, Inventory)
    known: list[str] = []
    for cluster in inventory.clusters:
        api = connect(cluster)
        for record in read_roster(api, inventory.namespace_prefix):
            known.append(record.name)
            if record.name != arguments.stand:
                continue
            if record.state is StandState.HELD and not arguments.force:
                raise UserError(f"{record.name} is held by {record.holder}; stop that, or give --force")
            outcome = remove(api, record, inventory, force=arguments.force)
            Console().print(f"{record.name}: {_fate(outcome)} ({outcome.reason})", markup=False, highlight=False)
            return 0 if outcome.is_removed else 1
    raise UserError(f"there is no stand {arguments.stand}; there are: {', '.join(known) or 'none at all'}")


def _row(record: StandRecord) -> tuple[str, ...]:
    state = f"{record.state}, going" if record.is_going else str(record.state)
    renewed = f"{max(0.0, record.age_seconds):.0f} s ago" if math.isfinite(record.age_seconds) else ""
    return record.name, record.application, state, record.holder, renewed, record.reason


def _fate(outcome: Outcome) -> str:
    return "removed" if outcome.is_removed else "FAILED" if outcome.is_failed else "kept"


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in ("cluster", "stand"))
    return table


def _print(table: Table, failures: list[str]) -> None:
    console = Console()
    console.print(table)
    for failure in failures:
        console.print(failure, style="red", markup=False, highlight=False)
