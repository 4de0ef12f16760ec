"""The same load all the time."""

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.workloads.workload import build_trace, step_times


class Steady:
    """Constant; arrivals vary by themselves."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A flat trace."""
        return build_trace("steady", application, np.ones(len(step_times(duration_seconds))), level, rng)
