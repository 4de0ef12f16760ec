"""Draws scenarios: split and seed -> family -> workload, faults, decision point, candidates.

A scenario is a function of (application, menu, scenario seed, time scales) alone: its name says the first three.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import local
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clusters.applications import load_application
from clusters.commands import Command, DelayEdge, LosePackets, SetFlag, ShiftTraffic
from clusters.scenario import Scenario, ScheduledFault, Split, WorkloadTrace
from clusters.topology import Application
from envs.actions.catalogue import ActionCatalogue
from envs.demand import loaded_services
from envs.faults import FAULTS
from envs.faults.fault import DurationClass, FaultRequest, Intensity, draw_between, draw_multiple, draw_one
from envs.scenarios import splits
from envs.scenarios.candidates import CandidateDraws, Suspects
from envs.scenarios.family_draws import FamilyDraws
from envs.scenarios.menus import CORE, ScenarioMenu
from envs.scenarios.timing import ScenarioTiming
from envs.scenarios.wide_candidates import WideCandidateDraws
from envs.time_scales import TimeScales

ORDINARY_LEVELS = (0.8, 1.05)
CONTROL_LEVELS = (0.4, 1.25)
"""Mean load over the nominal rate."""
NUM_BUSY = 4
NUM_TOGETHER = 64
"""Scenarios are drawn a stage at a time for so many of them: what does the same thing again and again runs in two
thirds of the time, and more of them gain no more."""


_INTENSITIES: dict[str, Intensity] = {intensity.value: intensity for intensity in Intensity}
_DURATIONS: dict[str, DurationClass] = {duration.value: duration for duration in DurationClass}
_NO_WORDS = np.zeros(4, dtype=np.uint64)


class _OfThread(local):
    """Generators that every draw of a scenario brings to its own start."""

    def __init__(self) -> None:
        self.rngs: list[np.random.Generator] = []

    def at_starts(self, seeds: Sequence[int], checksum: int) -> list[np.random.Generator]:
        """One at the start of each seed, valid until the next call."""
        while len(self.rngs) < len(seeds):
            self.rngs.append(np.random.Generator(np.random.Philox(key=[0, 0])))
        rngs = self.rngs[: len(seeds)]
        for rng, seed in zip(rngs, seeds, strict=True):
            _rewind(rng, _key(seed, checksum))
        return rngs


_OF_THREAD = _OfThread()


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
    rng = _generator(seed, application_name, split.value)
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        chosen[int(rng.integers(seeds.start, seeds.stop))] = None
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
    """Stage by stage; each scenario has a generator of its own, so that the stages of others do not change it."""
    application, timing, menu = draws.application, draws.menu.timing, draws.menu
    rngs = _OF_THREAD.at_starts(seeds, draws.checksum)
    of_splits = [splits.split_of_seed(seed) for seed in seeds]
    families = [draws.families.draw(split, rng) for split, rng in zip(of_splits, rngs, strict=True)]
    moments = [_draw_moments(drawn[0], timing, time_scales, rng) for drawn, rng in zip(families, rngs, strict=True)]
    drawn = list(zip(families, moments, rngs, strict=True))
    traces = [
        _draw_trace(families[0], application, menu, time_scales.warmup_seconds + moments.horizon, rng)
        for families, moments, rng in drawn
    ]
    faults = [
        _draw_faults(families, application, moments, timing, time_scales, rng) for families, moments, rng in drawn
    ]
    suspects = [_suspects(application, broken, rng) for broken, rng in zip(faults, rngs, strict=True)]
    candidates = [draws.candidates.draw(suspected, rng) for suspected, rng in zip(suspects, rngs, strict=True)]
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


def _generator(seed: int, *words: str) -> np.random.Generator:
    """Counter-based randomness keyed by a seed and the words' checksum: no draw depends on another's position."""
    return np.random.Generator(np.random.Philox(key=_key(seed, _checksum(*words))))


def _checksum(*words: str) -> int:
    return crc32("/".join(words).encode())


def _key(seed: int, checksum: int) -> NDArray[np.uint64]:
    return np.array((seed, checksum), dtype=np.uint64)


def _rewind(rng: np.random.Generator, key: NDArray[np.uint64]) -> None:
    """Bring a generator to the start of a key. Making one anew asks the system for entropy that nobody uses."""
    rng.bit_generator.state = {
        "bit_generator": "Philox",
        "state": {"counter": _NO_WORDS, "key": key},
        "buffer": _NO_WORDS,
        "buffer_pos": len(_NO_WORDS),
        "has_uint32": 0,
        "uinteger": 0,
    }


def _draw_moments(
    family: splits.Family, timing: ScenarioTiming, time_scales: TimeScales, rng: np.random.Generator
) -> _Moments:
    step, bucket = time_scales.control_step_seconds, time_scales.observation_bucket_seconds
    start = draw_multiple(*timing.fault_start_seconds, bucket, rng)
    earliest, latest = (start + delay for delay in timing.decision_delay_seconds)
    decision = draw_multiple(earliest, latest, step, rng)
    needed = max(timing.horizon_seconds, decision + timing.follow_seconds)
    horizon = math.ceil(needed / step) * step
    if family.is_calm:
        decision = draw_multiple(step, horizon - timing.follow_seconds, step, rng)
    return _Moments(horizon=horizon, fault_start=start, decision=decision)


def _draw_trace(
    family: splits.Family,
    application: Application,
    menu: ScenarioMenu,
    duration_seconds: float,
    rng: np.random.Generator,
) -> WorkloadTrace:
    level = draw_between(CONTROL_LEVELS if family.fault == splits.NORMAL_CONTROL else ORDINARY_LEVELS, rng)
    return menu.workload(family.workload).draw(application, level, duration_seconds, rng)


def _draw_faults(
    families: tuple[splits.Family, ...],
    application: Application,
    moments: _Moments,
    timing: ScenarioTiming,
    time_scales: TimeScales,
    rng: np.random.Generator,
) -> tuple[ScheduledFault, ...]:
    bucket = time_scales.observation_bucket_seconds
    delay = draw_multiple(*timing.decision_delay_seconds, bucket, rng)
    if families[0].is_calm:
        return ()
    starts = (moments.fault_start, moments.decision - delay)
    faults: list[ScheduledFault] = []
    for family, start in zip(families, starts, strict=False):
        request = FaultRequest(
            fault_id=f"fault-{len(faults)}",
            application=application,
            intensity=_INTENSITIES[family.intensity],
            duration=_DURATIONS[family.duration],
            start_seconds=max(0.0, start),
            bucket_seconds=bucket,
        )
        faults.append(FAULTS[family.fault].draw(request, rng))
    return tuple(faults)


def _suspects(application: Application, faults: tuple[ScheduledFault, ...], rng: np.random.Generator) -> Suspects:
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


def _bitten(application: Application, command: Command, rng: np.random.Generator) -> str:
    """The service where a fault's first command bites; a busy one if it is the load itself."""
    match command:
        case DelayEdge(source=source) | LosePackets(source=source):
            return source
        case SetFlag(flag=flag):
            return application.flag(flag).effects[0].service
    service = getattr(command, "service", None)
    return service if isinstance(service, str) else draw_one(loaded_services(application)[:NUM_BUSY], rng)
