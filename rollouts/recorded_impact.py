"""Whether users felt the faults of recorded episodes, of live stands too, which nobody can play twice.

episode -> its healthy buckets before the first fault -> band -> first bucket outside it, until somebody acted

Half a band is as wide as a prediction interval for one more bucket: t deviations times sqrt(1 + 1/R) for R healthy
buckets, at the same odds as the band of `envs.scenarios.impact` has with normal noise. A load that changes within
the episode counts as a change: what is felt may then be the load.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from clusters.applications import load_application
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from clusters.topology import Application
from envs.scenarios.impact import (
    SMALLEST_STEPS,
    WORSE_IF,
    Impact,
    ImpactReport,
    ImpactRules,
    impact_of_play,
    misses,
)
from rollouts.dataset.reader import list_runs, read_run
from rollouts.episode import Episode

Floats = NDArray[np.float64]

MIN_HEALTHY_BUCKETS = 4
"""Fewer say nothing about noise."""


@dataclass(frozen=True, kw_only=True)
class RecordedImpacts:
    """What a data set shows."""

    report: ImpactReport
    """Of the episodes that could be judged, by run id."""
    not_judged: Mapping[str, int]
    """Reason -> episodes."""


def recorded_impacts(dataset: Path, rules: ImpactRules | None = None) -> RecordedImpacts:
    """Of every committed run of a data set.

    Raises:
        UserError: there is no such folder, or a run of it cannot be read.
    """
    impacts, reasons = list[Impact](), Counter[str]()
    for path in list_runs(dataset):
        found = recorded_impact(read_run(path), rules or ImpactRules())
        if isinstance(found, Impact):
            impacts.append(found)
        else:
            reasons[found] += 1
    return RecordedImpacts(report=ImpactReport(impacts=tuple(impacts)), not_judged=dict(reasons))


def recorded_impact(episode: Episode, rules: ImpactRules) -> Impact | str:
    """What an episode's faults did to users until somebody acted; a string says why that cannot be told."""
    begin, end = _unacted_buckets(episode)
    if begin is None:
        return "no fault came into force"
    application = load_application(episode.scenario.application)
    columns = [signal_index(JOURNEY_SIGNALS, name) for name in WORSE_IF]
    played = episode.telemetry.journeys[:end, :, columns].astype(np.float64)
    if begin < MIN_HEALTHY_BUCKETS:
        return f"fewer than {MIN_HEALTHY_BUCKETS} buckets before the first fault"
    if end - begin < rules.num_consecutive:
        return "somebody acted before users felt anything"
    impact = _judged(application, episode, played, begin, rules)
    if not impact.is_effective and end < len(episode.telemetry.times_ns):
        return "somebody acted before users felt anything"
    return impact


def _unacted_buckets(episode: Episode) -> tuple[int | None, int]:
    """(bucket in which the first fault came into force, None: none did; bucket in which somebody first acted)."""
    times_ns = episode.telemetry.times_ns
    injected = [
        receipt.requested_at_ns for step in episode.steps for _, receipt in step.fault_receipts if receipt.is_in_force
    ]
    acted = [step.time_ns for step in episode.steps if step.action_name != "do_nothing"]
    begin = int(np.searchsorted(times_ns, min(injected), side="right")) - 1 if injected else None
    return begin, int(np.searchsorted(times_ns, min(acted))) if acted else len(times_ns)


def _judged(application: Application, episode: Episode, played: Floats, begin: int, rules: ImpactRules) -> Impact:
    """`played` is [T, J, I] from the warm-up's start; the first `begin` buckets are healthy."""
    healthy = played[:begin]
    counted = np.isfinite(healthy)
    num_counted = counted.sum(axis=0)
    known = np.where(counted, healthy, 0.0)
    mean = known.sum(axis=0) / np.maximum(num_counted, 1)
    variance = (np.where(counted, known - mean, 0.0) ** 2).sum(axis=0) / np.maximum(num_counted - 1, 1)
    smallest = np.array([SMALLEST_STEPS[name] for name in WORSE_IF])
    half_band = np.maximum(np.sqrt(variance) * _widths(num_counted, rules), smallest)
    worse = (played - mean) * np.array(list(WORSE_IF.values()))
    is_judged = np.isfinite(played) & (num_counted >= MIN_HEALTHY_BUCKETS)
    outside = np.where(is_judged, worse / half_band - 1.0, -1.0)
    outside[:begin] = -1.0
    missed = misses(application, played) & ~misses(application, healthy).any(axis=0)
    num_warmup = round(episode.scenario.warmup_seconds / episode.telemetry.bucket_seconds)
    return impact_of_play(application, episode.scenario, outside[num_warmup:], missed[num_warmup:], rules)


def _widths(num_counted: NDArray[np.int64], rules: ImpactRules) -> Floats:
    """[J, I] half a prediction interval in standard deviations of R values, at the odds of the rules' normal band."""
    table = np.zeros(int(num_counted.max(initial=0)) + 1)
    for number in range(2, len(table)):
        table[number] = t.ppf(norm.cdf(rules.band_deviations), number - 1) * sqrt(1.0 + 1.0 / number)
    widths: Floats = table[num_counted]
    return widths
