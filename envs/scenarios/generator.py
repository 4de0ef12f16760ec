"""Draws scenarios: split and seed -> family -> workload, faults, decision point, candidates.

A scenario is a function of (application, menu, scenario seed, time scales) alone: its name says the first three.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from clusters.applications import load_application
from clusters.commands import Command, DelayEdge, LosePackets, SetFlag, ShiftTraffic
from clusters.scenario import Scenario, ScheduledFault, Split, WorkloadTrace
from clusters.topology import Application
from envs.actions.catalogue import ActionCatalogue
from envs.demand import loaded_services, per_application
from envs.faults import FAULTS
from envs.faults.fault import DurationClass, FaultRequest, Intensity
from envs.random_stream import RandomStream, random_streams
from envs.scenarios import splits
from envs.scenarios.candidates import CandidateDraws, Suspects
from envs.scenarios.family_draws import FamilyDraws
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.scenarios.timing import ScenarioTiming
from envs.scenarios.wide_candidates import WideCandidateDraws
from envs.time_scales import TimeScales
from envs.workloads.mix import drawn_mixes
from envs.workloads.workload import LoadRequest

ORDINARY_LEVELS = (0.8, 1.05)
CONTROL_LEVELS = (0.4, 1.25)
"""Mean load over the nominal rate."""
NUM_BUSY = 4
NUM_TOGETHER = 64
"""Scenarios are drawn a stage at a time for so many of them: what does the same thing again and again runs in two
thirds of the time, and more of them gain no more."""


_INTENSITIES: dict[str, Intensity] = {intensity.value: intensity for intensity in Intensity}
_DURATIONS: dict[str, DurationClass] = {duration.value: duration for duration in DurationClass}


class _Moments(NamedTuple):
    """When things happen, in seconds after the warm-up."""

    horizon: float
    fault_start: float
    decision: float


@dataclass(frozen=True, kw_only=True)
class _Draws:
    """What drawing for one application and menu needs."""

    application: Application
    menu: ScenarioMenu
    checksum: int
    """What keys the randomness beside the seed."""
    prefixes: dict[Split, str]
    """What scenarios' names begin with."""
    families: FamilyDraws
    candidates: CandidateDraws


def draw_scenarios(
    application_name: str, split: Split, count: int, seed: int, time_scales: TimeScales, menu: ScenarioMenu = CORE
) -> tuple[Scenario, ...]:
    """`count` different scenarios of a split; a longer draw with the same seed begins with the shorter one's.

    Raises:
        UserError: there is no such application.
    """
    seeds = splits.SEED_RANGES[split]
    (rng,) = random_streams([seed], _checksum(application_name, split.value))
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        chosen[rng.one(seeds)] = None
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
) -> list[Scenario]:
    """As `draw_scenario` for many seeds, in their order: each scenario is the same as if it were drawn alone.

    Raises:
        UserError: as `draw_scenario`.
    """
    draws = _draws(application_name, menu)
    scenarios: list[Scenario] = []
    for first in range(0, len(scenario_seeds), NUM_TOGETHER):
        scenarios += _drawn_together(draws, scenario_seeds[first : first + NUM_TOGETHER], time_scales)
    return scenarios


def _drawn_together(draws: _Draws, seeds: Sequence[int], time_scales: TimeScales) -> list[Scenario]:
    """Stage by stage; each scenario has randomness of its own, so that the stages of others do not change it."""
    application, timing, menu = draws.application, draws.menu.timing, draws.menu
    of_all = random_streams(seeds, draws.checksum)
    of_splits = [splits.split_of_seed(seed) for seed in seeds]
    families = [draws.families.draw(split, rng) for split, rng in zip(of_splits, of_all, strict=True)]
    moments = [_draw_moments(drawn[0], timing, time_scales, rng) for drawn, rng in zip(families, of_all, strict=True)]
    drawn = list(zip(families, moments, of_all, strict=True))
    traces = [
        _draw_trace(families[0], application, menu, time_scales.warmup_seconds + moments.horizon, mix, rng)
        for (families, moments, rng), mix in zip(drawn, drawn_mixes(application, seeds, draws.checksum), strict=True)
    ]
    faults = [
        _draw_faults(families, application, moments, timing, time_scales, rng) for families, moments, rng in drawn
    ]
    suspects = [_suspects(application, broken, rng) for broken, rng in zip(faults, of_all, strict=True)]
    candidates = [draws.candidates.draw(suspected, rng) for suspected, rng in zip(suspects, of_all, strict=True)]
    return [
        Scenario(
            name=f"{draws.prefixes[split]}{seed}",
            family=families[0].name,
            split=split,
            application=application.name,
            seed=seed,
            workload=trace,
            faults=broken,
            candidates=compared,
            decision_seconds=moments.decision,
            warmup_seconds=time_scales.warmup_seconds,
            horizon_seconds=moments.horizon,
        )
        for seed, split, (families, moments, _), trace, broken, compared in zip(
            seeds, of_splits, drawn, traces, faults, candidates, strict=True
        )
    ]


@lru_cache(maxsize=64)
def _draws(application_name: str, menu: ScenarioMenu) -> _Draws:
    application = load_application(application_name)
    catalogue = ActionCatalogue(application)
    menu_words = () if menu == CORE else (menu.name,)
    return _Draws(
        application=application,
        menu=menu,
        checksum=_checksum(application_name, "scenario", *menu_words),
        prefixes={split: ":".join((application_name, *menu_words, split.value, "")) for split in Split},
        families=FamilyDraws(application, menu),
        candidates=WideCandidateDraws(catalogue) if menu.has_all_actions else CandidateDraws(catalogue),
    )


def _checksum(*words: str) -> int:
    return crc32("/".join(words).encode())


def _draw_moments(
    family: splits.Family, timing: ScenarioTiming, time_scales: TimeScales, rng: RandomStream
) -> _Moments:
    step, bucket = time_scales.control_step_seconds, time_scales.observation_bucket_seconds
    start = rng.multiple(timing.fault_start_seconds, bucket)
    earliest, latest = timing.decision_delay_seconds
    decision = rng.multiple((start + earliest, start + latest), step)
    needed = max(timing.horizon_seconds, decision + timing.follow_seconds)
    horizon = math.ceil(needed / step) * step
    if family.is_calm:
        decision = rng.multiple((step, horizon - timing.follow_seconds), step)
    return _Moments(horizon, start, decision)


def _draw_trace(
    family: splits.Family,
    application: Application,
    menu: ScenarioMenu,
    duration_seconds: float,
    mix: tuple[float, ...],
    rng: RandomStream,
) -> WorkloadTrace:
    level = rng.between(CONTROL_LEVELS if family.fault == splits.NORMAL_CONTROL else ORDINARY_LEVELS)
    return menu.workload(family.workload).draw(LoadRequest(application, level, duration_seconds, mix), rng)


def _draw_faults(
    families: tuple[splits.Family, ...],
    application: Application,
    moments: _Moments,
    timing: ScenarioTiming,
    time_scales: TimeScales,
    rng: RandomStream,
) -> tuple[ScheduledFault, ...]:
    bucket = time_scales.observation_bucket_seconds
    delay = rng.multiple(timing.decision_delay_seconds, bucket)
    if families[0].is_calm:
        return ()
    starts = (moments.fault_start, moments.decision - delay)
    faults: list[ScheduledFault] = []
    for family, start in zip(families, starts, strict=False):
        intensity, duration = _INTENSITIES[family.intensity], _DURATIONS[family.duration]
        request = FaultRequest(f"fault-{len(faults)}", application, intensity, duration, max(0.0, start), bucket)
        faults.append(FAULTS[family.fault].draw(request, rng))
    return tuple(faults)


def _suspects(application: Application, faults: tuple[ScheduledFault, ...], rng: RandomStream) -> Suspects:
    bitten = [_bitten(application, fault.injections[0][1], rng) for fault in faults]
    flag = release = None
    for fault in faults:
        for _, command in fault.injections:
            if isinstance(command, SetFlag):
                flag = flag or command.flag
                break  # what is said of the flag is said of all that its fault does
            if isinstance(command, ShiftTraffic):
                release = release or command.release
                break
    return Suspects(services=tuple(dict.fromkeys(bitten)), flag=flag, release=release)


def _bitten(application: Application, command: Command, rng: RandomStream) -> str:
    """The service where a fault's first command bites; a busy one if it is the load itself."""
    if isinstance(command, SetFlag):
        return _flagged_services(application)[command.flag]
    if isinstance(command, DelayEdge | LosePackets):
        return command.source
    service = getattr(command, "service", None)
    return service if isinstance(service, str) else rng.one(loaded_services(application)[:NUM_BUSY])


@per_application
def _flagged_services(application: Application) -> dict[str, str]:
    """The service that each flag's bad version hurts first."""
    return {flag.name: flag.effects[0].service for flag in application.flags if flag.effects}
