"""Admitting at most so many requests a second."""

from typing import Final

_BURST_SECONDS: Final = 1.0
"""Requests of so long may come at once; at least one always may."""


class TokenBucket:
    """A bucket that fills at `rate_rps`. Times are of any one clock, in seconds."""

    def __init__(self, rate_rps: float, now_seconds: float) -> None:
        self.rate_rps = rate_rps
        self._size = max(rate_rps * _BURST_SECONDS, 1.0)
        self._tokens = self._size
        self._filled_seconds = now_seconds

    def admits(self, now_seconds: float) -> bool:
        """Take one token, if there is one."""
        self._tokens = min(self._tokens + (now_seconds - self._filled_seconds) * self.rate_rps, self._size)
        self._filled_seconds = now_seconds
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
