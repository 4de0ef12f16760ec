"""Short spikes on a flat load."""

import math

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.faults.fault import draw_between
from envs.workloads.workload import STEP_SECONDS, build_trace, num_steps, steady_rate

PAUSE_SECONDS = (120.0, 300.0)
BURST_SECONDS = (20.0, 50.0)
HEIGHT = (1.15, 1.35)


class Burst:
    """Bursts of drawn length and height, with drawn pauses between them."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A spiky trace."""
        last = num_steps(duration_seconds)
        rates = [steady_rate(application, level)] * last
        start = PAUSE_SECONDS[1] * rng.random()
        while start < duration_seconds:
            end = start + draw_between(BURST_SECONDS, rng)
            steps = slice(math.ceil(start / STEP_SECONDS), min(math.ceil(end / STEP_SECONDS), last))
            rates[steps] = [steady_rate(application, level, draw_between(HEIGHT, rng))] * (steps.stop - steps.start)
            start = end + draw_between(PAUSE_SECONDS, rng)
        return build_trace("burst", application, tuple(rates), rng)
