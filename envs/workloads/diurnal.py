"""The smooth ups and downs of a day, compressed to minutes."""

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.workloads.workload import build_trace, step_times

PERIOD_SECONDS = (600.0, 1200.0)
AMPLITUDE = (0.1, 0.25)


class Diurnal:
    """A sine wave of a drawn period, amplitude and phase."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A smooth trace."""
        period, amplitude = rng.uniform(*PERIOD_SECONDS), rng.uniform(*AMPLITUDE)
        phase = rng.uniform(0.0, 2 * np.pi)
        shape = 1.0 + amplitude * np.sin(2 * np.pi * step_times(duration_seconds) / period + phase)
        return build_trace("diurnal", application, shape, level, rng)
