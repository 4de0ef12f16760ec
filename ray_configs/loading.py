"""YAML -> frozen dataclass, checked once and strictly, and entry-point strings -> objects."""

import json
from collections.abc import Hashable
from dataclasses import fields
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ray_configs.errors import UserError

T = TypeVar("T")


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, where YAML libraries let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """The document in a YAML file.

    Raises:
        UserError: the file cannot be read, or is no YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; give the path of an existing YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}:" if where else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UserError(f"{path} is not valid YAML:{line} {problem}; mend that line") from error


def load(path: Path | str, kind: type[T]) -> T:
    """The dataclass `kind` that a YAML file describes.

    Raises:
        UserError: the file cannot be read, has an unknown key, or a value of a wrong type or out of its range; the
            message names file, key and fix.
    """
    path = Path(path)
    document = read_yaml(path)
    return parse({} if document is None else document, kind, source=str(path))


def parse(document: Any, kind: type[T], *, source: str) -> T:
    """The dataclass `kind` that a plain document describes; `source` names it in errors.

    Raises:
        UserError: as `load`.
    """
    try:
        # Through JSON, because strict validation there still takes a list for a tuple and a string for a path.
        text = json.dumps([document])
    except TypeError as error:
        raise UserError(f"{source}: {error}; write dates and the like as quoted strings") from error
    try:
        checked: list[T] = _adapter(kind).validate_json(text, strict=True)
        return checked[0]
    except ValidationError as error:
        raise UserError(f"{source}: {_explain(error.errors(include_url=False)[0], kind)}") from error


def _adapter(kind: type[T]) -> TypeAdapter[list[T]]:
    # The list is there because pydantic takes no configuration for a bare dataclass; nested ones inherit it.
    return TypeAdapter(list[kind], config=ConfigDict(extra="forbid"))  # type: ignore[valid-type]


def _explain(detail: ErrorDetails, kind: type[Any]) -> str:
    key = ".".join(str(part) for part in detail["loc"][1:])
    match detail["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            known = f" (known here: {', '.join(f.name for f in fields(kind))})" if "." not in key else ""
            return f"unknown key {key!r}; remove it or correct its spelling{known}"
        case "missing" | "missing_keyword_only_argument" | "missing_argument":
            return f"key {key!r} is missing; add it"
        case "value_error":
            return f"{key + ': ' if key else ''}{detail['ctx']['error']}"
        case _:
            return f"{f'key {key!r}' if key else 'the file'} has the value {detail['input']!r}; {detail['msg'].lower()}"


def resolve(entry_point: str) -> Any:
    """The object that `package.module:name` names.

    Raises:
        UserError: there is no such module or name.
    """
    module_name, separator, name = entry_point.partition(":")
    if not separator or not module_name or not name:
        raise UserError(f"{entry_point!r} is no entry point; write it as package.module:Name")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise
        raise UserError(f"entry point {entry_point!r}: there is no module {module_name!r}; correct its path") from error
    if not hasattr(module, name):
        near = get_close_matches(name, dir(module), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "correct the name"
        raise UserError(f"entry point {entry_point!r}: {module_name} has no {name!r}; {hint}")
    return getattr(module, name)
