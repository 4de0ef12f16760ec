"""How functions of the event simulation are compiled: numba behind a typed face."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


# Without reference counts (`_nrt`): one call of a function that takes all arrays would count them up and down, which
# made the whole loop thirty times slower. So nothing compiled here may make an array.
_OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile at the first call, and keep the machine code on disk."""
    return cast(Callable[Arguments, Result], numba.njit(**_OPTIONS)(function))


def inlined(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The same for a part of the loop: passing dozens of arrays to it would cost more than what it does."""
    return cast(Callable[Arguments, Result], numba.njit(**_OPTIONS, forceinline=True)(function))
