"""`python -m clusters applications`."""

from rich.console import Console
from rich.table import Table

from clusters.applications import APPLICATIONS, load_application
from clusters.incident.arguments import ApplicationsArguments
from clusters.topology import Application


def applications_command(arguments: ApplicationsArguments) -> None:
    """Print a table of the known applications."""
    table = Table(title="Applications", title_justify="left")
    table.add_column("application", no_wrap=True)
    for name in ("services", "calls", "journeys", "flags", "releases", "groups", "requests/s"):
        table.add_column(name, justify="right")
    for name in APPLICATIONS:
        table.add_row(name, *_figures(load_application(name)))
    Console().print(table)


def _figures(application: Application) -> tuple[str, ...]:
    parts = (
        application.services,
        application.edges,
        application.journeys,
        application.flags,
        application.releases,
        application.optional_groups,
    )
    return (*(str(len(part)) for part in parts), f"{application.nominal_rate_rps:g}")
