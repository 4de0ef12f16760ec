"""Whether a scenario's faults are felt by users: played with and without them, nobody acting.

scenario -> warm stand -> fork: replicates left healthy | one twin with the faults -> band -> first bucket outside it

A fault counts only if a service level indicator of some journey gets worse than its healthy noise for a while. The
twin shares its randomness with the first replicate, and no value lies further than (R - 1) / sqrt(R) sample standard
deviations from the mean of R of them: so without faults, or with faults that change nothing, nothing is ever found
as long as the band is wider than that.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.applications import load_application
from clusters.fault_events import fault_events
from clusters.scenario import Scenario
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from clusters.topology import Application
from ray_configs.errors import UserError

Floats = NDArray[np.float64]

WORSE_IF: dict[str, float] = {"latency_p95_milliseconds": 1.0, "error_ratio": 1.0, "good_ratio": -1.0}
"""The indicators of a journey; 1: more is worse, -1: less is worse."""
SMALLEST_STEPS: dict[str, float] = {"latency_p95_milliseconds": 10.0, "error_ratio": 0.002, "good_ratio": 0.002}
"""Half a band is at least so wide: users notice nothing smaller, whatever the noise."""
CHUNK_SCENARIOS = 64
"""Played at once; each takes a stand per replicate and one more."""


@dataclass(frozen=True, kw_only=True)
class ImpactRules:
    """What counts as felt."""

    num_replicates: int = 8
    """R: healthy plays that the band is computed from."""
    band_deviations: float = 3.0
    """Half the width of the band, in standard deviations; more than (R - 1) / sqrt(R)."""
    num_consecutive: int = 2
    """Buckets in a row outside the band."""
    bucket_seconds: float = 10.0

    def __post_init__(self) -> None:
        least = (self.num_replicates - 1) / np.sqrt(max(1, self.num_replicates))
        if self.num_replicates < 2 or self.num_consecutive < 1 or self.band_deviations <= least:
            raise UserError(
                "impact needs at least 2 replicates, 1 bucket, and a band wider than "
                f"(R - 1) / sqrt(R) deviations, which is {least:.2f} for {self.num_replicates} replicates"
            )


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What one scenario's faults do to users."""

    scenario: str
    """Its name."""
    family: str
    is_effective: bool
    first_bucket: int | None = None
    """First bucket after the warm-up that is outside the band; None if there is none, as in what follows."""
    journey: str | None = None
    """Whose indicator left its band first; of several, the one furthest out."""
    sli: str | None = None
    """Which indicator, a signal of `clusters.telemetry.JOURNEY_SIGNALS`."""
    num_buckets: int = 0
    """Buckets in which some indicator was outside its band."""
    num_missed_buckets: int = 0
    """Buckets in which some journey missed an objective that the healthy stand meets: what is felt may be harmless."""


@dataclass(frozen=True, kw_only=True)
class FamilyYield:
    """How many scenarios of one first fault and intensity are felt."""

    fault: str
    intensity: str
    num_scenarios: int
    num_effective: int

    @property
    def share(self) -> float:
        """Of the scenarios, those that are felt."""
        return self.num_effective / self.num_scenarios


@dataclass(frozen=True, kw_only=True)
class ImpactReport:
    """Every scenario's impact in the order given; rejects are kept, marked as not effective."""

    impacts: tuple[Impact, ...]

    @property
    def yields(self) -> tuple[FamilyYield, ...]:
        """By first fault and intensity, in the order met. The better releases are meant to yield nothing."""
        felt: dict[tuple[str, str], list[bool]] = defaultdict(list)
        for impact in self.impacts:
            fault, *parts = impact.family.split("/")
            felt[fault, parts[1] if len(parts) > 1 else "named"].append(impact.is_effective)
        return tuple(
            FamilyYield(fault=fault, intensity=intensity, num_scenarios=len(flags), num_effective=sum(flags))
            for (fault, intensity), flags in felt.items()
        )


def validate(scenarios: Sequence[Scenario], rules: ImpactRules | None = None) -> ImpactReport:
    """Play scenarios, of one application or several, with and without their faults.

    Raises:
        UserError: a scenario's application is unknown, or the rules' bucket does not fit its times.
    """
    chosen = rules or ImpactRules()
    by_application: dict[str, list[int]] = defaultdict(list)
    for position, scenario in enumerate(scenarios):
        by_application[scenario.application].append(position)
    impacts: dict[int, Impact] = {}
    for name, positions in by_application.items():
        application = load_application(name)
        for start in range(0, len(positions), CHUNK_SCENARIOS):
            chunk = positions[start : start + CHUNK_SCENARIOS]
            found = _impacts(application, [scenarios[position] for position in chunk], chosen)
            impacts.update(zip(chunk, found, strict=True))
    return ImpactReport(impacts=tuple(impacts[position] for position in range(len(scenarios))))


def _impacts(application: Application, scenarios: Sequence[Scenario], rules: ImpactRules) -> list[Impact]:
    with_faults, healthy = _play(application, scenarios, rules)
    outside = _deviations(with_faults, healthy, rules) - rules.band_deviations
    missed = misses(application, with_faults) & ~misses(application, healthy).any(axis=1)
    lengths = [round(scenario.horizon_seconds / rules.bucket_seconds) for scenario in scenarios]
    return [
        impact_of_play(application, scenario, outside[n, :length], missed[n, :length], rules)
        for n, (scenario, length) in enumerate(zip(scenarios, lengths, strict=True))
    ]


def _play(application: Application, scenarios: Sequence[Scenario], rules: ImpactRules) -> tuple[Floats, Floats]:
    """Indicators [N, T, J, I] with the faults, and [N, R, T, J, I] without."""
    n, r, bucket = len(scenarios), rules.num_replicates, rules.bucket_seconds
    for scenario in scenarios:
        times = (scenario.horizon_seconds, *(event.seconds for event in fault_events(scenario.faults)))
        if any(seconds % bucket for seconds in times):
            raise UserError(f"times of {scenario.name} are no multiples of {bucket:g} s; give a bucket that fits")
    warm = SimulatedStands(application, n, bucket_seconds=bucket, history_seconds=bucket)
    warm.reset(range(n), scenarios, [scenario.seed for scenario in scenarios])
    # Stand N*k + i is scenario i: k = 0 with its faults, k = 1 .. R without; k = 0 and k = 1 share their randomness.
    stands = warm.fork(
        [*range(n)] * (r + 1), [scenario.seed + max(0, k - 1) for k in range(r + 1) for scenario in scenarios]
    )
    warm.close()
    events = [list(fault_events(scenario.faults)) for scenario in scenarios]
    columns = [signal_index(JOURNEY_SIGNALS, name) for name in WORSE_IF]
    buckets = []
    for number in range(round(max(scenario.horizon_seconds for scenario in scenarios) / bucket)):
        for stand, left in enumerate(events):
            while left and left[0].seconds <= number * bucket:
                stands.apply(stand, left.pop(0).command)
        stands.advance(bucket)
        buckets.append(stands.observe(bucket, bucket).journeys[:, 0][:, :, columns])
    stands.close()
    played = np.stack(buckets, axis=1).astype(np.float64)
    return played[:n], played[n:].reshape(r, n, *played.shape[1:]).swapaxes(0, 1)


def _deviations(with_faults: Floats, healthy: Floats, rules: ImpactRules) -> Floats:
    """[N, T, J, I] how many standard deviations of the healthy noise an indicator is worse than the healthy mean.

    A bucket's deviation is that of its own replicates, or of the whole play if that is more: a few replicates may
    agree by chance. Where nothing was measured, nothing is worse.
    """
    # A journey without requests in a bucket has no latency: no value counts there, neither for nor against.
    counted = np.isfinite(healthy).all(axis=1) & np.isfinite(with_faults)
    healthy = np.where(counted[:, None], healthy, 0.0)
    mean, bucket_variance = healthy.mean(axis=1), healthy.var(axis=1, ddof=1)
    num_counted = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    play_variance = bucket_variance.sum(axis=1, keepdims=True) / num_counted
    deviation = np.sqrt(np.maximum(bucket_variance, play_variance))
    smallest = np.array([SMALLEST_STEPS[name] for name in WORSE_IF]) / rules.band_deviations
    worse = (np.where(counted, with_faults, 0.0) - mean) * np.array(list(WORSE_IF.values()))
    return np.where(counted, worse / np.maximum(deviation, smallest), 0.0)


def misses(application: Application, played: Floats) -> NDArray[np.bool_]:
    """[..., J] whether a journey misses its latency or its error objective; `played` is [..., J, I]."""
    names = tuple(WORSE_IF)
    latency = played[..., names.index("latency_p95_milliseconds")]
    errors = played[..., names.index("error_ratio")]
    too_slow = latency > np.array([journey.slo_latency_milliseconds for journey in application.journeys])
    too_faulty = errors > np.array([journey.slo_error_ratio for journey in application.journeys])
    misses: NDArray[np.bool_] = too_slow | too_faulty
    return misses


def impact_of_play(
    application: Application, scenario: Scenario, outside: Floats, missed: NDArray[np.bool_], rules: ImpactRules
) -> Impact:
    """What one play of a scenario shows.

    Args:
        application: what was played on.
        scenario: what was played.
        outside: [T, J, I] since the warm-up; above 0 where an indicator has left its band, by how much.
        missed: [T, J] where a journey missed an objective that a healthy stand meets.
        rules: what counts as felt.
    """
    flat = outside.reshape(len(outside), -1)
    is_out = flat > 0.0
    num_starts = len(is_out) - rules.num_consecutive + 1
    lasts: NDArray[np.bool_] = np.logical_and.reduce(
        [is_out[shift : shift + num_starts] for shift in range(rules.num_consecutive)]
    )
    if not lasts.any():
        return Impact(scenario=scenario.name, family=scenario.family, is_effective=False)
    first = int(np.flatnonzero(lasts.any(axis=1))[0])
    journey, sli = divmod(int(np.argmax(np.where(lasts[first], flat[first], -np.inf))), len(WORSE_IF))
    return Impact(
        scenario=scenario.name,
        family=scenario.family,
        is_effective=True,
        first_bucket=first,
        journey=application.journey_names[journey],
        sli=tuple(WORSE_IF)[sli],
        num_buckets=int(is_out.any(axis=1).sum()),
        num_missed_buckets=int(missed.any(axis=1).sum()),
    )
