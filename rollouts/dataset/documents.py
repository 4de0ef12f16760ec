"""The JSON documents of a run directory: read strictly, and written so that floats come back bit for bit."""

import json
from typing import Any, TypeVar, get_args

from pydantic_core import to_json

from clusters import documents
from clusters.commands import Command
from clusters.documents import VERBS, to_document, with_commands
from ray_configs.errors import UserError

__all__ = ["VERBS", "command_from_json", "dump", "from_document", "load_json", "to_document"]

T = TypeVar("T")


def dump(document: Any, *, indent: int | None = None) -> bytes:
    """A plain document as UTF-8 JSON; floats come back bit for bit, infinities as JavaScript's constants."""
    return to_json(document, indent=indent, inf_nan_mode="constants")


def load_json(data: bytes, *, source: str) -> Any:
    """The document in UTF-8 JSON.

    Raises:
        UserError: it is no JSON.
    """
    try:
        return json.loads(data)
    except ValueError as error:
        raise UserError(f"{source} is not valid JSON ({error}); delete the run and collect it again") from error


def from_document(document: Any, kind: type[T], *, source: str) -> T:
    """The dataclass that `to_document` was given.

    Raises:
        UserError: a key is missing or unknown, or a value has the wrong type; the message names source and key.
    """
    fix = "restore the file, or delete the run and collect it again"
    return documents.from_document(document, kind, source=source, fix=fix)


def command_from_json(text: str) -> Command | None:
    """The command in an actions row's `parameters`; None for `{}`. ValueError or TypeError if it is none."""
    document = json.loads(text)
    command: Command | None = with_commands(document) if document != {} else None
    if command is not None and not isinstance(command, get_args(Command)):
        raise ValueError(f"{text} has no known verb: known are {', '.join(VERBS)}")
    return command
