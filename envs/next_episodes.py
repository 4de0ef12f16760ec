"""The episodes that the environments of a vector play next.

Each environment draws its own from its own generator, in its own order: its k-th episode is the same whatever the
others do, and whether it was drawn ahead of time or at the reset.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.utils import seeding

from clusters.scenario import Scenario
from envs.collecting import collecting_later
from envs.episode_drawing import choose_episode, wanted_scenario
from envs.scenarios.menus import ScenarioMenu
from envs.time_scales import TimeScales

Episode = tuple[Scenario, int]
"""The scenario and the stand's seed."""


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

    def take(self, env: int, options: Mapping[str, Any] | None = None) -> Episode:
        """The next episode; the one after it becomes the next.

        Raises:
            UserError: as `choose_episode`.
        """
        ahead = self._ahead.pop(env, None)
        if ahead is None:
            return self._draw(env, options)
        drawn, stand_seed = ahead
        return wanted_scenario(options, self._time_scales) or drawn, stand_seed

    def are_ahead(self, envs: Sequence[int]) -> bool:
        """Whether the next episodes of all these were drawn ahead of time."""
        return self._ahead.keys() >= set(envs)

    def draw_ahead(self) -> dict[int, Episode]:
        """Draw what was not drawn ahead of time yet; what is new, by environment."""
        with collecting_later():
            new = {env: self._draw(env, None) for env in range(len(self._rngs)) if env not in self._ahead}
        self._ahead |= new
        return new

    def _draw(self, env: int, options: Mapping[str, Any] | None) -> Episode:
        rng = self._rngs[env]
        if rng is None:
            rng, _ = seeding.np_random(None)
            self._rngs[env] = rng
        return choose_episode(self._application, options, self._time_scales, rng, self._menu)
