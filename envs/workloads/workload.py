"""The contract of a workload profile, and rates, which all profiles make."""

import math
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.random_stream import RandomStream

STEP_SECONDS = 10.0
ROUNDED_PLACES = 3
"""Of rates."""
_ROUNDING = 10.0**ROUNDED_PLACES

Floats = NDArray[np.float64]


class LoadRequest(NamedTuple):
    """What a scenario asks of a workload profile."""

    application: Application
    level: float
    """Mean load, relative to the application's nominal rate."""
    duration_seconds: float
    """Warm-up and episode."""
    mix: tuple[float, ...]
    """Share of each request type on an ordinary day."""

    @property
    def mean_rps(self) -> float:
        """Mean rate in requests per second."""
        return self.application.nominal_rate_rps * self.level

    @property
    def num_steps(self) -> int:
        """L, of a trace that covers the duration."""
        return math.ceil(self.duration_seconds / STEP_SECONDS)


class Workload(Protocol):
    """A course of the offered load."""

    def draw(self, request: LoadRequest, rng: RandomStream) -> WorkloadTrace:
        """A trace from the stand's reset on. All choices come from `rng`."""
        ...


def shaped_rates(request: LoadRequest, shape: Floats) -> tuple[float, ...]:
    """Rates `mean * shape` in requests per second, to three places.

    Args:
        request: how much load.
        shape: [L] load relative to the mean, step by step.
    """
    return tuple((request.mean_rps * shape).round(ROUNDED_PLACES).tolist())


def steady_rate(request: LoadRequest, share: float = 1.0) -> float:
    """What `shaped_rates` makes of one `share`: arrays cost ten times as much, for a load that hardly changes."""
    return round(request.mean_rps * share * _ROUNDING) / _ROUNDING


@lru_cache(maxsize=64)
def step_times(num_steps: int) -> Floats:
    """[L] seconds at the start of each step; everybody's, so not to be written to."""
    times: Floats = np.arange(num_steps, dtype=np.float64) * STEP_SECONDS
    times.flags.writeable = False
    return times
