"""The same load all the time."""

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.workloads.workload import build_trace, num_steps, steady_rate


class Steady:
    """Constant; arrivals vary by themselves."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A flat trace."""
        rates = (steady_rate(application, level),) * num_steps(duration_seconds)
        return build_trace("steady", application, rates, rng)
