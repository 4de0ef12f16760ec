"""A policy whose episodes are short: it meets the fault, and hands over to a human."""

from collections.abc import Mapping
from typing import Any

from rollouts.policies.policy import Decision, Observation, PolicyContext


class HandsOver:
    """Waits for some control steps, then escalates, which ends the episode."""

    def __init__(self, context: PolicyContext, *, num_waits: int = 4) -> None:
        self._num_waits = num_waits
        self._waiting = context.catalogue.index("do_nothing")
        self._escalating = context.catalogue.index("escalate_to_human")
        self.reset(context.seed)

    def reset(self, seed: int) -> None:
        """Begin to wait."""
        self._num_left = self._num_waits

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """Wait or escalate."""
        self._num_left -= 1
        return Decision(action=self._waiting if self._num_left >= 0 else self._escalating, probability=1.0)
