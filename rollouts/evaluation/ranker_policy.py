"""A ranker that acts: observation -> decision point -> predictions -> the action that is expected to gain enough."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario, Split, WorkloadTrace
from clusters.telemetry import TelemetryWindow
from ray_configs.errors import UserError
from ray_configs.loading import resolve
from rollouts.evaluation.ranking_contract import DecisionPoint, Ranker
from rollouts.policies.policy import Decision, Observation, PolicyContext

Scalar = float | int | str | bool


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
        self._ranker = _load(ranker, tuple(sorted(ranker_parameters.items())))
        self._whole_catalogue = candidates == "catalogue"
        self._margin = margin
        self._cool_down_steps = int(np.ceil(cool_down_seconds / context.time_scales.control_step_seconds))
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
        catalogue = self._context.catalogue
        candidates = self._allowed(observation, info)
        point = DecisionPoint(
            scenario=self._unknown_scenario(candidates),
            history=self._history(observation, int(info["time_ns"])),
            candidates=candidates,
        )
        prediction = self._ranker.predict([point], [catalogue.features(np.array(candidates))])[0]
        scores = {catalogue.names[index]: float(s) for index, s in zip(candidates, prediction.scores, strict=True)}
        best = candidates[int(np.argmax(prediction.scores))]
        gain = scores[catalogue.names[best]] - scores["do_nothing"]
        if best == self._nothing or not gain > self._margin:
            return Decision(action=self._nothing, probability=1.0, scores=scores)
        self._quiet_steps = max(self._cool_down_steps - 1, 0)
        return Decision(action=best, probability=1.0, scores=scores)

    def _allowed(self, observation: Observation, info: Mapping[str, Any]) -> tuple[int, ...]:
        allowed = observation["action_mask"] > 0
        if self._whole_catalogue:
            return tuple(int(index) for index in np.flatnonzero(allowed))
        indices = [self._context.catalogue.index(name) for name in info["candidates"]]
        return tuple(index for index in indices if allowed[index])

    def _history(self, observation: Observation, time_ns: int) -> TelemetryWindow:
        """The observation as telemetry again: -1 stands for a missing value."""
        scales = self._context.time_scales
        num_buckets = len(observation["nodes"])
        bucket_ns = round(scales.observation_bucket_seconds * 1e9)
        return TelemetryWindow(
            bucket_seconds=scales.observation_bucket_seconds,
            times_ns=time_ns + bucket_ns * np.arange(-num_buckets, 0),
            nodes=_with_gaps(observation["nodes"]),
            edges=_with_gaps(observation["edges"]),
            journeys=_with_gaps(observation["journeys"]),
            stand=_with_gaps(observation["stand"]),
        )

    def _unknown_scenario(self, candidates: tuple[int, ...]) -> Scenario:
        """A scenario that tells the ranker nothing: an operator does not know the fault, nor the load to come."""
        return Scenario(
            name="unknown",
            family="unknown",
            split=Split.TEST,
            application=self._context.application.name,
            seed=0,
            workload=WorkloadTrace(profile="unknown", step_seconds=1.0, rates_rps=(), mix=()),
            faults=(),
            candidates=tuple(self._context.catalogue.names[index] for index in candidates),
            decision_seconds=0.0,
            warmup_seconds=0.0,
            horizon_seconds=0.0,
        )


def _with_gaps(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(values < 0, np.float32(np.nan), values)


@lru_cache(maxsize=4)
def _load(entry_point: str, parameters: tuple[tuple[str, Scalar], ...]) -> Ranker:
    ranker: Ranker = resolve(entry_point)(**dict(parameters))
    return ranker
