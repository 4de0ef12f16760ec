"""Any profile, with users who wait for an answer and think before they send again."""

from dataclasses import replace

from envs.random_columns import RandomColumns
from envs.workloads.workload import LoadRequests, Loads, Workload

THINK_SECONDS = (3.0, 10.0)
"""The demo's load generator pauses for one to ten seconds."""
_ROUNDED_PLACES = 2


class ClosedLoop:
    """As many users as would send the inner profile's rates if they were answered at once; slow answers slow them.

    Args:
        inner: the course of the number of users.
    """

    def __init__(self, inner: Workload) -> None:
        self._inner = inner

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """The inner traces with drawn think times."""
        loads = self._inner.draw(requests, rng)
        return replace(loads, think_seconds=rng.between(*THINK_SECONDS).round(_ROUNDED_PLACES))
