"""How arithmetic is compiled: numba behind a typed face.

Machine code is kept on disk, beside the source or in the user's cache, so that only the first process of a fresh
checkout compiles. Without fast-math: a vector of eight stands gives the bits that one stand gives.
"""

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import llvmlite.binding  # type: ignore[import-untyped]
import numba

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# Without reference counts (`_nrt`): one call of a function that takes all arrays would count them up and down, which
# made whole loops thirty times slower. So nothing compiled here may make an array.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
# A loop over a dozen arrays asks first whether they overlap; by default LLVM rather does without vectors.
llvmlite.binding.set_option("", "-runtime-memory-check-threshold=512")


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile at the first call, and keep the machine code on disk if there is any place for it."""
    try:
        kept = numba.njit(**_OPTIONS, cache=True)(function)
    except RuntimeError:  # numba finds no directory that it may write to: every process compiles for itself
        kept = numba.njit(**_OPTIONS)(function)
    return cast(Callable[Arguments, Result], kept)


def inlined(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The same for a part of what is compiled: passing dozens of arrays to it would cost more than what it does."""
    return cast(Callable[Arguments, Result], numba.njit(**_OPTIONS, forceinline=True)(function))


def bound(function: Callable[..., Result], *arguments: Any) -> Callable[[], Result]:
    """A call of what is compiled with arguments that stay; it reads anew what lies in their memory.

    Their types are found out now. Otherwise each call would, and of tuples of a dozen arrays that takes longer than
    many a function itself.
    """
    kept = cast(Any, function)
    return partial(kept.compile(tuple(map(kept.typeof_pyval, arguments))), *arguments)


def forget_stale_code(package: Path) -> None:
    """Delete kept machine code if any file of the package was edited since.

    Numba looks at the file of a function alone, not at those of the functions and constants that it has inlined; code
    for another layout of the arrays would write beyond them. An installation that cannot be written to is not edited.
    """
    kept = package / "__pycache__"
    if not os.access(package, os.W_OK):
        return
    sources = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(package.glob("*.py")))).hexdigest()
    mark = kept / "sources.sha256"
    if mark.exists() and mark.read_text() == sources:
        return
    kept.mkdir(exist_ok=True)
    for code in kept.glob("*.nb[ci]"):
        code.unlink(missing_ok=True)
    mark.write_text(sources)
