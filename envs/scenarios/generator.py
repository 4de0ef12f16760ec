"""Draws scenarios: split and seed -> family -> workload, faults, decision point, candidates.

A scenario is a function of (application, scenario seed, time scales) alone: its name says the first two.
"""

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

from clusters.applications import load_application
from clusters.commands import DelayEdge, SetFlag
from clusters.scenario import Scenario, ScheduledFault, Split
from clusters.topology import Application
from envs.actions.catalogue import ActionCatalogue
from envs.demand import loaded_services
from envs.faults import fault_family
from envs.faults.fault import DurationClass, FaultRequest, Intensity, draw_between, draw_multiple
from envs.scenarios import splits
from envs.scenarios.candidates import draw_candidates
from envs.time_scales import TimeScales
from envs.workloads import workload

HORIZON_SECONDS = 600.0
"""Shortest length of an episode after the warm-up; rounded up to whole control steps."""
FOLLOW_SECONDS = 300.0
"""At least so much of the episode follows the decision."""
FAULT_START_SECONDS = (60.0, 180.0)
DECISION_DELAY_SECONDS = (30.0, 90.0)
"""From the fault's start to the decision."""
NO_FAULT_SHARE = 0.08
NORMAL_CONTROL_SHARE = 0.06
ORDINARY_LEVELS = (0.8, 1.05)
FAMILY_WEIGHTS = {Intensity.MILD.value: 0.4, DurationClass.TRANSIENT.value: 0.4}
"""Families that best left alone are drawn half as often as the others."""
CONTROL_LEVELS = (0.4, 1.25)
"""Mean load over the nominal rate."""


@dataclass(frozen=True, kw_only=True)
class _Moments:
    """When things happen, in seconds after the warm-up."""

    horizon: float
    fault_start: float
    decision: float


def draw_scenarios(
    application_name: str, split: Split, count: int, seed: int, time_scales: TimeScales
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
    return tuple(draw_scenario(application_name, scenario_seed, time_scales) for scenario_seed in chosen)


def draw_scenario(application_name: str, scenario_seed: int, time_scales: TimeScales) -> Scenario:
    """The scenario of one seed; the seed says which split it belongs to.

    Raises:
        UserError: there is no such application, or the seed is in no split's range.
    """
    catalogue = _catalogue(application_name)
    application = catalogue.application
    split = splits.split_of_seed(scenario_seed)
    rng = _generator(scenario_seed, application_name, "scenario")
    family = _draw_family(split, rng)
    moments = _draw_moments(family, time_scales, rng)
    level = draw_between(CONTROL_LEVELS if family.fault == splits.NORMAL_CONTROL else ORDINARY_LEVELS, rng)
    duration = time_scales.warmup_seconds + moments.horizon
    trace = workload(family.workload).draw(application, level, duration, rng)
    faults = _draw_faults(family, application, moments, time_scales, rng)
    flag = next(
        (command.flag for fault in faults for _, command in fault.injections if isinstance(command, SetFlag)), None
    )
    return Scenario(
        name=f"{application_name}:{split.value}:{scenario_seed}",
        family=family.name,
        split=split,
        application=application_name,
        seed=scenario_seed,
        workload=trace,
        faults=faults,
        candidates=draw_candidates(catalogue, _focus(application, faults, rng), flag, rng),
        decision_seconds=moments.decision,
        warmup_seconds=time_scales.warmup_seconds,
        horizon_seconds=moments.horizon,
    )


@lru_cache(maxsize=8)
def _catalogue(application_name: str) -> ActionCatalogue:
    return ActionCatalogue(load_application(application_name))


def _generator(seed: int, *words: str) -> np.random.Generator:
    """Counter-based randomness keyed by a seed and the words' checksum: no draw depends on another's position."""
    return np.random.Generator(np.random.Philox(key=[seed, crc32("/".join(words).encode())]))


def _draw_family(split: Split, rng: np.random.Generator) -> splits.Family:
    calm = rng.uniform()
    if calm < NO_FAULT_SHARE + NORMAL_CONTROL_SHARE:
        kind = splits.NO_FAULT if calm < NO_FAULT_SHARE else splits.NORMAL_CONTROL
        families = tuple(family for family in splits.CALM_FAMILIES if family.fault == kind)
    else:
        own = splits.own_families(split)
        families = own if own and rng.uniform() < splits.HELD_OUT_SHARE else splits.shared_families()
    weights = np.array(
        [FAMILY_WEIGHTS.get(part, 1.0) for family in families for part in (family.intensity, family.duration)]
    )
    weights = weights.reshape(-1, 2).prod(axis=1)
    return families[int(rng.choice(len(families), p=weights / weights.sum()))]


def _draw_moments(family: splits.Family, time_scales: TimeScales, rng: np.random.Generator) -> _Moments:
    step, bucket = time_scales.control_step_seconds, time_scales.observation_bucket_seconds
    start = draw_multiple(*FAULT_START_SECONDS, bucket, rng)
    earliest, latest = (start + delay for delay in DECISION_DELAY_SECONDS)
    decision = draw_multiple(earliest, latest, step, rng)
    needed = max(HORIZON_SECONDS, decision + FOLLOW_SECONDS)
    horizon = float(np.ceil(needed / step) * step)
    if family in splits.CALM_FAMILIES:
        decision = draw_multiple(step, horizon - FOLLOW_SECONDS, step, rng)
    return _Moments(horizon=horizon, fault_start=start, decision=decision)


def _draw_faults(
    family: splits.Family,
    application: Application,
    moments: _Moments,
    time_scales: TimeScales,
    rng: np.random.Generator,
) -> tuple[ScheduledFault, ...]:
    if family in splits.CALM_FAMILIES:
        return ()
    request = FaultRequest(
        fault_id="fault-0",
        application=application,
        intensity=Intensity(family.intensity),
        duration=DurationClass(family.duration),
        start_seconds=moments.fault_start,
        bucket_seconds=time_scales.observation_bucket_seconds,
    )
    return (fault_family(family.fault).draw(request, rng),)


def _focus(application: Application, faults: tuple[ScheduledFault, ...], rng: np.random.Generator) -> tuple[str, ...]:
    """Services where the fault bites, most important first; a busy one if the fault is the load itself."""
    for fault in faults:
        command = fault.injections[0][1]
        if isinstance(command, DelayEdge):
            return (command.source, command.target)
        if isinstance(command, SetFlag):
            return tuple(effect.service for effect in application.flag(command.flag).effects)
        if fault.target in application.service_names:
            return (fault.target,)
        busy = loaded_services(application)[:4]
        return tuple(busy[position] for position in rng.permutation(len(busy))[:2])
    return ()
