"""Draws scenarios: split and seed -> family -> workload, faults, decision point, candidates.

A scenario is a function of (application, scenario seed, time scales) alone: its name says the first two.
"""

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

from clusters.applications import load_application
from clusters.commands import DelayEdge, KillPods, SetFlag, StressCpu
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
SECOND_FAULT_SHARE = 0.5
"""Share of the incidents in which something else breaks too, so that no action is useless by its type alone."""
NUM_BUSY = 4
FAMILY_WEIGHTS = {Intensity.MILD.value: 0.4, DurationClass.TRANSIENT.value: 0.4}
"""Families that are best left alone are drawn less often than the others."""
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
    families = _draw_families(split, rng)
    family = families[0]
    moments = _draw_moments(family, time_scales, rng)
    level = draw_between(CONTROL_LEVELS if family.fault == splits.NORMAL_CONTROL else ORDINARY_LEVELS, rng)
    duration = time_scales.warmup_seconds + moments.horizon
    trace = workload(family.workload).draw(application, level, duration, rng)
    faults = _draw_faults(families, application, moments, time_scales, rng)
    focus = tuple(dict.fromkeys(_bitten(application, fault, rng) for fault in faults))
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
        candidates=draw_candidates(catalogue, focus, flag, rng),
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


def _draw_families(split: Split, rng: np.random.Generator) -> tuple[splits.Family, ...]:
    """The family of the scenario, and of a second fault if there is one."""
    calm = rng.uniform()
    if calm < NO_FAULT_SHARE + NORMAL_CONTROL_SHARE:
        kind = splits.NO_FAULT if calm < NO_FAULT_SHARE else splits.NORMAL_CONTROL
        calm_families = [family for family in splits.CALM_FAMILIES if family.fault == kind]
        return (calm_families[int(rng.integers(len(calm_families)))],)
    own = splits.own_families(split)
    first = _pick(own if own and rng.uniform() < splits.HELD_OUT_SHARE else splits.shared_families(), rng)
    if rng.uniform() >= SECOND_FAULT_SHARE:
        return (first,)
    return first, _pick(splits.companions(first, split), rng)


def _pick(families: tuple[splits.Family, ...], rng: np.random.Generator) -> splits.Family:
    weights = np.array(
        [FAMILY_WEIGHTS.get(family.intensity, 1.0) * FAMILY_WEIGHTS.get(family.duration, 1.0) for family in families]
    )
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
    families: tuple[splits.Family, ...],
    application: Application,
    moments: _Moments,
    time_scales: TimeScales,
    rng: np.random.Generator,
) -> tuple[ScheduledFault, ...]:
    bucket = time_scales.observation_bucket_seconds
    starts = (moments.fault_start, moments.decision - draw_multiple(*DECISION_DELAY_SECONDS, bucket, rng))
    return tuple(
        fault_family(family.fault).draw(
            FaultRequest(
                fault_id=f"fault-{number}",
                application=application,
                intensity=Intensity(family.intensity),
                duration=DurationClass(family.duration),
                start_seconds=max(0.0, start),
                bucket_seconds=bucket,
            ),
            rng,
        )
        for number, (family, start) in enumerate(zip(families, starts, strict=False))
        if family not in splits.CALM_FAMILIES
    )


def _bitten(application: Application, fault: ScheduledFault, rng: np.random.Generator) -> str:
    """The service where a fault bites; a busy one if the fault is the load itself."""
    match fault.injections[0][1]:
        case DelayEdge(source=service) | StressCpu(service=service) | KillPods(service=service):
            return service
        case SetFlag(flag=flag):
            return application.flag(flag).effects[0].service
    busy = loaded_services(application)[:NUM_BUSY]
    return busy[int(rng.integers(len(busy)))]
