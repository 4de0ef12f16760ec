"""N simulated stands as one native Gymnasium vector environment: a control loop of N.

Env by env it gives, bit for bit, what StandEnv gives. A step makes no Python object per env.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from clusters.simulated.telemetry.scraping import Scraping
from envs.control_loop import EpisodeRules
from envs.loop_step import LoopStep
from envs.next_episodes import NextEpisodes
from envs.observation import observation_space
from envs.rewards.reward_function import RewardWeights
from envs.rewards.reward_terms import Terms
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.simulated_loop import simulated_loop
from envs.time_scales import TimeScales

ObservationDict = dict[str, NDArray[np.float32]]
_NONE = np.array(None, dtype=object)
_MASKS_OF_TERMS = tuple(f"_{name}" for name in Terms._fields)


class VectorStandEnv(VectorEnv[ObservationDict, NDArray[np.int64], NDArray[np.float64]]):  # type: ignore[misc]
    """As StandEnv, with a leading axis of N. A stand whose episode ended is reset by the next step (NEXT_STEP).

    Observations are views of the stands' own memory, valid until the next `step` or `reset`, and not contiguous: copy
    what is to be kept, or ask for `copy_observations`. What `info` holds stays as it is; steps may share its arrays, so
    do not write to them.

    From the first episode that ends on, the warm-ups of the next episodes are played ahead of time, hundreds at once:
    of fewer than 512 environments several each, up to 16. They hold about 50 KiB each of a small application. A reset
    with a seed or a scenario of its own discards them.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        num_envs: int = 1,
        application: str = "small-core",
        *,
        time_scales: TimeScales | None = None,
        reward_weights: RewardWeights | None = None,
        rules: EpisodeRules | None = None,
        menu: ScenarioMenu = CORE,
        scraping: Scraping | None = None,
        copy_observations: bool = False,
        render_mode: str | None = None,
    ) -> None:
        """Wire the parts; other arguments as StandEnv's.

        Args:
            num_envs: N.
            application: name of the application.
            time_scales: None: the defaults.
            reward_weights: None: the defaults.
            rules: when an episode ends early; None: the defaults.
            menu: what the scenarios of resets without options are drawn from.
            scraping: how telemetry is collected, with its noise, gaps and delay; None: as it is.
            copy_observations: contiguous arrays of one's own instead of views.
            render_mode: there is none.

        Raises:
            UserError: there is no such application.
        """
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._time_scales = time_scales or TimeScales()
        self.loop = simulated_loop(
            application,
            num_envs,
            time_scales=self._time_scales,
            reward_weights=reward_weights,
            rules=rules,
            as_views=True,
            scraping=scraping,
        )
        self._copy_observations = copy_observations
        self.catalogue = self.loop.catalogue
        self.single_action_space = spaces.Discrete(len(self.catalogue))
        self.single_observation_space = observation_space(
            self.loop.application, self._time_scales.buckets_per_window, len(self.catalogue)
        )
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._next = NextEpisodes(self.loop.application.name, self._time_scales, menu, num_envs)
        self._nothing = np.full(num_envs, None, dtype=object)
        self._names, self._candidates = self._nothing, self._nothing
        self._done = np.zeros(num_envs, dtype=np.bool_)
        self._everyone = np.ones(num_envs, dtype=np.bool_)

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
        stands = np.flatnonzero(chosen)
        for stand in stands.tolist():
            if (of_stand := seeds[stand]) is not None:
                self._next.seed(stand, of_stand)
        self._begin(stands, rest)
        infos: dict[str, Any] = {}
        if chosen.any():
            _add(infos, "time_seconds", np.zeros(self.num_envs), chosen)
            _add(infos, "scenario", _masked(self._names, chosen), chosen)
            _add(infos, "candidates", _masked(self._candidates, chosen), chosen)
        return self._observe(), infos

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[ObservationDict, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One control step of every running stand; the stands that had ended are reset instead, with reward 0."""
        return self._step(np.asarray(actions, dtype=np.int64))

    def close_extras(self, **kwargs: Any) -> None:
        """Release the stands."""
        self.loop.close()

    def _step(
        self, actions: NDArray[np.int64]
    ) -> tuple[ObservationDict, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        stepped = ~self._done
        step = self.loop.step(actions, stepped, discarded=self._done, keep_fault_receipts=False)
        terminated, truncated = step.terminated & stepped, step.truncated & stepped
        self._begin_next(np.flatnonzero(self._done))
        self._done = terminated | truncated
        return self._observe(), step.rewards, terminated, truncated, self._step_infos(step, stepped)

    def _observe(self) -> ObservationDict:
        observation = self.loop.observe()
        if self._copy_observations:
            return {name: values.copy(order="C") for name, values in observation.items()}
        return observation

    def _begin_next(self, ended: NDArray[np.int64]) -> None:
        """Begin the next episode of stands whose last one ended.

        Where a warm-up was not played ahead of time, all that were not are played: a few at each step would cost more.
        """
        if not self._next.are_warm(ended):
            envs, (scenarios, stand_seeds) = self._next.to_warm_up()
            self.loop.prepare(envs.tolist(), scenarios, stand_seeds.tolist())
        self._begin(ended, None)

    def _begin(self, stands: NDArray[np.int64], options: dict[str, Any] | None) -> None:
        """Begin an episode on each of these stands, all at once."""
        if not stands.size:
            return
        scenarios, stand_seeds = self._next.take(stands, options)
        self.loop.reset(stands.tolist(), scenarios, stand_seeds.tolist())
        self._done[stands] = False
        self._names, self._candidates = self._names.copy(), self._candidates.copy()  # infos given out keep theirs
        self._names[stands], self._candidates[stands] = scenarios.names, scenarios.candidates

    def _step_infos(self, step: LoopStep, stepped: NDArray[np.bool_]) -> dict[str, Any]:
        """What the single environments' infos come to: arrays, with a mask of the envs that have each."""
        infos: dict[str, Any] = {}
        _add(infos, "time_seconds", self.loop.elapsed_seconds(), self._everyone)
        _add(infos, "scenario", self._names, self._everyone)
        _add(infos, "candidates", self._candidates, self._everyone)
        if step.receipts:
            receipts, has_receipt = self._nothing.copy(), np.zeros(self.num_envs, dtype=np.bool_)
            for stand, receipt in step.receipts.items():
                receipts[stand], has_receipt[stand] = receipt, True
            _add(infos, "receipt", receipts, has_receipt)
        if stepped.any():
            _add(infos, "reward_terms", {**step.reward_terms, **dict.fromkeys(_MASKS_OF_TERMS, stepped)}, stepped)
            _add(infos, "end_reason", _masked(step.end_reasons, stepped), stepped)
        return infos


def _masked(values: NDArray[np.object_], mask: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The values with None where the mask is false."""
    return np.where(mask, values, _NONE)


def _add(infos: dict[str, Any], name: str, values: Any, mask: NDArray[np.bool_]) -> None:
    """Gymnasium's convention: the values of all envs, and which of them have one."""
    infos[name], infos[f"_{name}"] = values, mask
