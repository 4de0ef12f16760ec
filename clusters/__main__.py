"""`python -m clusters`: look at applications, and at incidents on simulated stands."""

import sys

from clusters.incident.arguments import ApplicationsArguments, SimulateArguments
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
}

if __name__ == "__main__":
    sys.exit(run("python -m clusters", "Where stands run: applications, and simulated incidents.", COMMANDS))
