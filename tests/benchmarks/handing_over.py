"""A policy whose episodes are short: it meets the fault, and hands over to a human."""

from collections.abc import Mapping
from typing import Any

from rollouts.policies.policy import Decision, Observation, PolicyContext


class HandsOver:
    """Waits `after_seconds`, then escalates, which ends the episode."""

    def __init__(self, context: PolicyContext, *, after_seconds: float = 40.0) -> None:
        self._after_seconds = after_seconds
        self._waiting = context.catalogue.index("do_nothing")
        self._escalating = context.catalogue.index("escalate_to_human")

    def reset(self, seed: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """Wait or escalate."""
        is_late = info["time_seconds"] >= self._after_seconds
        return Decision(action=self._escalating if is_late else self._waiting, probability=1.0)
