"""How functions of the event simulation are compiled: numba behind a typed face."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
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


def _forget_stale_code(package: Path) -> None:
    """Delete kept machine code if any file of the package was edited since.

    Numba looks at the file of a function alone, not at those of the functions and constants that it has inlined; code
    for another layout of the arrays would write beyond them.
    """
    sources = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(package.glob("*.py")))).hexdigest()
    kept = package / "__pycache__"
    mark = kept / "sources.sha256"
    if mark.exists() and mark.read_text() == sources:
        return
    kept.mkdir(exist_ok=True)
    for code in kept.glob("*.nb[ci]"):
        code.unlink(missing_ok=True)
    mark.write_text(sources)


# An installation that cannot be written to is not edited either.
if os.access(Path(__file__).parent, os.W_OK):
    _forget_stale_code(Path(__file__).parent)
