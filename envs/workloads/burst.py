"""Short spikes on a flat load."""

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.workloads.workload import build_trace, step_times

PAUSE_SECONDS = (120.0, 300.0)
BURST_SECONDS = (20.0, 50.0)
HEIGHT = (1.15, 1.35)


class Burst:
    """Bursts of drawn length and height, with drawn pauses between them."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A spiky trace."""
        times = step_times(duration_seconds)
        shape = np.ones(len(times))
        start = rng.uniform(0.0, PAUSE_SECONDS[1])
        while start < duration_seconds:
            end = start + rng.uniform(*BURST_SECONDS)
            shape[(times >= start) & (times < end)] = rng.uniform(*HEIGHT)
            start = end + rng.uniform(*PAUSE_SECONDS)
        return build_trace("burst", application, shape, level, rng)
