"""The policy that never acts: the floor that every other policy has to beat."""

from collections.abc import Mapping
from typing import Any

from rollouts.policies.policy import Decision, Observation, PolicyContext


class DoNothing:
    """Chooses `do_nothing` at every step."""

    def __init__(self, context: PolicyContext) -> None:
        self._decision = Decision(action=context.catalogue.index("do_nothing"), probability=1.0)

    def reset(self, seed: int) -> None:
        """Nothing to forget."""

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """Always the same decision."""
        return self._decision
