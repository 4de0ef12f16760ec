"""The episodes that the environments of a vector play next.

Each environment draws its own from its own generator, in its own order: its k-th episode is the same whatever the
others do, and whether it was drawn ahead of time or at the reset.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.utils import seeding

from envs.episode_drawing import Episode, choose_episodes, wanted_scenario
from envs.scenarios.menus import ScenarioMenu
from envs.time_scales import TimeScales


class NextEpisodes:
    """Of N environments."""

    def __init__(self, application: str, time_scales: TimeScales, menu: ScenarioMenu, num_envs: int) -> None:
        self._application = application
        self._time_scales = time_scales
        self._menu = menu
        self._rngs: list[np.random.Generator | None] = [None] * num_envs
        self._ahead: dict[int, Episode] = {}

    def seed(self, env: int, seed: int) -> None:
        """Begin the environment's sequence of episodes anew."""
        self._rngs[env], _ = seeding.np_random(seed)
        self._ahead.pop(env, None)

    def take(self, envs: Sequence[int], options: Mapping[str, Any] | None = None) -> list[Episode]:
        """The next episode of each of these; the one after it becomes the next.

        Raises:
            UserError: as `choose_episodes`.
        """
        missing = [env for env in envs if env not in self._ahead]
        drawn = dict(zip(missing, self._draw(missing, options), strict=True)) if missing else {}
        wanted = wanted_scenario(options, self._time_scales)
        episodes = []
        for env in envs:
            scenario, stand_seed = drawn[env] if env in drawn else self._ahead.pop(env)
            episodes.append((wanted or scenario, stand_seed))
        return episodes

    def are_ahead(self, envs: Sequence[int]) -> bool:
        """Whether the next episodes of all these were drawn ahead of time."""
        return self._ahead.keys() >= set(envs)

    def draw_ahead(self) -> dict[int, Episode]:
        """Draw what was not drawn ahead of time yet; what is new, by environment."""
        missing = [env for env in range(len(self._rngs)) if env not in self._ahead]
        new = dict(zip(missing, self._draw(missing, None), strict=True))
        self._ahead |= new
        return new

    def _draw(self, envs: Sequence[int], options: Mapping[str, Any] | None) -> list[Episode]:
        rngs = [self._rng(env) for env in envs]
        return choose_episodes(self._application, options, self._time_scales, rngs, self._menu)

    def _rng(self, env: int) -> np.random.Generator:
        rng = self._rngs[env]
        if rng is None:
            rng, _ = seeding.np_random(None)
            self._rngs[env] = rng
        return rng
