"""Short spikes on a flat load."""

import math

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.faults.fault import draw_between
from envs.workloads.workload import STEP_SECONDS, build_trace, step_times

PAUSE_SECONDS = (120.0, 300.0)
BURST_SECONDS = (20.0, 50.0)
HEIGHT = (1.15, 1.35)


class Burst:
    """Bursts of drawn length and height, with drawn pauses between them."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A spiky trace."""
        shape = np.ones(len(step_times(duration_seconds)))
        start = PAUSE_SECONDS[1] * rng.random()
        while start < duration_seconds:
            end = start + draw_between(BURST_SECONDS, rng)
            first, last = (math.ceil(bound / STEP_SECONDS) for bound in (start, end))
            shape[first:last] = draw_between(HEIGHT, rng)
            start = end + draw_between(PAUSE_SECONDS, rng)
        return build_trace("burst", application, shape, level, rng)
