"""The episodes that the environments of a vector play next.

Each environment draws its own from its own generator, in its own order: its k-th episode is the same whatever the
others do, and whether it was drawn ahead of time or at the reset.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray

from clusters.scenario_columns import ScenarioColumns, columns_of
from envs.episode_drawing import Episodes, choose_episodes, wanted_scenario
from envs.kernels.next_places import has_each, take_next
from envs.scenarios.menus import ScenarioMenu
from envs.time_scales import TimeScales

Ints = NDArray[np.int64]
NUM_WARMED_TOGETHER = 512
"""Episodes that are warmed up together, if they are so many: fewer of them cost more each."""
NUM_DRAWN_TOGETHER = 2048
"""Episodes that are drawn together, about: further ones cost as much each."""
MOST_AHEAD = 16
"""Warm-ups of one environment."""


class NextEpisodes:
    """Of N environments, up to D episodes of each ahead; the first W of them are warmed up as well."""

    def __init__(self, application: str, time_scales: TimeScales, menu: ScenarioMenu, num_envs: int) -> None:
        self._application = application
        self._time_scales = time_scales
        self._menu = menu
        self._rngs: list[np.random.Generator | None] = [None] * num_envs
        self._most_warm = min(MOST_AHEAD, math.ceil(NUM_WARMED_TOGETHER / num_envs))  # W
        self._most = self._most_warm + min(MOST_AHEAD, math.ceil(NUM_DRAWN_TOGETHER / num_envs))  # D
        self._num_ahead = np.zeros(num_envs, dtype=np.int64)
        self._num_warm = np.zeros(num_envs, dtype=np.int64)  # of those ahead, the first
        self._first = np.zeros(num_envs, dtype=np.int64)  # which of an environment's D places holds its next episode
        self._scenarios: ScenarioColumns | None = None  # [N * D] an environment's places side by side
        self._stand_seeds = np.zeros(num_envs * self._most, dtype=np.int64)

    def seed(self, env: int, seed: int) -> None:
        """Begin the environment's sequence of episodes anew."""
        self._rngs[env], _ = seeding.np_random(seed)
        self._num_ahead[env] = self._num_warm[env] = 0

    def take(self, envs: Ints, options: Mapping[str, Any] | None = None) -> Episodes:
        """The next episode of each of these; the one after it becomes the next.

        Raises:
            UserError: as `choose_episodes`.
        """
        wanted = wanted_scenario(options, self._time_scales)
        if not has_each(envs, self._num_ahead):
            self._draw(envs[self._num_ahead[envs] == 0])
        places = np.empty(len(envs), dtype=np.int64)
        take_next(envs, self._most, self._first, self._num_ahead, self._num_warm, places)
        assert self._scenarios is not None
        scenarios = self._scenarios.take(places) if wanted is None else columns_of([wanted] * len(envs))
        return scenarios, self._stand_seeds[places]

    def are_warm(self, envs: Ints) -> bool:
        """Whether the next episodes of all these were told to be warmed up."""
        return has_each(envs, self._num_warm)

    def to_warm_up(self) -> tuple[Ints, Episodes]:
        """All that there is room for: (environments, each as often as it has an episode to warm up; these episodes)."""
        num_wanted = self._most_warm - self._num_warm
        if (self._num_ahead < self._most_warm).any():
            self._draw(np.repeat(np.arange(len(self._num_ahead)), self._most - self._num_ahead))
        envs = np.repeat(np.arange(len(num_wanted)), num_wanted)
        places = self._places(envs, (self._first + self._num_warm)[envs] + _how_many_before(envs))
        self._num_warm[...] = self._most_warm
        assert self._scenarios is not None
        return envs, (self._scenarios.take(places), self._stand_seeds[places])

    def _draw(self, envs: Ints) -> None:
        """Draw further episodes of these, which are in order and may be there several times."""
        rngs = [self._rng(env) for env in envs.tolist()]
        scenarios, stand_seeds = choose_episodes(self._application, None, self._time_scales, rngs, self._menu)
        if self._scenarios is None:
            self._scenarios = scenarios.take(np.zeros(len(self._stand_seeds), dtype=np.int64))
        places = self._places(envs, (self._first + self._num_ahead)[envs] + _how_many_before(envs))
        self._scenarios = self._scenarios.put(places, scenarios)
        self._stand_seeds[places] = stand_seeds
        np.add.at(self._num_ahead, envs, 1)

    def _places(self, envs: Ints, episodes: Ints) -> Ints:
        return envs * self._most + episodes % self._most

    def _rng(self, env: int) -> np.random.Generator:
        rng = self._rngs[env]
        if rng is None:
            rng, _ = seeding.np_random(None)
            self._rngs[env] = rng
        return rng


def _how_many_before(envs: Ints) -> Ints:
    """[K] how many of the same stand before each in a list that is in order."""
    return np.arange(len(envs)) - np.searchsorted(envs, envs)
