"""Draws scenarios, many at once: split and seed -> family -> workload, faults, decision point, candidates.

A scenario is a function of (application, menu, scenario seed, time scales) alone: its name says the first three.

Legend: K scenarios, S services.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clusters.applications import load_application
from clusters.scenario import Scenario, Split
from clusters.scenario_columns import ScenarioColumns
from clusters.topology import Application
from envs.actions.catalogue import ActionCatalogue
from envs.demand import loaded_services
from envs.faults.fault import Ints
from envs.kernels.picks import NONE
from envs.random_columns import RandomColumns
from envs.scenarios import splits
from envs.scenarios.candidates import CandidateDraws, Suspects
from envs.scenarios.drawn_scenarios import DrawnScenarios, Moments
from envs.scenarios.family_draws import DrawnFamilies, FamilyDraws
from envs.scenarios.fault_draws import FaultColumns, FaultDraws, WantedFaults
from envs.scenarios.load_draws import LoadDraws
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.scenarios.timing import ScenarioTiming
from envs.scenarios.wide_candidates import WideCandidateDraws
from envs.time_scales import TimeScales

NUM_BUSY = 4
"""Services that the load itself may be said to bite at."""


class _Stage(IntEnum):
    """Parts of a draw with randomness of their own."""

    FAMILIES = 0
    MOMENTS = 1
    LOAD = 2
    SUSPECTS = 4  # faults have numbers of their own, apart from all stages (`RandomColumns.times`)
    CANDIDATES = 5


@dataclass(frozen=True, kw_only=True)
class _Draws:
    """What drawing for one application and menu needs."""

    application: Application
    menu: ScenarioMenu
    checksum: int
    """What keys the randomness beside the seed."""
    prefixes: tuple[str, ...]
    """What scenarios' names begin with, by split."""
    families: FamilyDraws
    loads: LoadDraws
    faults: FaultDraws
    candidates: CandidateDraws
    busy: Ints
    """Positions of the busiest services."""


def draw_scenarios(
    application_name: str, split: Split, count: int, seed: int, time_scales: TimeScales, menu: ScenarioMenu = CORE
) -> tuple[Scenario, ...]:
    """`count` different scenarios of a split; a longer draw with the same seed begins with the shorter one's.

    Raises:
        UserError: there is no such application.
    """
    seeds = splits.SEED_RANGES[split]
    rng = RandomColumns([seed], _checksum(application_name, split.value))
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        chosen[seeds[int(rng.index(len(seeds))[0])]] = None
    return tuple(scenarios_of_seeds(application_name, tuple(chosen), time_scales, menu))


def draw_scenario(
    application_name: str, scenario_seed: int, time_scales: TimeScales, menu: ScenarioMenu = CORE
) -> Scenario:
    """The scenario of one seed; the seed says which split it belongs to.

    Raises:
        UserError: there is no such application, or the seed is in no split's range.
    """
    return scenarios_of_seeds(application_name, (scenario_seed,), time_scales, menu)[0]


def scenarios_of_seeds(
    application_name: str, scenario_seeds: Sequence[int], time_scales: TimeScales, menu: ScenarioMenu = CORE
) -> ScenarioColumns:
    """As `draw_scenario` for many seeds, in their order: each scenario is the same as if it were drawn alone.

    Raises:
        UserError: as `draw_scenario`.
    """
    draws = _draws(application_name, menu)
    seeds = np.asarray(scenario_seeds, dtype=np.int64)
    of_splits = splits.splits_of_seeds(seeds)
    rng = RandomColumns(seeds, draws.checksum)
    families = draws.families.draw(of_splits, rng.stage(_Stage.FAMILIES))
    moments = _draw_moments(_is_calm(draws, families), menu.timing, time_scales, rng.stage(_Stage.MOMENTS))
    loads = draws.loads.draw(
        draws.families.workload[families.first],
        draws.families.is_control[families.first],
        time_scales.warmup_seconds + moments.horizon_seconds,
        rng.stage(_Stage.LOAD),
    )
    faults = _draw_faults(draws, families, moments, time_scales, rng)
    suspects = _suspects(draws, faults, rng.stage(_Stage.SUSPECTS))
    candidates = draws.candidates.draw(suspects, rng.stage(_Stage.CANDIDATES))
    return DrawnScenarios(
        application=draws.application,
        names=[
            f"{draws.prefixes[split]}{seed}" for split, seed in zip(of_splits.tolist(), scenario_seeds, strict=True)
        ],
        seeds=tuple(scenario_seeds),
        splits=of_splits,
        families=draws.families.families,
        family=families.first,
        moments=moments,
        warmup_seconds=time_scales.warmup_seconds,
        loads=loads,
        faults=faults,
        candidates=draws.candidates.names(candidates),
    ).columns()


@lru_cache(maxsize=64)
def _draws(application_name: str, menu: ScenarioMenu) -> _Draws:
    application = load_application(application_name)
    catalogue = ActionCatalogue(application)
    menu_words = () if menu == CORE else (menu.name,)
    busy = [application.service_names.index(name) for name in loaded_services(application)[:NUM_BUSY]]
    return _Draws(
        application=application,
        menu=menu,
        checksum=_checksum(application_name, "scenario", *menu_words),
        prefixes=tuple(":".join((application_name, *menu_words, split.value, "")) for split in splits.SPLITS),
        families=FamilyDraws(application, menu),
        loads=LoadDraws(application, menu),
        faults=FaultDraws(application, menu.faults),
        candidates=WideCandidateDraws(catalogue) if menu.has_all_actions else CandidateDraws(catalogue),
        busy=np.array(busy),
    )


def _checksum(*words: str) -> int:
    return crc32("/".join(words).encode())


def _is_calm(draws: _Draws, families: DrawnFamilies) -> NDArray[np.bool_]:
    """[K] whether nothing breaks."""
    calm: NDArray[np.bool_] = draws.families.fault[families.first] == NONE
    return calm


def _draw_moments(
    is_calm: NDArray[np.bool_], timing: ScenarioTiming, time_scales: TimeScales, rng: RandomColumns
) -> Moments:
    step, bucket = time_scales.control_step_seconds, time_scales.observation_bucket_seconds
    start = rng.multiple(*timing.fault_start_seconds, bucket)
    earliest, latest = timing.decision_delay_seconds
    decision = rng.multiple(start + earliest, start + latest, step)
    needed = np.maximum(timing.horizon_seconds, decision + timing.follow_seconds)
    horizon = np.ceil(needed / step) * step
    # Where nothing breaks, the decision may be at any time that leaves enough to follow.
    anytime = rng.multiple(step, horizon - timing.follow_seconds, step)
    second_start = np.maximum(0.0, decision - rng.multiple(*timing.decision_delay_seconds, bucket))
    return Moments(
        fault_start_seconds=np.concatenate([start, second_start]),
        decision_seconds=np.where(is_calm, anytime, decision),
        horizon_seconds=horizon,
    )


def _draw_faults(
    draws: _Draws, families: DrawnFamilies, moments: Moments, time_scales: TimeScales, rng: RandomColumns
) -> FaultColumns:
    family = np.concatenate([families.first, families.second])
    wanted = WantedFaults(
        kind=np.where(family == NONE, NONE, draws.families.fault[family]),
        intensity=draws.families.intensity[family],
        duration=draws.families.duration[family],
        start_seconds=moments.fault_start_seconds,
    )
    return draws.faults.draw(wanted, time_scales.observation_bucket_seconds, rng)


def _suspects(draws: _Draws, faults: FaultColumns, rng: RandomColumns) -> Suspects:
    """What candidates stand for; a busy service where a fault is the load itself."""
    busy = np.stack([draws.busy[rng.index(len(draws.busy))] for _ in range(faults.services.shape[1])], axis=1)
    services = np.where(faults.is_of_load, busy, faults.services)
    return Suspects(services=services, flag=faults.flag, release=faults.release)
