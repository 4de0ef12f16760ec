"""`python -m clusters`: look at applications, and at incidents on simulated stands."""

import sys

from clusters.expose.arguments import ExposeArguments
from clusters.incident.arguments import ApplicationsArguments, SimulateArguments
from clusters.k3s.arguments import CollectArguments, DoctorArguments, DownArguments, ListArguments
from clusters.k3s.plane.arguments import InstallArguments
from ray_configs.command_line import Command, run

COMMANDS = {
    "applications": Command(
        arguments=ApplicationsArguments,
        entry_point="clusters.incident.listing:applications_command",
        help="List the known applications.",
    ),
    "simulate": Command(
        arguments=SimulateArguments,
        entry_point="clusters.incident.simulate:simulate_command",
        help="Play a scenario on a simulated stand and write it as one HTML page.",
    ),
    "doctor": Command(
        arguments=DoctorArguments,
        entry_point="clusters.k3s.doctor.examining:doctor_command",
        help="Say point by point what clusters have and lack for live stands, and how to mend it.",
    ),
    "list": Command(
        arguments=ListArguments,
        entry_point="clusters.k3s.listing:list_command",
        help="List the live stands of an inventory, and who holds them.",
    ),
    "gc": Command(
        arguments=CollectArguments,
        entry_point="clusters.k3s.listing:collect_command",
        help="Remove the live stands that nobody holds, and whatever crashes have left behind.",
    ),
    "down": Command(
        arguments=DownArguments,
        entry_point="clusters.k3s.listing:down_command",
        help="Take one live stand down.",
    ),
    "install": Command(
        arguments=InstallArguments,
        entry_point="clusters.k3s.plane.install:install_command",
        help="Print or apply the telemetry plane of clusters that have none.",
    ),
    "expose": Command(
        arguments=ExposeArguments,
        entry_point="clusters.expose.expose:expose_command",
        help="Put a simulated incident into a Prometheus, as a live stand's telemetry.",
    ),
}

if __name__ == "__main__":
    sys.exit(run("python -m clusters", "Where stands run: applications, and simulated incidents.", COMMANDS))
