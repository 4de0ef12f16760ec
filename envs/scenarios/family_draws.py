"""Draws scenarios' families: calm or broken, held out or shared, with one fault or two.

What the draw needs is computed once per application and menu: a scenario is drawn whenever a stand's episode ends.

Legend: K scenarios, F families.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from clusters.topology import Application
from envs.faults import FAULTS
from envs.faults.fault import DURATIONS, INTENSITIES, DurationClass, Floats, Intensity, Ints
from envs.kernels.families import fill_picks
from envs.kernels.picks import NONE
from envs.random_columns import RandomColumns
from envs.scenarios.menus import ScenarioMenu
from envs.scenarios.picks import positions_of
from envs.scenarios.splits import (
    HELD_OUT_SHARE,
    NO_FAULT,
    NORMAL_CONTROL,
    SPLITS,
    Family,
    calm_families,
    companions,
    fault_families,
    own_families,
    shared_families,
)
from ray_configs.errors import UserError

NO_FAULT_SHARE = 0.08
NORMAL_CONTROL_SHARE = 0.06
SECOND_FAULT_SHARE = 0.5
"""Share of the incidents in which something else breaks too, so that no action is useless by its type alone."""
FAMILY_WEIGHTS = {Intensity.MILD.value: 0.4, DurationClass.TRANSIENT.value: 0.4}
"""Families that are best left alone are drawn less often than the others."""
_NO_FAULT_POOL, _NORMAL_CONTROL_POOL, _SHARED_POOL, _FIRST_OWN_POOL = range(4)


@dataclass(frozen=True, kw_only=True)
class DrawnFamilies:
    """The families of K scenarios, as positions in `FamilyDraws.families`."""

    first: Ints
    """[K] the scenario's own."""
    second: Ints
    """[K] of a second fault; `NONE`: there is none."""


class FamilyDraws:
    """The families that one application can have of a menu, with their weights.

    Raises:
        UserError: the application can have no fault of the menu.
    """

    families: tuple[Family, ...]
    """All that may be drawn, those in which nothing breaks among them."""
    fault: Ints
    """[F] position in the menu's faults; `NONE`: nothing breaks."""
    workload: Ints
    """[F] position in the menu's profiles."""
    intensity: Ints
    """[F] position in `INTENSITIES`; 0 if nothing breaks."""
    duration: Ints
    """[F] position in `DURATIONS`; 0 if nothing breaks."""
    is_control: NDArray[np.bool_]
    """[F] whether nothing breaks, but the load is not the ordinary."""

    def __init__(self, application: Application, menu: ScenarioMenu) -> None:
        possible = {fault for fault in menu.faults if FAULTS[fault].targets(application)}
        if not possible:
            raise UserError(f"{application.name} can have no fault of the menu {menu.name!r}; name another fault")
        faulty = tuple(family for family in fault_families(menu) if family.fault in possible)
        self.families = (*calm_families(menu), *faulty)
        self.fault = positions_of([family.fault for family in self.families], menu.faults)
        self.workload = positions_of([family.workload for family in self.families], menu.profiles)
        self.intensity = np.maximum(0, positions_of([family.intensity for family in self.families], INTENSITIES))
        self.duration = np.maximum(0, positions_of([family.duration for family in self.families], DURATIONS))
        self.is_control = np.array([family.fault == NORMAL_CONTROL for family in self.families])
        self._num_profiles = len(menu.profiles)
        self._firsts = self._pools(_first_groups(menu))
        self._companions = self._pools(_companion_groups(menu))

    def draw(self, split: Ints, rng: RandomColumns) -> DrawnFamilies:
        """The families of K scenarios.

        Args:
            split: [K] positions in `SPLITS`.
            rng: of the K scenarios.
        """
        first = self._firsts.pick(self._first_pool(split, rng), rng.uniform())
        fault = self.fault[first]
        has_second = (rng.uniform() < SECOND_FAULT_SHARE) & (fault != NONE)
        group = (np.maximum(0, fault) * self._num_profiles + self.workload[first]) * len(SPLITS) + split
        second = self._companions.pick(group, rng.uniform())
        return DrawnFamilies(first=first, second=np.where(has_second, second, NONE))

    def _first_pool(self, split: Ints, rng: RandomColumns) -> Ints:
        """[K] which pool the first family comes from."""
        calm, own = rng.uniform(), _FIRST_OWN_POOL + split
        is_own = (rng.uniform() < HELD_OUT_SHARE) & (self._firsts.sizes[own] > 0)
        pool = np.where(is_own, own, _SHARED_POOL)
        pool = np.where(calm < NO_FAULT_SHARE + NORMAL_CONTROL_SHARE, _NORMAL_CONTROL_POOL, pool)
        return np.where(calm < NO_FAULT_SHARE, _NO_FAULT_POOL, pool)

    def _pools(self, groups: Sequence[Sequence[Family]]) -> "_Pools":
        """Of those families of each group that the application can have."""
        positions = {family: position for position, family in enumerate(self.families)}
        members = [[positions[family] for family in group if family in positions] for group in groups]
        return _Pools(members, np.array([_weight(family) for family in self.families]))


class _Pools:
    """Sets of families to pick one from, by its weight; all of them are one list."""

    def __init__(self, members: Sequence[Sequence[int]], weights: Floats) -> None:
        self.sizes: Ints = np.array([len(of_pool) for of_pool in members], dtype=np.int64)
        self._ends: Ints = self.sizes.cumsum()
        self._members: Ints = np.array([member for of_pool in members for member in of_pool], dtype=np.int64)
        cumulative = [weights[of_pool].cumsum() for of_pool in members if of_pool]
        self._shares: Floats = np.concatenate([of_pool / of_pool[-1] for of_pool in cumulative] or [np.empty(0)])

    def pick(self, pool: Ints, numbers: Floats) -> Ints:
        """[K] one position of each pool [K], by numbers [K] between 0 and 1; `NONE`: the pool is empty."""
        picked = np.empty(len(pool), dtype=np.int64)
        fill_picks(pool, numbers, self._ends, self._shares, self._members, picked)
        return picked


def _first_groups(menu: ScenarioMenu) -> list[tuple[Family, ...]]:
    """What first families are drawn from, in the order of the pools."""
    calm = calm_families(menu)
    return [
        tuple(family for family in calm if family.fault == NO_FAULT),
        tuple(family for family in calm if family.fault == NORMAL_CONTROL),
        shared_families(menu),
        *(own_families(split, menu) for split in SPLITS),
    ]


def _companion_groups(menu: ScenarioMenu) -> list[tuple[Family, ...]]:
    """What second families are drawn from, by fault and profile of the first, and split."""
    return [
        companions(Family(fault=fault, workload=profile), split, menu)
        for fault, profile, split in product(menu.faults, menu.profiles, SPLITS)
    ]


def _weight(family: Family) -> float:
    """A fault with fewer durations than others is drawn as often as they are."""
    if family.is_calm:
        return 1.0
    by_parts = FAMILY_WEIGHTS.get(family.intensity, 1.0) * FAMILY_WEIGHTS.get(family.duration, 1.0)
    return by_parts * len(DurationClass) / len(FAULTS[family.fault].durations)
