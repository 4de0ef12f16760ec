"""The smooth ups and downs of a day, compressed to minutes."""

import numpy as np

from envs.kernels.loads import fill_waves
from envs.random_columns import RandomColumns
from envs.workloads.workload import STEP_SECONDS, LoadRequests, Loads, open_loads

PERIOD_SECONDS = (600.0, 1200.0)
AMPLITUDE = (0.1, 0.25)
_CIRCLE = 2 * np.pi


class Diurnal:
    """A sine wave of a drawn period, amplitude and phase."""

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """Smooth traces."""
        period, amplitude, phase = rng.between(*PERIOD_SECONDS), rng.between(*AMPLITUDE), _CIRCLE * rng.uniform()
        shapes = np.empty((len(requests), requests.most_steps))
        fill_waves(STEP_SECONDS * _CIRCLE / period, phase, amplitude, shapes)
        return open_loads(requests, shapes)
