"""`python -m rollouts`: fill a data set, look at it, check it, evaluate on it."""

import sys

from ray_configs.command_line import Command, run
from rollouts.collect_arguments import CollectArguments
from rollouts.dataset.arguments import InspectArguments, ValidateArguments
from rollouts.evaluation.arguments import EvaluateArguments
from rollouts.impact_arguments import ImpactArguments

COMMANDS = {
    "collect": Command(
        arguments=CollectArguments,
        entry_point="rollouts.collect:collect_command",
        help="Fill a data set: play scenarios on many stands and record every run.",
    ),
    "impact": Command(
        arguments=ImpactArguments,
        entry_point="rollouts.impact:impact_command",
        help="Say which of a fill's scenarios users feel, and which nobody would notice.",
    ),
    "inspect": Command(
        arguments=InspectArguments,
        entry_point="rollouts.dataset.inspection:inspect_command",
        help="Print what one run directory holds.",
    ),
    "validate": Command(
        arguments=ValidateArguments,
        entry_point="rollouts.dataset.validation:validate_command",
        help="Check every run of a data set against the data contract and name each violation.",
    ),
    "evaluate": Command(
        arguments=EvaluateArguments,
        entry_point="rollouts.evaluation.evaluate:evaluate_command",
        help="Rank candidate actions against the true best one, and close the loop, on held-out scenarios.",
    ),
}

if __name__ == "__main__":
    sys.exit(run("python -m rollouts", "Many stands at once: collect, impact, inspect, validate, evaluate.", COMMANDS))
