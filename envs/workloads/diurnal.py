"""The smooth ups and downs of a day, compressed to minutes."""

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.faults.fault import draw_between
from envs.workloads.workload import build_trace, shaped_rates, step_times

PERIOD_SECONDS = (600.0, 1200.0)
AMPLITUDE = (0.1, 0.25)


class Diurnal:
    """A sine wave of a drawn period, amplitude and phase."""

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A smooth trace."""
        period, amplitude = draw_between(PERIOD_SECONDS, rng), draw_between(AMPLITUDE, rng)
        phase = draw_between((0.0, 2 * np.pi), rng)
        shape = 2 * np.pi * step_times(duration_seconds)
        shape /= period
        shape += phase
        np.sin(shape, out=shape)
        shape *= amplitude
        shape += 1.0
        return build_trace("diurnal", application, shaped_rates(application, level, shape), rng)
