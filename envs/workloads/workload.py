"""The contract of a workload profile, and the request mix, which all profiles share."""

from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.demand import per_application
from ray_configs.errors import UserError

STEP_SECONDS = 10.0
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
    shape: Floats,
    level: float,
    rng: np.random.Generator,
    *,
    emphasis: Floats | float = 1.0,
) -> WorkloadTrace:
    """A trace whose rate is `level * nominal * shape`, with a request mix drawn around the application's.

    Args:
        profile: its name.
        application: what is loaded.
        shape: [L] load relative to the mean, step by step.
        level: mean load, relative to the nominal rate.
        rng: source of the mix.
        emphasis: [R] what each request type's weight is multiplied by.

    Raises:
        UserError: the level or a rate is negative.
    """
    if level < 0 or shape.min(initial=0.0) < 0:
        raise UserError(f"workload {profile!r} has a negative rate; give a level and a shape of at least 0")
    nominal = nominal_weights(application)
    weights = nominal * np.exp(rng.normal(0.0, MIX_SPREAD, len(nominal))) * emphasis
    return WorkloadTrace(
        profile=profile,
        step_seconds=STEP_SECONDS,
        rates_rps=tuple(np.round(application.nominal_rate_rps * level * shape, 3).tolist()),
        mix=tuple((weights / weights.sum()).tolist()),
    )


@per_application
def nominal_weights(application: Application) -> Floats:
    """[R] weight of each request type."""
    return np.array([request.weight for request in application.request_types])


@lru_cache(maxsize=64)
def step_times(duration_seconds: float) -> Floats:
    """Start of each step of a trace that covers the duration; everybody's, so not to be written to."""
    times: Floats = np.arange(int(np.ceil(duration_seconds / STEP_SECONDS)), dtype=np.float64) * STEP_SECONDS
    times.flags.writeable = False
    return times
