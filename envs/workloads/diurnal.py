"""The smooth ups and downs of a day, compressed to minutes."""

import numpy as np

from clusters.scenario import WorkloadTrace
from envs.random_stream import RandomStream
from envs.workloads.workload import STEP_SECONDS, LoadRequest, shaped_rates, step_times

PERIOD_SECONDS = (600.0, 1200.0)
AMPLITUDE = (0.1, 0.25)
_CIRCLE = 2 * np.pi


class Diurnal:
    """A sine wave of a drawn period, amplitude and phase."""

    def draw(self, request: LoadRequest, rng: RandomStream) -> WorkloadTrace:
        """A smooth trace."""
        period, amplitude = rng.between(PERIOD_SECONDS), rng.between(AMPLITUDE)
        shape = step_times(request.num_steps) * (_CIRCLE / period)
        shape += _CIRCLE * rng.random()
        np.sin(shape, out=shape)
        shape *= amplitude
        shape += 1.0
        rates = shaped_rates(request, shape)
        return WorkloadTrace(profile="diurnal", step_seconds=STEP_SECONDS, rates_rps=rates, mix=request.mix)
