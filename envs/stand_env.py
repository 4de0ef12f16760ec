"""One stand as a Gymnasium environment: a control loop of one."""

from typing import Any, ClassVar, SupportsInt

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from clusters.scenario import Scenario
from clusters.simulated.telemetry.scraping import Scraping
from clusters.stand import Stand, as_batch
from envs.actions.catalogue import ActionCatalogue
from envs.control_loop import ControlLoop, EpisodeRules
from envs.episode_drawing import choose_episodes, reset_info
from envs.observation import observation_space
from envs.rewards.reward_function import RewardFunction, RewardWeights
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.time_scales import TimeScales

ObservationDict = dict[str, NDArray[np.float32]]


class StandEnv(gymnasium.Env[ObservationDict, np.int64]):  # type: ignore[misc]  # gymnasium is not typed for mypy here
    """A microservice stand under control.

    Observation (T buckets, S services, E edges, J journeys, A actions, F signals of a level, -1 where a value is
    missing): `nodes` [T, S, F], `edges` [T, E, F], `journeys` [T, J, F], `stand` [T, F] are float32,
    `action_mask` [A] is int8.

    Action: an index in `catalogue`. A masked one is refused and counted as unsafe.

    Info: `time_seconds`, `scenario` (its name) and `candidates`; after a step `reward_terms`, `end_reason` (empty while
    the episode runs) and, where the action sent a command, its `receipt`.

    Reward: at most 0; `info["reward_terms"]` holds the weighted terms that sum to it.

    Episode: `reset(options={"scenario": scenario or name})` plays that scenario, otherwise a training scenario is
    drawn from the reset's seed. It is terminated on goal, emergency or escalation (`info["end_reason"]`), and
    truncated at the horizon.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(
        self,
        application: str = "small-core",
        *,
        stand: Stand | None = None,
        time_scales: TimeScales | None = None,
        reward_weights: RewardWeights | None = None,
        rules: EpisodeRules | None = None,
        menu: ScenarioMenu = CORE,
        scraping: Scraping | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Wire the parts.

        Args:
            application: name of the application of a simulated stand.
            stand: another backend's stand of that application; None: a simulated one.
            time_scales: None: the defaults.
            reward_weights: None: the defaults.
            rules: when an episode ends early; None: the defaults.
            menu: what the scenarios of resets without options are drawn from.
            scraping: how telemetry of a simulated stand is collected, with its noise, gaps and delay; None: as it is.
            render_mode: there is none.

        Raises:
            UserError: there is no such application.
        """
        self.render_mode = render_mode
        self._time_scales = time_scales or TimeScales()
        self._menu = menu
        self.loop = _loop(application, stand, self._time_scales, reward_weights, rules, scraping)
        self.catalogue: ActionCatalogue = self.loop.catalogue
        self.action_space = spaces.Discrete(len(self.catalogue))
        self.observation_space = observation_space(
            self.loop.application, self._time_scales.buckets_per_window, len(self.catalogue)
        )
        self.scenario: Scenario | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObservationDict, dict[str, Any]]:
        """Begin an episode.

        Raises:
            UserError: the option's scenario is unknown, or does not fit this environment.
        """
        super().reset(seed=seed)
        scenarios, stand_seeds = choose_episodes(
            self.loop.application.name, options, self._time_scales, [self.np_random], self._menu
        )
        self.loop.reset([0], scenarios, stand_seeds.tolist())
        self.scenario = scenarios[0]
        return _first(self.loop.observe()), reset_info(self.scenario)

    def step(self, action: SupportsInt) -> tuple[ObservationDict, float, bool, bool, dict[str, Any]]:
        """Carry out one action and let one control step pass."""
        step = self.loop.step(np.array([int(action)], dtype=np.int64))
        assert self.scenario is not None
        info = {
            **reset_info(self.scenario),
            "time_seconds": float(self.loop.elapsed_seconds()[0]),
            "reward_terms": {name: float(values[0]) for name, values in step.reward_terms.items()},
            "end_reason": step.end_reasons[0],
            **({"receipt": step.receipts[0]} if step.receipts else {}),
        }
        return (
            _first(self.loop.observe()),
            float(step.rewards[0]),
            bool(step.terminated[0]),
            bool(step.truncated[0]),
            info,
        )

    def observe(self, window_seconds: float, granularity_seconds: float) -> ObservationDict:
        """The present observation over another window, in other buckets."""
        return _first(self.loop.observe(window_seconds, granularity_seconds))

    def close(self) -> None:
        """Release the stand; may be called again."""
        self.loop.close()


def _loop(
    application: str,
    stand: Stand | None,
    time_scales: TimeScales,
    reward_weights: RewardWeights | None,
    rules: EpisodeRules | None,
    scraping: Scraping | None,
) -> ControlLoop:
    if stand is not None:
        reward = RewardFunction(reward_weights)
        return ControlLoop(as_batch(stand), time_scales=time_scales, reward=reward, rules=rules or EpisodeRules())
    from envs.simulated_loop import simulated_loop  # a live stand needs no simulator

    return simulated_loop(
        application, 1, time_scales=time_scales, reward_weights=reward_weights, rules=rules, scraping=scraping
    )


def _first(observation: ObservationDict) -> ObservationDict:
    """The one stand's own copy: a view would change with the next step."""
    return {name: values[0].copy(order="C") for name, values in observation.items()}
