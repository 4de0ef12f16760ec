"""The contract of a workload profile, and the request mix, which all profiles share."""

import math
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.demand import per_application
from ray_configs.errors import UserError

STEP_SECONDS = 10.0
ROUNDED_PLACES = 3
"""Of rates."""
_ROUNDING = 10.0**ROUNDED_PLACES
MIX_SPREAD = 0.15
"""Standard deviation of the logarithm of each request type's weight."""

Floats = NDArray[np.float64]


class Workload(Protocol):
    """A course of the offered load."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A trace from the stand's reset on.

        Args:
            application: what is loaded.
            level: mean load, relative to the application's nominal rate.
            duration_seconds: warm-up and episode.
            rng: source of all choices.
        """
        ...


def build_trace(
    profile: str,
    application: Application,
    rates_rps: tuple[float, ...],
    rng: np.random.Generator,
    *,
    emphasis: Floats | None = None,
) -> WorkloadTrace:
    """A trace of these rates, with a request mix drawn around the application's.

    Args:
        profile: its name.
        application: what is loaded.
        rates_rps: in each step.
        rng: source of the mix.
        emphasis: [R] what each request type's weight is multiplied by; None: all by 1.

    Raises:
        UserError: a rate is negative.
    """
    if min(rates_rps, default=0.0) < 0:
        raise UserError(f"workload {profile!r} has a negative rate; give a level and a shape of at least 0")
    nominal = nominal_weights(application)
    weights = nominal * np.exp(rng.normal(0.0, MIX_SPREAD, len(nominal)))
    if emphasis is not None:
        weights *= emphasis
    weights /= np.add.reduce(weights)
    return WorkloadTrace(profile=profile, step_seconds=STEP_SECONDS, rates_rps=rates_rps, mix=tuple(weights.tolist()))


def shaped_rates(application: Application, level: float, shape: Floats) -> tuple[float, ...]:
    """Rates `level * nominal * shape` in requests per second, to three places.

    Args:
        application: what is loaded.
        level: mean load, relative to the nominal rate.
        shape: [L] load relative to the mean, step by step.
    """
    return tuple(((application.nominal_rate_rps * level) * shape).round(ROUNDED_PLACES).tolist())


def steady_rate(application: Application, level: float, share: float = 1.0) -> float:
    """What `shaped_rates` makes of one `share`: arrays cost ten times as much, for a load that hardly changes."""
    return round(application.nominal_rate_rps * level * share * _ROUNDING) / _ROUNDING


@lru_cache(maxsize=64)
def num_steps(duration_seconds: float) -> int:
    """L, of a trace that covers the duration."""
    return math.ceil(duration_seconds / STEP_SECONDS)


@per_application
def nominal_weights(application: Application) -> Floats:
    """[R] weight of each request type."""
    return np.array([request.weight for request in application.request_types])


@lru_cache(maxsize=64)
def step_times(duration_seconds: float) -> Floats:
    """Start of each step of a trace that covers the duration; everybody's, so not to be written to."""
    times: Floats = np.arange(num_steps(duration_seconds), dtype=np.float64) * STEP_SECONDS
    times.flags.writeable = False
    return times
