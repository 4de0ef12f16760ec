"""Draws the workloads of many scenarios: those of one profile together.

Legend: K scenarios, L steps of the longest, R request types.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.random_columns import RandomColumns
from envs.scenarios.menus import ScenarioMenu
from envs.workloads.mix import drawn_mixes
from envs.workloads.workload import Floats, Ints, LoadRequests, Loads, trace_of

ORDINARY_LEVELS = (0.8, 1.05)
CONTROL_LEVELS = (0.4, 1.25)
"""Mean load over the nominal rate."""


@dataclass(frozen=True, kw_only=True)
class LoadColumns:
    """The workloads of K scenarios."""

    profiles: tuple[str, ...]
    """What `profile` counts."""
    profile: Ints
    """[K]"""
    requests: LoadRequests
    loads: Loads

    def trace(self, row: int) -> WorkloadTrace:
        """The workload of one scenario as an object."""
        return trace_of(self.profiles[self.profile[row]], self.requests, self.loads, row)


class LoadDraws:
    """Of the profiles that a menu names."""

    def __init__(self, application: Application, menu: ScenarioMenu) -> None:
        self._application = application
        self._profiles = menu.profiles
        self._menu = menu

    def draw(
        self, profile: Ints, is_control: NDArray[np.bool_], duration_seconds: Floats, rng: RandomColumns
    ) -> LoadColumns:
        """The workloads of K scenarios.

        Args:
            profile: [K] positions in the menu's profiles.
            is_control: [K] whether the load is well below or above the ordinary.
            duration_seconds: [K] warm-up and episode.
            rng: of the K scenarios.
        """
        low, high = np.where(is_control, np.array([CONTROL_LEVELS]).T, np.array([ORDINARY_LEVELS]).T)
        requests = LoadRequests(
            application=self._application,
            level=rng.between(low, high),
            duration_seconds=duration_seconds,
            mixes=drawn_mixes(self._application, rng),
        )
        num_steps = int(requests.num_steps.max(initial=0))
        rates, mixes = np.zeros((len(profile), num_steps)), requests.mixes.copy()
        think_seconds = np.full(len(profile), np.nan)
        for number in np.unique(profile).tolist():
            rows = np.flatnonzero(profile == number)
            loads = self._menu.workload(self._profiles[number]).draw(_of(requests, rows), rng.of(rows))
            rates[rows, : loads.rates_rps.shape[1]] = loads.rates_rps
            mixes[rows], think_seconds[rows] = loads.mixes, loads.think_seconds
        drawn = Loads(rates_rps=rates, mixes=mixes, think_seconds=think_seconds)
        return LoadColumns(profiles=self._profiles, profile=profile, requests=requests, loads=drawn)


def _of(requests: LoadRequests, rows: Ints) -> LoadRequests:
    return LoadRequests(
        application=requests.application,
        level=requests.level[rows],
        duration_seconds=requests.duration_seconds[rows],
        mixes=requests.mixes[rows],
    )
