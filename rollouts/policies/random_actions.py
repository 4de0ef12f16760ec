"""Random actions with known probabilities: what a data set for action-conditioned models is mostly made of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.actions.action import ActionType
from ray_configs.errors import UserError
from rollouts.policies.policy import Decision, Observation, PolicyContext
from rollouts.policies.readings import objective_missed


class RandomActions:
    """Acts now and then, and says exactly how likely its choice was.

    With probability `1 - act_probability` it does nothing. Otherwise it draws from a mixture over the allowed actions
    other than `do_nothing`: with weight `candidate_share` uniform over the scenario's candidates, with the rest uniform
    over all of them. Where no candidate is allowed, the whole weight goes to all; where nothing is, it does nothing.
    After `max_actions` actions (0: no bound) it does nothing any more. While an objective was missed in the last bucket
    `incident_act_probability` holds instead of `act_probability` (negative: they are the same).
    """

    def __init__(
        self,
        context: PolicyContext,
        *,
        act_probability: float = 0.15,
        candidate_share: float = 0.7,
        incident_act_probability: float = -1.0,
        max_actions: int = 0,
        escalate: bool = False,
    ) -> None:
        if max_actions < 0:
            raise UserError(
                f"policy 'random': max_actions is {max_actions}; give 0 for no bound, or a number of actions"
            )
        for name, value in (("act_probability", act_probability), ("candidate_share", candidate_share)):
            if not 0.0 <= value <= 1.0:
                raise UserError(f"policy 'random': {name} is {value}; give a share between 0 and 1")
        self._catalogue = context.catalogue
        if incident_act_probability > 1.0:
            raise UserError(
                f"policy 'random': incident_act_probability is {incident_act_probability}; give a share of at most 1"
            )
        self._application = context.application
        self._act_probability = act_probability
        self._incident_act_probability = incident_act_probability if incident_act_probability >= 0 else act_probability
        self._candidate_share = candidate_share
        self._do_nothing = context.catalogue.index("do_nothing")
        never = {ActionType.DO_NOTHING} if escalate else {ActionType.DO_NOTHING, ActionType.ESCALATE}
        self._max_actions = max_actions
        self._drawable = np.array([action.type not in never for action in context.catalogue.actions])
        self.reset(context.seed)

    def reset(self, seed: int) -> None:
        """Start the policy's own random stream, apart from the stand's."""
        self._generator = np.random.default_rng((seed, 1))
        self._num_actions = 0

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """Draw from `distribution`."""
        probabilities = self.distribution(observation, info)
        action = int(self._generator.choice(len(probabilities), p=probabilities))
        self._num_actions += action != self._do_nothing
        return Decision(action=action, probability=float(probabilities[action]))

    def distribution(self, observation: Observation, info: Mapping[str, Any]) -> NDArray[np.float64]:
        """[A] the probability of each action of the catalogue."""
        allowed = (observation["action_mask"] > 0) & self._drawable
        candidates = np.zeros_like(allowed)
        candidates[[self._catalogue.index(name) for name in info.get("candidates", ())]] = True
        candidates &= allowed
        probabilities = np.zeros(len(allowed))
        is_spent = 0 < self._max_actions <= self._num_actions
        if allowed.any() and not is_spent:
            candidate_share = self._candidate_share if candidates.any() else 0.0
            probabilities += (1.0 - candidate_share) * allowed / allowed.sum()
            probabilities += candidate_share * candidates / max(candidates.sum(), 1)
            in_incident = objective_missed(observation, self._application)
            probabilities *= self._incident_act_probability if in_incident else self._act_probability
        # Many equal shares may sum to a last bit above 1.
        probabilities[self._do_nothing] = max(0.0, 1.0 - float(probabilities.sum()))
        return probabilities
