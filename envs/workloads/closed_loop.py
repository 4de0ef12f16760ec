"""Any profile, with users who wait for an answer and think before they send again."""

from dataclasses import replace

from clusters.scenario import WorkloadTrace
from envs.random_stream import RandomStream
from envs.workloads.workload import LoadRequest, Workload

THINK_SECONDS = (3.0, 10.0)
"""The demo's load generator pauses for one to ten seconds."""


class ClosedLoop:
    """As many users as would send the inner profile's rates if they were answered at once; slow answers slow them.

    Args:
        profile: its name.
        inner: the course of the number of users.
    """

    def __init__(self, profile: str, inner: Workload) -> None:
        self._profile = profile
        self._inner = inner

    def draw(self, request: LoadRequest, rng: RandomStream) -> WorkloadTrace:
        """The inner trace with a drawn think time."""
        trace = self._inner.draw(request, rng)
        think = round(rng.between(THINK_SECONDS), 2)
        return replace(trace, profile=self._profile, think_seconds=think)
