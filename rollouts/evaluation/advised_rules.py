"""Alert rules whose remedies a ranker weighs against everything else that could be done."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ray_configs.errors import UserError
from rollouts.evaluation.candidate_scores import CandidateScores, Scalar
from rollouts.policies.policy import Decision, Observation, PolicyContext
from rollouts.policies.readings import objective_missed
from rollouts.policies.threshold import ThresholdRules


class AdvisedRules:
    """The rules' remedy, another action, or none: whichever is expected to be best.

    The ranker is asked where a rule fires or an objective was missed in the last control step, and compares all
    allowed actions; the rules' remedy gets `trust` on top of its score, because what a ranker has rarely seen it thinks
    little of. The best one is done if its score exceeds that of `do_nothing` by `margin`. Within `cool_down_seconds` of
    an action only the rules may bring the next one about. Rules that are overruled wait as if they had acted.
    """

    def __init__(
        self,
        context: PolicyContext,
        *,
        ranker: str,
        trust: float = 0.1,
        margin: float = 0.05,
        cool_down_seconds: float = 90.0,
        **ranker_parameters: Scalar,
    ) -> None:
        """Load the ranker, once per process.

        Args:
            context: the stand.
            ranker: entry point, called with `ranker_parameters`.
            trust: gain per control step that a rule's remedy is taken to have beyond its score.
            margin: smallest expected gain per control step that is worth an action.
            cool_down_seconds: time between two actions that no rule asked for.
            ranker_parameters: for the ranker.

        Raises:
            UserError: a parameter is out of range, or there is no such ranker.
        """
        if min(trust, margin, cool_down_seconds) < 0:
            raise UserError("policy parameters trust, margin and cool_down_seconds must not be negative")
        scales = context.time_scales
        self._application = context.application
        self._rules = ThresholdRules(context)
        self._scores = CandidateScores(context, ranker, ranker_parameters)
        self._trust, self._margin = trust, margin
        self._cool_down_steps = scales.steps_within(cool_down_seconds)
        self._num_buckets = scales.buckets_per_step
        self._nothing = context.catalogue.index("do_nothing")
        self._quiet_steps = 0

    def reset(self, seed: int) -> None:
        """Forget the cool-down, and what the rules remember."""
        self._rules.reset(seed)
        self._quiet_steps = 0

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """The best action, if its expected gain is worth it; `scores` are those of all allowed ones, without trust."""
        remedy = self._rules.act(observation, info).action
        is_quiet, self._quiet_steps = self._quiet_steps > 0, max(self._quiet_steps - 1, 0)
        has_remedy = remedy != self._nothing
        if not has_remedy and (is_quiet or not objective_missed(observation, self._application, self._num_buckets)):
            return Decision(action=self._nothing, probability=1.0)
        scores = self._scores.of(np.flatnonzero(observation["action_mask"] > 0).tolist(), observation, info)
        worth = {action: score + self._trust * (has_remedy and action == remedy) for action, score in scores.items()}
        best = max(worth, key=worth.__getitem__)
        if worth[best] - worth[self._nothing] > self._margin:
            self._quiet_steps = max(self._cool_down_steps - 1, 0)
        else:
            best = self._nothing
        return Decision(action=best, probability=1.0, scores=self._scores.named(scores))
