"""Memory that is really held: pages that were written to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_PAGE: Final = 4096


class HeldMemory:
    """The base, what each request holds while it is in the service, and what leaks."""

    def __init__(self, base_bytes: float, per_request_bytes: float) -> None:
        self._base = touched(base_bytes)
        self._per_request_bytes = per_request_bytes
        self._leaks: list[bytearray] = []

    @contextmanager
    def request(self, leaked_bytes: float) -> Iterator[None]:
        """Hold a request's memory; `leaked_bytes` of it stay for as long as the process lives."""
        if leaked_bytes:
            self._leaks.append(touched(leaked_bytes))
        held = touched(self._per_request_bytes)
        try:
            yield
        finally:
            held.clear()

    def forget(self) -> int:
        """Give back what leaked; returns the bytes."""
        num_bytes = sum(len(leak) for leak in self._leaks)
        self._leaks.clear()
        return num_bytes


def touched(num_bytes: float) -> bytearray:
    """So many bytes, each page written: memory that nobody wrote to is not there."""
    block = bytearray(int(num_bytes))
    block[::_PAGE] = b"\1" * len(range(0, len(block), _PAGE))
    return block
