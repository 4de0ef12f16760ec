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
from envs.workloads.workload import Floats, Ints, LoadRequests, Loads, enter_rates, trace_of

ORDINARY_LEVELS = (0.8, 1.05)
CONTROL_LEVELS = (0.4, 1.25)
"""Mean load over the nominal rate."""


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Workloads of one profile, [M] of them."""

    profile: str
    rows: Ints
    """[M] the scenario that each belongs to, in order."""
    requests: LoadRequests
    loads: Loads


@dataclass(frozen=True, kw_only=True)
class LoadColumns:
    """The workloads of K scenarios, profile by profile."""

    groups: tuple[_Group, ...]
    num_steps: Ints
    """[K]"""
    mixes: Floats
    """[K, R] share of each request type."""
    think_seconds: Floats
    """[K]; NaN: an open loop."""

    def trace(self, row: int) -> WorkloadTrace:
        """The workload of one scenario as an object."""
        group = next(group for group in self.groups if row in group.rows)
        return trace_of(group.profile, group.requests, group.loads, int(np.searchsorted(group.rows, row)))

    def rates_rps(self) -> NDArray[np.float32]:
        """[K, L] offered requests per second; 0 beyond a trace's own steps."""
        rates = np.zeros((len(self.num_steps), self.num_steps.max(initial=0)), dtype=np.float32)
        for group in self.groups:
            enter_rates(group.requests, group.loads, group.rows, rates)
        return rates


class LoadDraws:
    """Of the profiles that a menu names."""

    def __init__(self, application: Application, menu: ScenarioMenu) -> None:
        self._application = application
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
        groups = [
            self._draw_profile(name, rows, requests, rng)
            for number, name in enumerate(self._menu.profiles)
            if len(rows := np.flatnonzero(profile == number))
        ]
        mixes, think_seconds = requests.mixes.copy(), np.full(len(profile), np.nan)
        for group in groups:
            mixes[group.rows], think_seconds[group.rows] = group.loads.mixes, group.loads.think_seconds
        return LoadColumns(groups=tuple(groups), num_steps=requests.num_steps, mixes=mixes, think_seconds=think_seconds)

    def _draw_profile(self, name: str, rows: Ints, requests: LoadRequests, rng: RandomColumns) -> _Group:
        of_group = _of(requests, rows)
        loads = self._menu.workload(name).draw(of_group, rng.of(rows))
        return _Group(profile=name, rows=rows, requests=of_group, loads=loads)


def _of(requests: LoadRequests, rows: Ints) -> LoadRequests:
    return LoadRequests(
        application=requests.application,
        level=requests.level[rows],
        duration_seconds=requests.duration_seconds[rows],
        mixes=requests.mixes[rows],
    )
