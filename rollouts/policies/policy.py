"""The policy contract: scripted, random, autoscaler, planner, RL module and LLM agent are all policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.topology import Application
from envs.actions.catalogue import ActionCatalogue
from envs.time_scales import TimeScales

Observation = Mapping[str, NDArray[np.float32]]
"""One stand's observation, as `envs.stand_env.StandEnv` gives it."""


@dataclass(frozen=True, kw_only=True)
class PolicyContext:
    """What a policy may know of its stand before it starts."""

    application: Application
    catalogue: ActionCatalogue
    time_scales: TimeScales
    seed: int
    """Drives the policy's own randomness."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A choice, with what is known of how it came about."""

    action: int
    probability: float = float("nan")
    """Of this action, given the observation; NaN where the policy does not know."""
    scores: Mapping[str, float] | None = None
    """Score per candidate action's name, where the policy ranks them."""


class Policy(Protocol):
    """Chooses an action at each control step. Built as `Policy(context, **spec.parameters)`."""

    def reset(self, seed: int) -> None:
        """Forget the last episode."""
        ...

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """Choose. `observation["action_mask"]` says what is allowed; never returns a masked action."""
        ...
