"""A ranker that acts by itself: the action that is expected to gain enough."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ray_configs.errors import UserError
from rollouts.evaluation.candidate_scores import CandidateScores, Scalar
from rollouts.policies.policy import Decision, Observation, PolicyContext


class RankerPolicy:
    """Scores the candidates at each control step and acts only where that is worth it.

    It acts if the best action's score exceeds that of `do_nothing` by `margin`, and never within `cool_down_seconds`
    of its last action: an effect needs time to show before it is judged.
    """

    def __init__(
        self,
        context: PolicyContext,
        *,
        ranker: str,
        candidates: str = "scenario",
        margin: float = 0.02,
        cool_down_seconds: float = 90.0,
        **ranker_parameters: Scalar,
    ) -> None:
        """Load the ranker, once per process.

        Args:
            context: the stand.
            ranker: entry point, called with `ranker_parameters`.
            candidates: `scenario`: the scenario's candidates; `catalogue`: every action that is allowed.
            margin: smallest expected gain per control step that is worth an action.
            cool_down_seconds: time between two actions.
            ranker_parameters: for the ranker.

        Raises:
            UserError: a parameter is out of range, or there is no such ranker.
        """
        if candidates not in ("scenario", "catalogue"):
            raise UserError(f"policy parameter candidates is {candidates!r}; write scenario or catalogue")
        if margin < 0 or cool_down_seconds < 0:
            raise UserError("policy parameters margin and cool_down_seconds must not be negative")
        self._context = context
        self._scores = CandidateScores(context, ranker, ranker_parameters)
        self._whole_catalogue = candidates == "catalogue"
        self._margin = margin
        self._cool_down_steps = context.time_scales.steps_within(cool_down_seconds)
        self._nothing = context.catalogue.index("do_nothing")
        self._quiet_steps = 0

    def reset(self, seed: int) -> None:
        """Forget the cool-down."""
        self._quiet_steps = 0

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """The best action, if its expected gain is worth it; `scores` holds every candidate's."""
        if self._quiet_steps:
            self._quiet_steps -= 1
            return Decision(action=self._nothing, probability=1.0)
        scores = self._scores.of(self._allowed(observation, info), observation, info)
        best = max(scores, key=scores.__getitem__)
        if best == self._nothing or not scores[best] - scores[self._nothing] > self._margin:
            best = self._nothing
        else:
            self._quiet_steps = max(self._cool_down_steps - 1, 0)
        return Decision(action=best, probability=1.0, scores=self._scores.named(scores))

    def _allowed(self, observation: Observation, info: Mapping[str, Any]) -> list[int]:
        allowed = observation["action_mask"] > 0
        if self._whole_catalogue:
            chosen: list[int] = np.flatnonzero(allowed).tolist()
            return chosen
        indices = [self._context.catalogue.index(name) for name in info["candidates"]]
        return [index for index in indices if allowed[index]]
