"""What the command line names, as objects: a scenario from a file or by its name, an operator's commands from JSON."""

import json
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from clusters.commands import OperatorCommand
from clusters.documents import VERBS, from_document, with_commands
from clusters.incident.playing import OperatorEvent
from clusters.scenario import Scenario
from ray_configs.errors import UserError
from ray_configs.loading import read_yaml, resolve

_SUFFIXES = (".yaml", ".yml", ".json")


def find_scenario(name: str, names: str) -> Scenario:
    """The scenario in a file (YAML, of which JSON is a part), or the one that the entry point `names` knows by name.

    Raises:
        UserError: there is none such, or the file does not describe one.
    """
    if not name.endswith(_SUFFIXES):
        found: Scenario = resolve(names)(name)
        return found
    return from_document(read_yaml(Path(name)), Scenario, source=name, fix="correct it in the file")


def operator_events(texts: tuple[tuple[float, str], ...], bucket_seconds: float) -> tuple[OperatorEvent, ...]:
    """(seconds, JSON) as events in time order.

    Raises:
        UserError: a time does not begin a bucket, or a text is no operator's command.
    """
    events = []
    for seconds, text in texts:
        if seconds < 0 or seconds % bucket_seconds:
            raise UserError(f"--do {seconds:g}: give a time that is a multiple of the bucket of {bucket_seconds:g} s")
        events.append(OperatorEvent(seconds=seconds, command=_operator_command(text)))
    return tuple(sorted(events, key=lambda event: event.seconds))


def _operator_command(text: str) -> OperatorCommand:
    try:
        command = with_commands(json.loads(text))
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in detail["loc"][1:])
        raise UserError(f"--do {text}: {key}: {detail['msg']}; correct that key") from error
    except ValueError as error:
        raise UserError(f"--do {text} is not valid JSON ({error}); quote it as a whole") from error
    if not isinstance(command, get_args(OperatorCommand)):
        known = ", ".join(verb for verb, kind in VERBS.items() if kind in get_args(OperatorCommand))
        raise UserError(f'--do {text}: write "verb" with one of: {known}')
    checked: OperatorCommand = command
    return checked
