"""The contract of a workload profile, and what many traces of a profile are.

Legend: K traces that are drawn together, L steps of the longest, R request types.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.random_columns import RandomColumns

STEP_SECONDS = 10.0
ROUNDED_PLACES = 3
"""Of rates."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LoadRequests:
    """What K scenarios ask of a workload profile."""

    application: Application
    level: Floats
    """[K] mean load, relative to the application's nominal rate."""
    duration_seconds: Floats
    """[K] warm-up and episode."""
    mixes: Floats
    """[K, R] share of each request type on an ordinary day."""

    def __len__(self) -> int:
        return len(self.level)

    @property
    def num_steps(self) -> Ints:
        """[K] of traces that cover the durations."""
        return np.ceil(self.duration_seconds / STEP_SECONDS).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Loads:
    """What users ask for, K times; each trace has the request's number of steps of `STEP_SECONDS`."""

    rates_rps: Floats
    """[K, L] to three places; beyond a trace's own steps nothing counts."""
    mixes: Floats
    """[K, R] share of each request type; sums to 1."""
    think_seconds: Floats
    """[K] as `WorkloadTrace.think_seconds`; NaN: an open loop."""


class Workload(Protocol):
    """A course of the offered load."""

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """Traces from the stands' reset on. All choices come from `rng`."""
        ...


def open_loads(requests: LoadRequests, shapes: Floats, mixes: Floats | None = None) -> Loads:
    """Open loops whose rates are the mean times a shape, rounded.

    Args:
        requests: K of them.
        shapes: [K, L] load relative to the mean, or [K, 1].
        mixes: [K, R]; None: those of the requests.
    """
    num_steps = int(requests.num_steps.max(initial=0))
    rates = (requests.application.nominal_rate_rps * requests.level)[:, None] * shapes
    return Loads(
        rates_rps=np.broadcast_to(rates.round(ROUNDED_PLACES), (len(requests), num_steps)),
        mixes=requests.mixes if mixes is None else mixes,
        think_seconds=np.full(len(requests), np.nan),
    )


def trace_of(profile: str, requests: LoadRequests, loads: Loads, k: int) -> WorkloadTrace:
    """One of K traces as an object.

    Args:
        profile: its name.
        requests: K of them.
        loads: what they got.
        k: which one.
    """
    think = float(loads.think_seconds[k])
    return WorkloadTrace(
        profile=profile,
        step_seconds=STEP_SECONDS,
        rates_rps=tuple(loads.rates_rps[k, : requests.num_steps[k]].tolist()),
        mix=tuple(loads.mixes[k].tolist()),
        think_seconds=None if np.isnan(think) else think,
    )


@lru_cache(maxsize=64)
def step_times(num_steps: int) -> Floats:
    """[L] seconds at the start of each step; everybody's, so not to be written to."""
    times: Floats = np.arange(num_steps, dtype=np.float64) * STEP_SECONDS
    times.flags.writeable = False
    return times
