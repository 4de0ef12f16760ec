"""Dataclasses <-> JSON documents. A command is written with its verb, `{"verb": "Scale", "service": ...}`."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import to_json

from clusters.commands import Command
from ray_configs.errors import UserError

T = TypeVar("T")

VERBS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in get_args(Command)}
_VERB = "verb"


def to_document(value: Any) -> Any:
    """`value` as plain dicts, lists and scalars; dataclasses by field, commands with their verb."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if is_dataclass(value):
        verb = {_VERB: type(value).__name__} if type(value).__name__ in VERBS else {}
        return verb | {field.name: to_document(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_document(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_document(item) for item in value]
    return value.item() if hasattr(value, "item") else value


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
    try:
        checked: T = _checked(_with_commands(document), kind)
        return checked
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in detail["loc"][1:])
        raise UserError(
            f"{source}: {key or 'the document'}: {detail['msg']}; restore the file, or delete the run and collect it "
            "again"
        ) from error


def command_from_json(text: str) -> Command | None:
    """The command in an actions row's `parameters`; None for `{}`. ValueError or TypeError if it is none."""
    document = json.loads(text)
    command: Command | None = _with_commands(document) if document != {} else None
    if command is not None and not isinstance(command, get_args(Command)):
        raise ValueError(f"{text} has no known verb: known are {', '.join(VERBS)}")
    return command


def _checked(document: Any, kind: Any) -> Any:
    return _adapter(kind).validate_python([document])[0]


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    # The list is there because pydantic takes no configuration for a bare dataclass; nested ones inherit it.
    return TypeAdapter(list[kind], config=ConfigDict(extra="forbid"))  # type: ignore[valid-type]


def _with_commands(document: Any) -> Any:
    """The document with every `{"verb": ...}` replaced by its command, which settles the union for pydantic."""
    if isinstance(document, dict):
        verb = document.get(_VERB)
        if isinstance(verb, str) and verb in VERBS:
            rest = {key: item for key, item in document.items() if key != _VERB}
            return _checked(rest, VERBS[verb])
        return {key: _with_commands(item) for key, item in document.items()}
    if isinstance(document, list):
        return [_with_commands(item) for item in document]
    return document
