"""`python -m clusters simulate`."""

import shlex
from pathlib import Path

from clusters.incident.arguments import SimulateArguments
from clusters.incident.inputs import find_scenario, operator_events
from clusters.incident.page import render
from clusters.incident.playing import BUCKET_SECONDS, play
from clusters.stand import StandError
from ray_configs.errors import UserError


def simulate_command(arguments: SimulateArguments) -> None:
    """Play a scenario and write its page.

    Raises:
        UserError: the scenario or a command is none, or the page cannot be written.
    """
    if arguments.replicates < 1:
        raise UserError(f"--replicates {arguments.replicates}: give at least 1")
    scenario = find_scenario(arguments.scenario, arguments.names)
    events = operator_events(arguments.do, BUCKET_SECONDS)
    try:
        incident = play(
            scenario, scenario.seed if arguments.seed is None else arguments.seed, events, arguments.replicates
        )
    except StandError as error:
        raise UserError(f"{arguments.scenario}: {error}") from error
    _write(arguments.out, render(incident, _command_line(arguments)))
    print(f"{arguments.out}: {scenario.name} on {scenario.application}; open it in a browser")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; give a path in a folder that exists") from error


def _command_line(arguments: SimulateArguments) -> str:
    """What plays it again."""
    words = ["python", "-m", "clusters", "simulate", arguments.scenario]
    words += [] if arguments.seed is None else ["--seed", str(arguments.seed)]
    words += [] if arguments.replicates == 1 else ["--replicates", str(arguments.replicates)]
    for seconds, text in arguments.do:
        words += ["--do", f"{seconds:g}", text]
    return shlex.join(words)
