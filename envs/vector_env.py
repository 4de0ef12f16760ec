"""N simulated stands as one native Gymnasium vector environment: a control loop of N.

Env by env it gives, bit for bit, what StandEnv gives.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from clusters.scenario import Scenario
from envs.control_loop import EpisodeRules, LoopStep
from envs.episode_drawing import choose_episode, reset_info
from envs.observation import observation_space
from envs.rewards.reward_function import RewardWeights
from envs.simulated_loop import simulated_loop
from envs.time_scales import TimeScales

ObservationDict = dict[str, NDArray[np.float32]]


class VectorStandEnv(VectorEnv[ObservationDict, NDArray[np.int64], NDArray[np.float64]]):  # type: ignore[misc]
    """As StandEnv, with a leading axis of N. A stand whose episode ended is reset by the next step (NEXT_STEP)."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        num_envs: int = 1,
        application: str = "small-core",
        *,
        time_scales: TimeScales | None = None,
        reward_weights: RewardWeights | None = None,
        rules: EpisodeRules | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Wire the parts; arguments as StandEnv's.

        Raises:
            UserError: there is no such application.
        """
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._time_scales = time_scales or TimeScales()
        self.loop = simulated_loop(
            application, num_envs, time_scales=self._time_scales, reward_weights=reward_weights, rules=rules
        )
        self.catalogue = self.loop.catalogue
        self.single_action_space = spaces.Discrete(len(self.catalogue))
        self.single_observation_space = observation_space(
            self.loop.application, self._time_scales.buckets_per_window, len(self.catalogue)
        )
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._rngs: list[np.random.Generator | None] = [None] * num_envs
        self._scenarios: list[Scenario | None] = [None] * num_envs
        self._done = np.zeros(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObservationDict, dict[str, Any]]:
        """Begin an episode on every stand, or on those of `options["reset_mask"]`; an integer seeds env i by seed + i.

        Raises:
            ValueError: there are not N seeds.
            UserError: as StandEnv.
        """
        seeds: Sequence[int | None] = (
            [seed + stand for stand in range(self.num_envs)]
            if isinstance(seed, int)
            else [None] * self.num_envs
            if seed is None
            else list(seed)
        )
        if len(seeds) != self.num_envs:
            raise ValueError(f"{len(seeds)} seeds for {self.num_envs} environments")
        rest = {name: value for name, value in (options or {}).items() if name != "reset_mask"}
        chosen = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs)), dtype=np.bool_)
        infos = self._begin(np.flatnonzero(chosen).tolist(), seeds, rest)
        return self.loop.observe(), infos

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[ObservationDict, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One control step of every running stand; the stands that had ended are reset instead, with reward 0."""
        resetting = self._done.copy()
        step = self.loop.step(np.asarray(actions, dtype=np.int64), ~resetting)
        infos = self._step_infos(step, ~resetting)
        begun = np.flatnonzero(resetting).tolist()
        for name, values in self._begin(begun, [None] * self.num_envs, None).items():
            infos[name] = np.where(resetting, values, infos[name]) if name in infos else values
        terminated, truncated = step.terminated & ~resetting, step.truncated & ~resetting
        self._done = terminated | truncated
        return self.loop.observe(), step.rewards, terminated, truncated, infos

    def close_extras(self, **kwargs: Any) -> None:
        """Release the stands."""
        self.loop.close()

    def _begin(self, stands: list[int], seeds: Sequence[int | None], options: dict[str, Any] | None) -> dict[str, Any]:
        infos: dict[str, Any] = {}
        episodes = []
        for stand in stands:
            rng = self._rngs[stand]
            if seeds[stand] is not None or rng is None:
                rng, _ = seeding.np_random(seeds[stand])
                self._rngs[stand] = rng
            scenario, stand_seed = choose_episode(self.loop.application.name, options, self._time_scales, rng)
            episodes.append((scenario, stand_seed))
            self._scenarios[stand] = scenario
            infos = self._add_info(infos, reset_info(scenario), stand)
        if stands:
            self.loop.reset(stands, [scenario for scenario, _ in episodes], [seed for _, seed in episodes])
            self._done[stands] = False
        return infos

    def _step_infos(self, step: LoopStep, stepped: NDArray[np.bool_]) -> dict[str, Any]:
        scenarios = [scenario if moved else None for scenario, moved in zip(self._scenarios, stepped, strict=True)]
        values: dict[str, Any] = {
            "time_seconds": np.where(stepped, self.loop.elapsed_seconds(), 0.0),
            "scenario": _objects([scenario and scenario.name for scenario in scenarios]),
            "candidates": _objects([scenario and scenario.candidates for scenario in scenarios]),
            "receipt": _objects(step.receipts),
            "end_reason": _objects(
                [reason if moved else None for reason, moved in zip(step.end_reasons, stepped, strict=True)]
            ),
        }
        terms: dict[str, Any] = dict(step.reward_terms)
        values["reward_terms"] = terms | {f"_{name}": stepped.copy() for name in step.reward_terms}
        return values | {f"_{name}": stepped.copy() for name in values}


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    array = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return array
