"""Burning CPU time for real: threads that hash until they have used what they were asked for."""

import asyncio
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

_THREADS: Final = 4
"""Enough for any CPU limit of ours; that more requests compute at once only makes each slower, by as much."""
_NICENESS: Final = 5
"""The event loop comes first, so that a pod that computes all it can still answers its probe."""
_BLOCK: Final = b"\0" * 65536
"""One hash of it takes about 0.1 ms, and leaves Python's lock alone meanwhile."""
_MAX_DEBT_SECONDS: Final = 0.02
"""What serving cost while nothing was there to charge it to is forgotten beyond this."""


class CpuBurner:
    """Uses CPU time on behalf of operations. Belongs to one event loop.

    What serving itself costs (parsing, spans, calls) is part of an operation's CPU time: the loop's thread keeps count,
    and the next operations burn so much less.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="cpu", initializer=_step_back)
        self._counted_seconds = time.thread_time()
        self._debt_seconds = 0.0

    async def burn(self, seconds: float) -> None:
        """Return once `seconds` of CPU time have been used, by serving or by burning."""
        now = time.thread_time()
        self._debt_seconds = min(self._debt_seconds + now - self._counted_seconds, _MAX_DEBT_SECONDS)
        self._counted_seconds = now
        paid = min(seconds, self._debt_seconds)
        self._debt_seconds -= paid
        if seconds > paid:
            await asyncio.get_running_loop().run_in_executor(self._threads, _burn, seconds - paid)

    def close(self) -> None:
        """Take no more; what burns, burns on."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    # On Linux the niceness of a thread is its own.
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        hashlib.sha256(_BLOCK)
