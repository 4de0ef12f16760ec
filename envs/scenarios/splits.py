"""The one place that says which seeds and which families are for training, validation and test.

Two walls: the seed ranges are disjoint, and some families (fault x workload x intensity x duration) appear in one
split only. Each value of each part of a family still appears in training, so that a held-out family asks for a new
combination, not for a fault never seen. A family that is held out from one menu is held out from all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Split
from envs.faults import FAULTS
from envs.faults.fault import DurationClass, Intensity
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.workloads import WORKLOADS
from ray_configs.errors import UserError

Ints = NDArray[np.int64]

SEED_RANGES: dict[Split, range] = {
    Split.TRAIN: range(0, 1_000_000),
    Split.VALIDATION: range(1_000_000, 2_000_000),
    Split.TEST: range(2_000_000, 3_000_000),
}
"""Scenario seeds by split. Named scenarios have seeds beyond all of them."""
SPLITS = tuple(SEED_RANGES)
_STARTS = np.array([seeds.start for seeds in SEED_RANGES.values()])
_STOPS = np.array([seeds.stop for seeds in SEED_RANGES.values()])
NAMED_SEEDS_FROM = 3_000_000
NO_FAULT = "no_fault"
"""Ordinary load, nothing breaks."""
NORMAL_CONTROL = "normal_control"
"""Nothing breaks, but the load is well below or above the ordinary: operators act without an incident."""
CALM_FAULTS = (NO_FAULT, NORMAL_CONTROL)
HELD_OUT_SHARE = 0.5
"""Share of a split's faulty scenarios that come from its own families, where it has some."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """What scenarios have in common: the unit of held-out evaluation."""

    fault: str
    workload: str
    intensity: str = "none"
    duration: str = "none"

    @cached_property
    def name(self) -> str:
        """As `Scenario.family` has it."""
        return f"{self.fault}/{self.workload}/{self.intensity}/{self.duration}"

    @property
    def is_calm(self) -> bool:
        """Whether nothing breaks."""
        return self.fault in CALM_FAULTS


@cache
def fault_families(menu: ScenarioMenu = CORE) -> tuple[Family, ...]:
    """Every family of a menu in which something breaks."""
    return tuple(
        Family(fault=fault, workload=workload, intensity=intensity.value, duration=duration.value)
        for fault in menu.faults
        for workload, intensity, duration in product(menu.profiles, Intensity, FAULTS[fault].durations)
    )


@cache
def calm_families(menu: ScenarioMenu = CORE) -> tuple[Family, ...]:
    """Every family of a menu in which nothing breaks."""
    return tuple(Family(fault=fault, workload=workload) for fault, workload in product(CALM_FAULTS, menu.profiles))


def reserved_for(family: Family) -> Split | None:
    """The only split that may use a family; None: all of them may, as with every recording.

    A Latin square over the four parts: one combination in five is for test alone, and of the burst workload
    one in five is for validation alone.
    """
    if family.is_calm or family.workload not in WORKLOADS:
        return None
    diagonal = (
        list(FAULTS).index(family.fault)
        + list(WORKLOADS).index(family.workload)
        + list(Intensity).index(Intensity(family.intensity))
        + list(DurationClass).index(DurationClass(family.duration))
    ) % 5
    if diagonal == 0:
        return Split.TEST
    if diagonal == 1 and family.workload == "burst":
        return Split.VALIDATION
    return None


@cache
def shared_families(menu: ScenarioMenu = CORE) -> tuple[Family, ...]:
    """Faulty families that every split may use."""
    return tuple(family for family in fault_families(menu) if reserved_for(family) is None)


@cache
def own_families(split: Split, menu: ScenarioMenu = CORE) -> tuple[Family, ...]:
    """Faulty families that this split alone may use."""
    return tuple(family for family in fault_families(menu) if reserved_for(family) is split)


def companions(family: Family, split: Split, menu: ScenarioMenu = CORE) -> tuple[Family, ...]:
    """Families that a second fault of a scenario may come from: a fault that does not meddle, the same workload."""
    levers = FAULTS[family.fault].levers
    return tuple(
        other
        for other in (*shared_families(menu), *own_families(split, menu))
        if other.workload == family.workload and other.fault != family.fault and not levers & FAULTS[other.fault].levers
    )


@cache
def _trained(menu: ScenarioMenu) -> frozenset[str]:
    return frozenset(family.name for family in (*shared_families(menu), *calm_families(menu)))


def is_held_out(family_name: str, menu: ScenarioMenu = CORE) -> bool:
    """Whether training on a menu never sees the family of this name; a named scenario's is held out too."""
    return family_name not in _trained(menu)


def splits_of_seeds(seeds: Sequence[int] | Ints) -> Ints:
    """[K] the split that each scenario seed belongs to, as a position in `SPLITS`.

    Raises:
        UserError: a seed is in no split's range.
    """
    numbers = np.asarray(seeds, dtype=np.int64)
    position = np.searchsorted(_STARTS, numbers, side="right") - 1
    for seed in numbers[(position < 0) | (numbers >= _STOPS[position])].tolist():
        raise UserError(f"scenario seed {seed} is in no split's range; take one from 0 to {NAMED_SEEDS_FROM - 1}")
    return position
