"""A user's request as it is sent: to a synthetic entry by its operation, to the demo's own images as they take it."""

from dataclasses import dataclass
from typing import Final

from clusters.synthetic.plan import PlannedRequest
from clusters.synthetic.wire import REQUEST_BODY

_NUM_USERS: Final = 1000
"""Whose requests they are is drawn from so many, for the caches."""


@dataclass(frozen=True, kw_only=True)
class EntryRequest:
    """One request."""

    user: str
    method: str
    path: str
    body: bytes
    content_type: str


def entry_request(request: PlannedRequest, number: int) -> EntryRequest:
    """The request of a user and about a product that are drawn from `number`, which is random."""
    user = str(number % _NUM_USERS)
    if not request.path:
        return EntryRequest(
            user=user, method="POST", path=f"/{request.operation}", body=REQUEST_BODY, content_type="text/plain"
        )
    product = request.products[number // _NUM_USERS % len(request.products)] if request.products else ""

    def filled(text: str) -> str:
        # Not `format`: a body is JSON, which has braces of its own.
        return text.replace("{user}", user).replace("{product}", product)

    return EntryRequest(
        user=user,
        method=request.method,
        path=filled(request.path),
        body=filled(request.body).encode(),
        content_type="application/json",
    )
