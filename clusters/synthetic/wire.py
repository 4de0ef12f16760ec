"""What requests between pods look like."""

from enum import StrEnum
from typing import Final

REQUEST_BODY: Final = b"q" * 1500
RESPONSE_BODY: Final = b"a" * 6000
"""Sizes on the wire, as the simulator has them."""


class Outcome(StrEnum):
    """What became of a request."""

    OK = "ok"
    FAILED = "internal"
    """The service failed by itself, or a call it depends on."""
    FULL = "unavailable"
    """Too many requests wait."""
    LIMITED = "too_many_requests"
    """The service's own rate is exceeded."""
    UNKNOWN = "not_found"
    """No such operation."""


HTTP_STATUS: Final = {
    Outcome.OK: 200,
    Outcome.FAILED: 500,
    Outcome.FULL: 503,
    Outcome.LIMITED: 429,
    Outcome.UNKNOWN: 404,
}
