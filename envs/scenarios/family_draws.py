"""Draws a scenario's families: calm or broken, held out or shared, with one fault or two.

What the draw needs is computed once per application and menu: a scenario is drawn whenever a stand's episode ends.
"""

from bisect import bisect_right

import numpy as np

from clusters.scenario import Split
from clusters.topology import Application
from envs.faults import FAULTS
from envs.faults.fault import DurationClass, Intensity
from envs.random_stream import RandomStream
from envs.scenarios import splits
from envs.scenarios.menus import ScenarioMenu
from envs.scenarios.splits import Family

NO_FAULT_SHARE = 0.08
NORMAL_CONTROL_SHARE = 0.06
SECOND_FAULT_SHARE = 0.5
"""Share of the incidents in which something else breaks too, so that no action is useless by its type alone."""
FAMILY_WEIGHTS = {Intensity.MILD.value: 0.4, DurationClass.TRANSIENT.value: 0.4}
"""Families that are best left alone are drawn less often than the others."""


class FamilyDraws:
    """The families that one application can have of a menu, with their weights."""

    def __init__(self, application: Application, menu: ScenarioMenu) -> None:
        self._menu = menu
        self._possible = frozenset(fault for fault in menu.faults if FAULTS[fault].applies_to(application))
        calm = splits.calm_families(menu)
        self._calm = {fault: tuple(f for f in calm if f.fault == fault) for fault in splits.CALM_FAULTS}
        self._shared = self._weighted(splits.shared_families(menu))
        self._own = {split: self._weighted(splits.own_families(split, menu)) for split in Split}
        self._companions: dict[tuple[str, str, Split], _Weighted] = {}

    def draw(self, split: Split, rng: RandomStream) -> tuple[Family, ...]:
        """The family of a scenario, and of a second fault if there is one."""
        calm = rng.random()
        if calm < NO_FAULT_SHARE + NORMAL_CONTROL_SHARE:
            families = self._calm[splits.NO_FAULT if calm < NO_FAULT_SHARE else splits.NORMAL_CONTROL]
            return (rng.one(families),)
        own = self._own[split]
        first = (own if own.families and rng.random() < splits.HELD_OUT_SHARE else self._shared).pick(rng)
        if rng.random() >= SECOND_FAULT_SHARE:
            return (first,)
        seconds = self._companions_of(first, split)
        return (first, seconds.pick(rng)) if seconds.families else (first,)

    def _companions_of(self, first: Family, split: Split) -> "_Weighted":
        key = first.fault, first.workload, split
        if key not in self._companions:
            self._companions[key] = self._weighted(splits.companions(first, split, self._menu))
        return self._companions[key]

    def _weighted(self, families: tuple[Family, ...]) -> "_Weighted":
        return _Weighted(tuple(family for family in families if family.fault in self._possible))


class _Weighted:
    """Families with their weights summed up."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self.families = families
        weights = np.array([_weight(family) for family in families])
        cumulative = (weights / weights.sum()).cumsum()
        self._cumulative: list[float] = (cumulative / cumulative[-1:]).tolist()

    def pick(self, rng: RandomStream) -> Family:
        """One family by its weight: what `rng.choice` with probabilities draws, without its checks."""
        return self.families[bisect_right(self._cumulative, rng.random())]


def _weight(family: Family) -> float:
    """A fault with fewer durations than others is drawn as often as they are."""
    by_parts = FAMILY_WEIGHTS.get(family.intensity, 1.0) * FAMILY_WEIGHTS.get(family.duration, 1.0)
    return by_parts * len(DurationClass) / len(FAULTS[family.fault].durations)
