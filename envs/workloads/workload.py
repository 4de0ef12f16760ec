"""The contract of a workload profile, and what many traces of a profile are.

Legend: K traces that are drawn together, L steps of the longest, R request types, D scenarios of any profile.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.kernels.loads import put_rates
from envs.random_columns import RandomColumns

STEP_SECONDS = 10.0
_RATE_UNIT = 1000.0
"""Rates are rounded to so many parts of a request per second."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_FIRST_ROW: Ints = np.zeros(1, dtype=np.int64)


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

    @cached_property
    def num_steps(self) -> Ints:
        """[K] of traces that cover the durations."""
        return np.ceil(self.duration_seconds / STEP_SECONDS).astype(np.int64)

    @property
    def mean_rps(self) -> Floats:
        """[K] mean rates."""
        return self.application.nominal_rate_rps * self.level

    @property
    def most_steps(self) -> int:
        """L."""
        return int(self.num_steps.max(initial=0))


@dataclass(frozen=True, kw_only=True)
class Loads:
    """What users ask for, K times; each trace has the request's number of steps of `STEP_SECONDS`."""

    shapes: Floats
    """[K, L] load relative to the mean, or [K, 1]: flat; beyond a trace's own steps nothing counts."""
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
    """Open loops.

    Args:
        requests: K of them.
        shapes: [K, L] load relative to the mean, or [K, 1].
        mixes: [K, R]; None: those of the requests.
    """
    return Loads(
        shapes=shapes,
        mixes=requests.mixes if mixes is None else mixes,
        think_seconds=np.full(len(requests), np.nan),
    )


def enter_rates(requests: LoadRequests, loads: Loads, rows: Ints, rates_rps: NDArray[np.floating]) -> None:
    """Enter the rates of traces into rows of their own: the means times the shapes, rounded.

    Args:
        requests: K of them.
        loads: what they got.
        rows: [K] of `rates_rps`.
        rates_rps: [D, L or more] in place; beyond a trace's own steps it is left as it is.
    """
    put_rates(rows, requests.mean_rps, requests.num_steps, loads.shapes, _RATE_UNIT, rates_rps)


def trace_of(profile: str, requests: LoadRequests, loads: Loads, k: int) -> WorkloadTrace:
    """One of K traces as an object.

    Args:
        profile: its name.
        requests: K of them.
        loads: what they got.
        k: which one.
    """
    only, [num_steps] = slice(k, k + 1), requests.num_steps[k : k + 1].tolist()
    rates = np.empty((1, num_steps))
    put_rates(_FIRST_ROW, requests.mean_rps[only], requests.num_steps[only], loads.shapes[only], _RATE_UNIT, rates)
    think = float(loads.think_seconds[k])
    return WorkloadTrace(
        profile=profile,
        step_seconds=STEP_SECONDS,
        rates_rps=tuple(rates[0].tolist()),
        mix=tuple(loads.mixes[k].tolist()),
        think_seconds=None if np.isnan(think) else think,
    )
