"""Which windows show the same stand at the same moment, once acted on and once left alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.actions.action import ActionType
from rollouts.episode import Episode


@dataclass(frozen=True, kw_only=True)
class Play:
    """The windows of one episode, as far as pairing asks."""

    stand: tuple[str, int]
    """Scenario and seed: episodes of one stand are the same until their actions differ."""
    steps: NDArray[np.int64]
    """[W] control step at which each window's future starts."""
    num_quiet_steps: int
    """Control steps before the first action."""


def play_of(episode: Episode, steps: NDArray[np.int64]) -> Play:
    """The play of an episode whose windows start at `steps`."""
    acting = (number for number, step in enumerate(episode.steps) if step.action_name != ActionType.DO_NOTHING)
    return Play(
        stand=(episode.scenario.name, episode.seed),
        steps=steps,
        num_quiet_steps=next(acting, len(episode.steps)),
    )


def find_twins(plays: Sequence[Play], horizon_steps: int) -> NDArray[np.int64]:
    """[W] for each window of all plays, end to end, the window of the same stand and step whose future is quiet.

    -1 where there is none, or where the histories differ because of an earlier action. A quiet window is its own twin.
    """
    quiet: dict[tuple[tuple[str, int], int], int] = {}
    offset = 0
    for play in plays:
        for position, step in enumerate(play.steps):
            if step + horizon_steps <= play.num_quiet_steps:
                quiet[play.stand, int(step)] = offset + position
        offset += len(play.steps)
    return np.array(
        [
            quiet.get((play.stand, int(step)), -1) if step <= play.num_quiet_steps else -1
            for play in plays
            for step in play.steps
        ],
        np.int64,
    )
