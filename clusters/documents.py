"""Dataclasses <-> plain documents. A command is written with its verb, `{"verb": "Scale", "service": ...}`."""

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

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


def from_document(document: Any, kind: type[T], *, source: str, fix: str) -> T:
    """The dataclass that `to_document` was given.

    Args:
        document: plain dicts, lists and scalars.
        kind: the dataclass.
        source: names the document in errors.
        fix: what the reader of an error is told to do.

    Raises:
        UserError: a key is missing or unknown, or a value has the wrong type; the message names source, key and fix.
    """
    try:
        checked: T = _checked(with_commands(document), kind)
        return checked
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in detail["loc"][1:])
        raise UserError(f"{source}: {key or 'the document'}: {detail['msg']}; {fix}") from error


def with_commands(document: Any) -> Any:
    """The document with every `{"verb": ...}` replaced by its command, which settles the union for pydantic.

    Raises:
        ValidationError: a command lacks a key, or has an unknown one or a value of a wrong type.
    """
    if isinstance(document, dict):
        verb = document.get(_VERB)
        if isinstance(verb, str) and verb in VERBS:
            rest = {key: item for key, item in document.items() if key != _VERB}
            return _checked(rest, VERBS[verb])
        return {key: with_commands(item) for key, item in document.items()}
    if isinstance(document, list):
        return [with_commands(item) for item in document]
    return document


def _checked(document: Any, kind: Any) -> Any:
    return _adapter(kind).validate_python([document])[0]


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    # The list is there because pydantic takes no configuration for a bare dataclass; nested ones inherit it.
    return TypeAdapter(list[kind], config=ConfigDict(extra="forbid"))  # type: ignore[valid-type]
