"""The edge of every command line: parse first, import what the command needs afterwards, end with an honest code.

Exit codes: 0 done; 1 the command ran and its answer is no (a violation was found, a job failed); 2 bad input;
130 interrupted.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tyro

from ray_configs.errors import UserError
from ray_configs.loading import resolve


@dataclass(frozen=True, kw_only=True)
class Command:
    """One subcommand."""

    arguments: type[Any]
    """Dataclass of its arguments; field docstrings are its help."""
    entry_point: str
    """`package.module:function`, imported only when chosen; called with the arguments, returns an exit code or None."""
    help: str


def run(program: str, description: str, commands: Mapping[str, Command], arguments: Sequence[str] | None = None) -> int:
    """Parse, run the chosen command and return the exit code."""
    app = tyro.extras.SubcommandApp()
    chosen: list[tuple[str, Any]] = []
    for name, command in commands.items():
        app.command(_chooser(command, chosen), name=name)
    app.cli(prog=program, description=description, args=arguments, config=(tyro.conf.OmitArgPrefixes,))
    entry_point, parsed = chosen[0]
    try:
        return int(resolve(entry_point)(parsed) or 0)
    except UserError as error:
        sys.stdout.flush()
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{program}: interrupted; what was committed is kept, run the same command to resume", file=sys.stderr)
        return 130


def _chooser(command: Command, chosen: list[tuple[str, Any]]) -> Any:
    """A function that tyro reads the arguments from, and that only notes what was chosen."""

    def choose(arguments: Any) -> None:
        chosen.append((command.entry_point, arguments))

    choose.__annotations__["arguments"] = command.arguments
    choose.__doc__ = command.help
    return choose
